package detect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// composed is what became of rules of ours when they were written down as Falco rules, so that all conditions share
// one plan.
type composed struct {
	rules  map[string]*rule.Rule
	files  map[string]bool
	helper map[string]bool // names of Falco rules that are no detection by themselves
}

// item is a Falco rule as it is written down.
type item struct {
	Rule      string   `json:"rule"`
	Desc      string   `json:"desc"`
	Condition string   `json:"condition"`
	Output    string   `json:"output"`
	Priority  string   `json:"priority"`
	Source    string   `json:"source"`
	Tags      []string `json:"tags"`
	Enabled   bool     `json:"enabled"`
}

// compose writes rules down as Falco files, one each, after the library of macros.
func compose(all []*rule.Rule, source string) ([]falco.File, *composed) {
	library, text := rules.Library()
	c := &composed{rules: map[string]*rule.Rule{}, files: map[string]bool{library: true}, helper: map[string]bool{}}
	files := []falco.File{{Name: library, Text: text}}
	for _, r := range all {
		items := c.items(r, source)
		data, err := json.Marshal(items)
		if err != nil {
			panic(fmt.Sprintf("write rule %s: %v", r.ID, err)) // texts, lists and truths can always be written
		}
		name := r.File
		if name == "" {
			name = r.ID
		}
		c.files[name] = true
		files = append(files, falco.File{Name: name, Text: string(data)})
	}
	return files, c
}

func (c *composed) items(r *rule.Rule, source string) []item {
	c.rules[r.ID] = r
	find, _ := r.Find(rule.Latest)
	main := item{Rule: r.ID, Desc: r.Title, Condition: find, Output: marked(r.Message), Priority: priorityOf(r.Severity).String(),
		Source: source, Tags: tagsOf(r), Enabled: true}
	items := []item{main}
	if r.Over == nil {
		return items
	}
	helper := func(name, condition, output string) {
		c.helper[name] = true
		items = append(items, item{name, r.Title, condition, output, "DEBUG", source, []string{}, true})
	}
	for i, s := range stepsOf(r.Over) {
		helper(partName(r.ID, i+1), s.Find, ".")
	}
	for i := range len(stepsOf(r.Over)) + 1 {
		by := r.Over.By
		if i > 0 && stepsOf(r.Over)[i-1].By != nil {
			by = stepsOf(r.Over)[i-1].By
		}
		fields := slices.Concat(by, valueOf(r.Over))
		for j, f := range fields {
			fields[j] = "%{" + f + "}"
		}
		helper(keyName(r.ID, i), "evt.num = 0", "."+strings.Join(fields, " "))
	}
	return items
}

// stepsOf are the conditions of an Over besides the rule's own.
func stepsOf(o *rule.Over) []rule.OverStep {
	if o.Absent != nil {
		return []rule.OverStep{*o.Absent}
	}
	return o.Then
}

// valueOf is the field that an Over looks at besides the key.
func valueOf(o *rule.Over) []string {
	switch {
	case o.Distinct != "":
		return []string{o.Distinct}
	case o.First != "":
		return []string{o.First}
	}
	return nil
}

func partName(id string, step int) string {
	if step == 0 {
		return id
	}
	return fmt.Sprintf("%s, step %d", id, step+1)
}

func keyName(id string, step int) string { return fmt.Sprintf("%s, key %d", id, step+1) }

// place puts a notice about a rule of ours where it is in the rule's own file.
func (c *composed) place(n *falco.Notice) {
	if !c.files[n.File] {
		return
	}
	name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(n.Item, `rule "`), `"`), ", ")
	if r := c.rules[name]; r != nil {
		n.Item, n.Line, n.Column = `rule "`+name+`"`, r.Line, 1
	}
}

// idle says whether a notice is only that something in the library is not used, or that a rule of ours is as it is.
func (c *composed) idle(n falco.Notice) bool {
	return c.files[n.File] && n.Level == falco.Warning
}

// tagsOf are the techniques that a rule detects.
func tagsOf(r *rule.Rule) []string {
	tags := []string{}
	for _, m := range r.Maps {
		if m.Framework == Attack || m.Framework == Matrix {
			tags = append(tags, m.Control)
		}
	}
	return tags
}

// The frameworks whose controls are techniques.
const (
	Attack = "attack"
	Matrix = "ms-matrix"
)

var priorities = [...]falco.Priority{
	bartizan.Info: falco.PriorityInformational, bartizan.Low: falco.PriorityNotice, bartizan.Medium: falco.PriorityWarning,
	bartizan.High: falco.PriorityError, bartizan.Critical: falco.PriorityCritical,
}

func priorityOf(s bartizan.Severity) falco.Priority {
	return priorities[min(int(s), len(priorities)-1)]
}

func severityOf(p falco.Priority) bartizan.Severity {
	for s := bartizan.Low; s < bartizan.Critical; s++ {
		if priorities[s] == p {
			return s
		}
	}
	if p <= falco.PriorityCritical {
		return bartizan.Critical
	}
	return bartizan.Info
}
