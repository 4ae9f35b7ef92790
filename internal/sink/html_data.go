package sink

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// htmlData is what the page's script reads (page/report.js); the names are short because there are many of
// them. All text in it is Printable.
type htmlData struct {
	Rules    map[string]htmlRule `json:"rules"`
	Findings []htmlFinding       `json:"findings"`
	Excerpts []htmlExcerpt       `json:"excerpts"`
}

type htmlRule struct {
	Title string   `json:"title"`
	Why   string   `json:"why"`
	Refs  []string `json:"refs,omitempty"`
	Maps  string   `json:"maps,omitempty"`
}

type htmlFinding struct {
	Rule        string            `json:"r"`
	Severity    bartizan.Severity `json:"s"`
	Kind        string            `json:"k"`
	Namespace   string            `json:"ns,omitempty"`
	Name        string            `json:"n"`
	Message     string            `json:"m"`
	File        string            `json:"f,omitempty"`
	Line        int               `json:"l,omitempty"`
	Rendered    int               `json:"rl,omitempty"`
	Path        string            `json:"p,omitempty"`
	Value       string            `json:"val,omitempty"`
	Excerpt     *int              `json:"x,omitempty"`
	Command     string            `json:"cmd,omitempty"`
	NoCommand   string            `json:"no,omitempty"`
	Unsafe      string            `json:"unsafe,omitempty"`
	Patch       string            `json:"patch,omitempty"`
	Fingerprint string            `json:"fp,omitempty"`
}

type htmlExcerpt struct {
	Start int      `json:"start"` // number of the first line
	Lines []string `json:"lines"`
}

func (d *htmlData) add(run *Run, x *excerpts, f bartizan.Finding) {
	if _, ok := d.Rules[Printable(f.Rule)]; !ok {
		d.Rules[Printable(f.Rule)] = htmlRuleOf(run, f.Rule)
	}
	h := htmlFinding{
		Rule: Printable(f.Rule), Severity: min(f.Severity, bartizan.Critical), Kind: Printable(string(f.Subject.Kind)),
		Namespace: Printable(f.Subject.Namespace), Name: Printable(f.Subject.Name), Message: Printable(f.Message),
		Fingerprint: run.fingerprint(f),
	}
	if len(f.Evidence) > 0 {
		e := f.Evidence[0]
		h.File, h.Line, h.Path, h.Value = Printable(e.Origin.File), e.Origin.Line, Printable(e.Path), Printable(e.Value)
		if e.Origin.Rendered != e.Origin.Line {
			h.Rendered = e.Origin.Rendered
		}
		if run.redacted(f.Rule) {
			h.Value = ""
		}
		if i, ok := x.of(f); ok {
			h.Excerpt = &i
		}
	}
	h.Command, h.NoCommand = run.fixCommand(f)
	h.Command, h.NoCommand = Printable(h.Command), Printable(h.NoCommand)
	if f.Fix != nil {
		h.Unsafe = Printable(strings.Join(strings.Fields(f.Fix.Unsafe), " "))
		h.Patch = readable(f.Fix.Do)
	}
	d.Findings = append(d.Findings, h)
}

func htmlRuleOf(run *Run, id string) htmlRule {
	r := run.Rules[id]
	if r == nil {
		return htmlRule{Title: Printable(id)}
	}
	h := htmlRule{Title: Printable(r.Title), Why: Printable(strings.Join(strings.Fields(r.Why), " ")), Maps: Printable(run.controls(id))}
	for _, ref := range r.References {
		h.Refs = append(h.Refs, Printable(ref))
	}
	return h
}

// readable writes a JSON patch with a line for each operation.
func readable(patch []byte) string {
	var ops []json.RawMessage
	if json.Unmarshal(patch, &ops) != nil || len(ops) == 0 {
		return ""
	}
	lines := make([]string, len(ops))
	for i, op := range ops {
		var b bytes.Buffer
		if json.Compact(&b, op) != nil {
			return ""
		}
		lines[i] = Printable(b.String())
	}
	return strings.Join(lines, "\n")
}
