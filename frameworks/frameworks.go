// Package frameworks holds the tables of the frameworks that Bartizan reports on: their controls, one YAML
// file each, embedded. Which rules judge a control is said in the rules themselves (maps), so that a new
// rule is one file. The report is made by internal/comply.
package frameworks

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

//go:embed *.yaml
var files embed.FS

// Framework is a table of controls.
type Framework struct {
	ID, Title, Version string
	Aliases            []string
	Source             string // where the framework is published
	Controls           []Control
}

// Control is one requirement.
type Control struct {
	ID, Title string
	// From is the framework whose rules judge the control: the framework itself, or one that it includes.
	From string
	// Note says why nothing that Bartizan reads can prove the control: rules may find it failed, never passed.
	// Empty where rules decide.
	Note string
	// Decides are globs of the rules that can prove the control: it passes only where one of them judged
	// something. The others can find it failed. Empty where every rule that judges the control can.
	Decides []string
}

// DecidedBy says whether a rule that judges the control can prove it.
func (c Control) DecidedBy(r *rule.Rule) bool {
	return len(c.Decides) == 0 || slices.ContainsFunc(c.Decides, func(glob string) bool {
		ok, err := path.Match(glob, r.ID)
		return ok && err == nil
	})
}

// Judges says whether a rule judges the control.
func (c Control) Judges(r *rule.Rule) bool {
	return slices.Contains(r.Maps, rule.Mapping{Framework: c.From, Control: c.ID})
}

// Uses says whether a rule judges any control of the framework.
func (f *Framework) Uses(r *rule.Rule) bool {
	return slices.ContainsFunc(f.Controls, func(c Control) bool { return c.Judges(r) })
}

// Names lists the ids of the frameworks, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // an embedded directory always reads
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
	}
	return names
}

// Find loads a framework by its id or an alias.
func Find(name string) (*Framework, error) {
	for _, id := range Names() {
		f, err := load(id)
		if err != nil {
			return nil, err
		}
		if id == name || slices.Contains(f.Aliases, name) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("framework %q is unknown: use one of %s", name, strings.Join(Names(), ", "))
}

func load(id string) (*Framework, error) {
	text, err := files.ReadFile(id + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("load framework %s: %w", id, err)
	}
	for doc, err := range tree.Parse(string(text), tree.DefaultLimits()) {
		if err != nil {
			return nil, fmt.Errorf("load framework %s: %w", id, err)
		}
		return read(id, doc.Root())
	}
	return nil, fmt.Errorf("load framework %s: the file is empty", id)
}

func read(id string, root tree.Node) (*Framework, error) {
	f := &Framework{ID: id, Title: root.Get("title").Text(), Version: root.Get("version").Text(), Source: root.Get("source").Text()}
	for a := range root.Get("aliases").Items() {
		f.Aliases = append(f.Aliases, a.Text())
	}
	var own []Control
	for c := range root.Get("controls").Items() {
		control := Control{ID: c.Get("id").Text(), Title: c.Get("title").Text(), Note: root.Get("note").Text(), From: id}
		if note := c.Get("note"); note.Exists() {
			control.Note = note.Text()
		}
		for glob := range c.Get("decides").Items() {
			control.Decides = append(control.Decides, glob.Text())
		}
		own = append(own, control)
	}
	var without []string
	for w := range root.Get("without").Items() {
		without = append(without, w.Text())
	}
	// What a framework includes comes first; a control of its own replaces the included one of that id.
	for base := range root.Get("includes").Items() {
		b, err := load(base.Text())
		if err != nil {
			return nil, err
		}
		for _, c := range b.Controls {
			if !slices.Contains(without, c.ID) && !slices.ContainsFunc(own, func(o Control) bool { return o.ID == c.ID }) {
				f.Controls = append(f.Controls, c)
			}
		}
	}
	f.Controls = append(f.Controls, own...)
	return f, nil
}
