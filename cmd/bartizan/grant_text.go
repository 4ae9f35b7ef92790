package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// painter writes answers for people: wrapped to the terminal, with colours where it has them.
type painter struct {
	w       io.Writer
	width   int
	colours bool
	err     error
}

const defaultWidth = 100

func newPainter(cmd *cobra.Command, flag string) painter {
	p := painter{width: atoi(os.Getenv("COLUMNS"))}
	out, ok := cmd.OutOrStdout().(*os.File)
	onTerminal := ok && term.IsTerminal(int(out.Fd()))
	if onTerminal {
		if w, _, err := term.GetSize(int(out.Fd())); err == nil {
			p.width = w
		}
	}
	if p.width < 40 {
		p.width = defaultWidth
	}
	p.width = min(p.width, 140)
	p.colours = colour(flag, onTerminal)
	return p
}

// The colours of verdicts and emphasis, as SGR parameters.
const (
	sgrBold   = "1"
	sgrDim    = "2"
	sgrRed    = "1;31"
	sgrGreen  = "1;32"
	sgrYellow = "1;33"
)

func (p *painter) paint(code, s string) string {
	if !p.colours {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *painter) bold(s string) string { return p.paint(sgrBold, s) }

// text makes a text from the input safe to print.
func (p *painter) text(s string) string {
	if p.colours && painted(s) {
		return s
	}
	return sink.Printable(s)
}

// painted says that a text is what paint makes of a printable one: a colour at its beginning, its end at the end,
// and nothing else that a terminal would obey.
func painted(s string) bool {
	rest, ok := strings.CutPrefix(s, "\x1b[")
	code, body, found := strings.Cut(rest, "m")
	body, ended := strings.CutSuffix(body, "\x1b[0m")
	return ok && found && ended && strings.Trim(code, "0123456789;") == "" && sink.Printable(body) == body
}

// verdict is a verdict as the first word of a line.
func (p *painter) verdict(v grant.Verdict) string {
	switch v {
	case grant.Allowed:
		return p.paint(sgrGreen, "ALLOWED")
	case grant.Denied:
		return p.paint(sgrRed, "DENIED ")
	}
	return p.paint(sgrYellow, "UNKNOWN")
}

// line writes one line; its arguments are safe to print already.
func (p *painter) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, strings.TrimRight(format, " ")+"\n", args...)
	}
}

// wrap writes a text as lines of at most the width, the first indented by indent, the others by hang. Words that do not
// fit stand alone.
func (p *painter) wrap(indent, hang int, text string) { p.wrapWith(indent, hang, text, "") }

// wrapWith is wrap with a tail behind, dimmed and never broken: where something stands.
func (p *painter) wrapWith(indent, hang int, text, tail string) {
	type word struct{ shown, plain string }
	var words []word
	for _, w := range strings.Fields(sink.Printable(text)) {
		words = append(words, word{w, w})
	}
	if tail != "" {
		tail = sink.Printable(tail)
		words = append(words, word{p.paint(sgrDim, " "+tail), " " + tail})
	}
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", indent))
	column, empty := indent, true
	for _, w := range words {
		n := utf8.RuneCountInString(w.plain)
		if !empty && column+1+n > p.width {
			p.line("%s", strings.TrimRight(b.String(), " "))
			b.Reset()
			b.WriteString(strings.Repeat(" ", hang))
			column, empty = hang, true
			w.shown = strings.Replace(w.shown, " ", "", len(w.plain)-len(strings.TrimLeft(w.plain, " ")))
		}
		if !empty {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(w.shown)
		column += n
		empty = false
	}
	p.line("%s", b.String())
}

// grants lists rules under the bindings that give them. The subject asked about need not be named each time.
func (p *painter) grants(list []grant.Grant, subject grant.Principal) {
	for i := range list {
		g := &list[i]
		if i == 0 || list[i-1].Binding != g.Binding || list[i-1].Role != g.Role || list[i-1].Via != g.Via {
			p.bindingLine(2, g, subject)
		}
		p.ruleLine(4, g)
	}
}

// bindingLine names a binding, its role and whom it reaches, unless that is the subject asked about.
func (p *painter) bindingLine(indent int, g *grant.Grant, subject grant.Principal) {
	s := g.Binding.String() + " → " + g.Role.String()
	if g.Via != subject {
		s += ", for " + g.Via.String()
	}
	p.wrapWith(indent, indent+4, s, origin(g.Bound, g.BuiltinBinding))
}

// ruleLine writes a rule.
func (p *painter) ruleLine(indent int, g *grant.Grant) {
	s := ruleText(&g.Rule)
	if g.Source.Name != "" {
		s += ", aggregated from " + g.Source.Name
	}
	if g.Disputed {
		s += ", disputed: the object is defined twice"
	}
	p.wrapWith(indent, indent+4, s, origin(g.Rule.Origin, g.Builtin))
}

// origin is where something stands, in brackets.
func origin(o bartizan.Origin, builtin bool) string {
	switch {
	case builtin:
		return "(built in)"
	case o.File == "":
		return ""
	case o.Line == 0:
		return "(" + o.File + ")"
	}
	return fmt.Sprintf("(%s:%d)", o.File, o.Line)
}

// ruleText tells a rule in one line: get, list pods, deployments.apps named a, b.
func ruleText(r *grant.Rule) string {
	verbs := strings.Join(r.Verbs, ", ")
	if len(r.NonResourceURLs) > 0 {
		if slices.Equal(r.NonResourceURLs, []string{"*"}) {
			return verbs + " → every URL"
		}
		return verbs + " → URL " + strings.Join(r.NonResourceURLs, ", ")
	}
	s := verbs + " → "
	if slices.Contains(r.APIGroups, "*") && slices.Contains(r.Resources, "*") {
		s += "every resource (*.*)"
	} else if len(r.APIGroups) == 1 {
		for i, res := range r.Resources {
			if i > 0 {
				s += ", "
			}
			s += grouped(res, r.APIGroups[0])
		}
	} else {
		groups := make([]string, len(r.APIGroups))
		for i, g := range r.APIGroups {
			if groups[i] = g; g == "" {
				groups[i] = "core"
			}
		}
		s += strings.Join(r.Resources, ", ") + " in the groups " + strings.Join(groups, ", ")
	}
	if len(r.ResourceNames) > 0 {
		s += ", only named " + strings.Join(shownNames(r.ResourceNames), ", ")
	}
	return s
}

// grouped is a resource with its group: deployments.apps/scale.
func grouped(resource, group string) string {
	if group == "" {
		return resource
	}
	head, sub, slash := strings.Cut(resource, "/")
	head += "." + group
	if slash {
		head += "/" + sub
	}
	return head
}

// faultCount says that something is wrong with the RBAC objects read, where the answer does not depend on it.
func (p *painter) faultCount(list []grant.Fault) {
	if len(list) > 0 {
		p.line("")
		p.wrap(0, 2, fmt.Sprintf("%s in the RBAC objects that were read; -o json tells more.", count(len(list), "fault")))
	}
}

// faults lists what is wrong with the RBAC objects that were read.
func (p *painter) faults(list []grant.Fault) {
	if len(list) == 0 {
		return
	}
	const shown = 10
	p.line("")
	p.line("%s", p.bold("Faults in what was read"))
	for _, f := range list[:min(len(list), shown)] {
		p.wrapWith(2, 4, f.Message, origin(f.Origin, false))
	}
	if more := len(list) - shown; more > 0 {
		p.line("  and %d more; -o json lists all", more)
	}
}

// gaps lists what could not be read.
func (p *painter) gaps(list []bartizan.Gap) {
	if len(list) == 0 {
		return
	}
	p.line("")
	p.line("%s", p.bold("Could not be read"))
	const shown = 20
	for _, g := range list[:min(len(list), shown)] {
		p.wrapWith(2, 4, g.Reason, origin(g.Origin, false))
	}
	if more := len(list) - shown; more > 0 {
		p.line("  and %d more; -o json lists all", more)
	}
}

// shownNames writes names so that an empty one, which stands for requests without a name, is seen.
func shownNames(names []string) []string {
	out := slices.Clone(names)
	for i, n := range out {
		if n == "" {
			out[i] = `""`
		}
	}
	return out
}
