package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// page writes paragraphs of a width.
type page struct {
	out   io.Writer
	width int
}

// line writes text at a depth of indentation, wrapped; a line that goes on is indented further.
func (p page) line(depth int, text string) {
	indent := strings.Repeat("  ", depth)
	for i, l := range sink.Wrap(text, p.width-len(indent)-2) {
		if i > 0 {
			l = "  " + l
		}
		fmt.Fprintf(p.out, "%s%s\n", indent, l)
	}
}

// head writes a headline with an empty line before it.
func (p page) head(text string) { fmt.Fprintf(p.out, "\n%s\n", text) }

// falcoRule writes the page on a rule of Falco.
func (p page) falcoRule(r *falco.Rule) {
	state := ""
	if !r.Enabled {
		state = ", disabled"
	}
	p.line(0, r.Name)
	p.line(0, fmt.Sprintf("priority %s, on %s%s, %s:%d", strings.ToLower(r.Priority.String()), r.Source, state, r.File, r.Line))
	if r.Source != "k8s_audit" {
		p.line(0, "bartizan watch judges the audit log (source k8s_audit): this rule is checked and does not run")
	}
	if r.Desc != "" {
		p.head("Why")
		p.line(1, strings.Join(strings.Fields(r.Desc), " "))
	}
	p.head("Finds")
	p.line(1, strings.Join(strings.Fields(r.Condition), " "))
	p.expanded([]*falco.Rule{r})
	p.head("Says")
	p.line(1, r.Output)
	if len(r.Exceptions) > 0 {
		p.head("Exceptions of its own")
	}
	for _, x := range r.Exceptions {
		p.line(1, fmt.Sprintf("%s: %s of %s", x.Name, count(x.Values, "value"), strings.Join(x.Fields, ", ")))
	}
	if len(r.Tags) > 0 {
		p.head("Tags")
		p.line(1, strings.Join(r.Tags, ", "))
	}
	if ids := alert.Techniques(r.Tags); len(ids) > 0 {
		p.line(1, "techniques: "+strings.Join(ids, ", "))
	}
}

// expanded writes conditions with macros and lists put in for their names, the fields that they read, and what must be
// recorded for them.
func (p page) expanded(conditions []*falco.Rule) {
	p.head("In full, with macros and lists put in")
	for i, r := range conditions {
		if i > 0 {
			p.line(1, "and the other event:")
		}
		p.clause(1, r.Expanded(), "")
	}
	p.recorded(conditions)
}

// maxListed bounds the values of a list that are shown.
const maxListed = 20

// clause writes a part of a condition, with a word before it.
func (p page) clause(depth int, c falco.Clause, lead string) {
	label := ""
	if c.Macro != "" {
		label = c.Macro + ": "
	}
	switch {
	case c.Join == "":
		p.line(depth, lead+label+comparisonText(c))
		return
	case c.Join == "not" && len(c.Clauses) == 1:
		p.clause(depth, c.Clauses[0], lead+label+"not ")
		return
	}
	words := map[string]string{"and": "all of", "or": "one of"}
	p.line(depth, lead+label+words[c.Join])
	for _, k := range c.Clauses {
		p.clause(depth+1, k, "")
	}
}

func comparisonText(c falco.Clause) string {
	values := c.Values
	more := ""
	if n := len(values) - maxListed; n > 0 {
		values, more = values[:maxListed], fmt.Sprintf(" and %d more", n)
	}
	text := strings.Join(values, ", ") + more
	switch {
	case c.List:
		return c.Text + " (" + text + ")"
	case text == "":
		return c.Text
	}
	return c.Text + " " + text
}

// levels are the audit levels, each with all of those before it.
var levels = []string{"", "Metadata", "Request", "RequestResponse"}

// recorded writes the fields that conditions and the output of the first read, and the level that records them.
func (p page) recorded(conditions []*falco.Rule) {
	fields := make([][]string, len(levels))
	alerts, all := 0, 0
	for i, r := range conditions {
		uses := r.Fields
		alerts = max(alerts, slices.Index(levels, r.Needs(false)))
		all = max(all, alerts)
		if i == 0 {
			uses = append(slices.Clone(uses), r.OutputFields...)
			all = max(all, slices.Index(levels, r.Needs(true)))
		}
		for _, u := range uses {
			if at := max(slices.Index(levels, u.Needs), 0); !slices.Contains(fields[at], u.Name) {
				fields[at] = append(fields[at], u.Name)
			}
		}
	}
	p.head("Reads")
	for i, names := range fields {
		slices.Sort(names)
		if text := strings.Join(names, ", "); text != "" && levels[i] != "" {
			p.line(1, "level "+levels[i]+": "+text)
		} else if text != "" {
			p.line(1, text)
		}
	}
	if alerts == 0 {
		return
	}
	text := "The audit policy must record level " + levels[alerts] + " for it to alert"
	if all > alerts {
		text += ", and " + levels[all] + " for all that it says"
	}
	p.line(1, text+". bartizan watch --print-audit-policy writes a policy.")
}
