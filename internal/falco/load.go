package falco

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// File is a rule file's name, as the user gave it, and its text.
type File struct{ Name, Text string }

// Options say what a set of rules may use.
type Options struct {
	// Sources are the tables of fields; nil for all that are built in.
	Sources []*Source
	// Plugins are the plugins' versions that files may require; nil for those whose fields are built in.
	Plugins map[string]Version
	// Engine is the engine's version that files may require; the zero Version for EngineVersion.
	Engine Version
}

func (o Options) orDefault() Options {
	if o.Sources == nil {
		o.Sources = Sources()
	}
	if o.Plugins == nil {
		o.Plugins = PluginVersions()
	}
	if o.Engine == (Version{}) {
		o.Engine = EngineVersion()
	}
	return o
}

func (o Options) source(name string) *Source {
	for _, s := range o.Sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Bounds on a set of rules, far above what people write.
const (
	maxFileBytes  = 16 << 20
	maxItems      = 100_000
	maxCondition  = 1 << 20
	maxListValues = 500_000
)

// Load reads rule files in order, later ones on top of earlier ones, and compiles the rules. A rule with an error is
// left out of the Set, and the notices say so; the rest of the rules can be used. Whether they should be is the
// caller's decision.
func Load(files []File, o Options) (*Set, Notices) {
	o = o.orDefault()
	rep := &report{}
	c := &collection{rep: rep, options: o, lists: map[string]*listDef{}, macros: map[string]*macroDef{}, rules: map[string]*ruleDef{}}
	for _, f := range files {
		readFile(c, f)
	}
	s := c.compile()
	return s, rep.sorted(files)
}

func readFile(c *collection, f File) {
	if len(f.Text) > maxFileBytes {
		c.rep.errorAt(place{file: f.Name}, "too-large", "", "", "split the file", "the file has %d bytes, more than %d", len(f.Text), maxFileBytes)
		return
	}
	r := &reader{collection: c, file: f.Name}
	for d, err := range tree.Parse(f.Text, tree.Limits{Bytes: maxFileBytes}) {
		if err != nil {
			at := place{file: f.Name}
			if e := (*tree.SyntaxError)(nil); errors.As(err, &e) {
				at.line, at.column = e.Line, max(e.Column, 1)
				err = fmt.Errorf("%s", e.Reason)
			}
			c.rep.errorAt(at, "yaml", "", "", "", "not YAML: %v", err)
			continue
		}
		for _, dup := range d.Duplicates {
			c.rep.warnAt(place{f.Name, dup.Line, columnOf(dup.Key, f.Text, dup.Line)}, "duplicate-key", "", dup.Key, "", "key %s was already given on line %d; the last one counts", dup.Key, dup.First)
		}
		r.document(d.Root())
	}
}

// columnOf is where a key stands in its line; 1 if it is written in another way there.
func columnOf(key, text string, line int) int {
	for range line - 1 {
		_, text, _ = strings.Cut(text, "\n")
	}
	text, _, _ = strings.Cut(text, "\n")
	return max(strings.Index(text, key), 0) + 1
}
