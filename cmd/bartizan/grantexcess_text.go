package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/grant/excess"
)

// How many lines are told unless all are asked for.
const (
	excessRights     = 5
	excessIdentities = 15
	excessSubjects   = 4
)

// shown is how many of n lines are told.
func (x *excessAnswer) shown(n, limit int) int {
	if x.all || n == limit+1 {
		return n
	}
	return min(n, limit)
}

func (x *excessAnswer) more(indent, n, shown int) {
	if n > shown {
		x.painter.line("%s", strings.Repeat(" ", indent)+x.painter.paint(sgrDim, fmt.Sprintf("and %d more (--all)", n-shown)))
	}
}

// tell writes the report for people.
func (x *excessAnswer) tell(w io.Writer) error {
	x.painter.w = w
	p := &x.painter
	x.summary()
	for _, v := range []excess.Verdict{excess.Narrow, excess.Drop, excess.Unknown, excess.Keep} {
		x.bindings(v)
	}
	x.identities()
	x.neverSeen()
	p.line("")
	p.line("%s", p.bold("Proof"))
	p.wrap(2, 2, x.report.Proof.Statement())
	p.faultCount(readable(x.model.Faults()))
	p.gaps(append(slices.Clone(x.gaps), x.asked.gaps...))
	return p.err
}

func (x *excessAnswer) summary() {
	p, r := &x.painter, x.report
	n := map[excess.Verdict]int{}
	for _, b := range r.Bindings {
		n[b.Verdict]++
	}
	p.wrap(0, 2, "Seen: "+x.window())
	p.line("Bindings: %d keep, %s, %s, %d unknown", n[excess.Keep],
		x.coloured(sgrYellow, n[excess.Narrow], "narrow"), x.coloured(sgrRed, n[excess.Drop], "drop"), n[excess.Unknown])
	p.line("")
	switch {
	case r.Usage.Records == 0 && len(x.gaps) > 0:
		p.wrap(0, 0, "No record of the log could be read: nothing can be said of what is used.")
	case r.Usage.Records == 0:
		p.wrap(0, 0, "The log is empty: nothing can be said of what is used.")
	case r.Short:
		p.wrap(0, 0, fmt.Sprintf("The log is too short: it covers %s. What is done once a week, once a month or in an emergency has not been seen. "+
			"Take what follows as a sketch, and ask again with a longer log (--enough sets what is long enough).", span(r.Window)))
	}
	if r.Usage.Requests > 0 {
		p.wrap(0, 0, fmt.Sprintf("Of the next requests, about %s will be of a kind that the log has not shown (Good-Turing); \"unseen\" below says so of one identity.", percent(r.Unseen)))
	}
	for _, note := range r.Notes {
		p.wrap(0, 0, note)
	}
}

func (x *excessAnswer) coloured(code string, n int, word string) string {
	s := fmt.Sprintf("%d %s", n, word)
	if n == 0 {
		return s
	}
	return x.painter.paint(code, s)
}

// window says how much was seen.
func (x *excessAnswer) window() string {
	u := x.report.Usage
	s := fmt.Sprintf("%s by %s", count(int(u.Requests), "request"), identities(len(x.report.Identities)))
	if !u.First.IsZero() {
		s += fmt.Sprintf(", %s to %s (%s)", stamp(u.First), stamp(u.Last), span(x.report.Window))
	}
	if u.Forbidden > 0 {
		s += fmt.Sprintf("; not counted: %d forbidden", u.Forbidden)
	}
	return s
}

// bindings tells of the bindings with one verdict.
func (x *excessAnswer) bindings(v excess.Verdict) {
	p := &x.painter
	var list []*excess.Binding
	for _, b := range x.report.Bindings {
		if b.Verdict == v {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		return
	}
	title := map[excess.Verdict]string{excess.Narrow: "Narrow", excess.Drop: "Drop", excess.Keep: "Keep", excess.Unknown: "Unknown"}[v]
	p.line("")
	p.line("%s", p.bold(title))
	n := len(list)
	if v == excess.Keep {
		n = x.shown(n, excessIdentities)
	}
	for i, b := range list[:n] {
		if i > 0 && v == excess.Narrow {
			p.line("")
		}
		p.wrapWith(2, 6, b.Ref.String()+" → "+b.Role.String(), origin(b.Origin, false))
		p.wrap(4, 4, b.Reason)
		if v == excess.Narrow || v == excess.Drop {
			x.evidence(b)
		}
	}
	x.more(2, len(list), n)
}

// evidence tells what was used through a binding, what was not, and what would replace it.
func (x *excessAnswer) evidence(b *excess.Binding) {
	p := &x.painter
	x.subjects(b)
	lines := usedLines(b.Used)
	n := x.shown(len(lines), excessRights)
	x.label("used", n)
	for _, l := range lines[:n] {
		p.wrapWith(6, 10, l.text, l.tail)
	}
	x.more(6, len(lines), n)
	limit := excessRights
	if b.Verdict == excess.Drop {
		limit = excessRights / 2
	}
	n = x.shown(len(b.Unused), limit)
	x.label("not used", n)
	for i := range b.Unused[:n] {
		u := &b.Unused[i]
		p.wrapWith(6, 10, unusedText(u), origin(u.Grant.Rule.Origin, u.Grant.Builtin))
	}
	x.more(6, len(b.Unused), n)
	x.label("instead", len(b.Objects))
	for i := 0; i+1 < len(b.Objects); i += 2 {
		p.wrap(6, 10, b.Objects[i+1].Ref.String()+" → "+b.Objects[i].Ref.String())
		rules := b.Objects[i].Rules
		n := x.shown(len(rules), excessRights)
		for k := range rules[:n] {
			p.wrap(8, 12, ruleText(&rules[k]))
		}
		x.more(8, len(rules), n)
	}
}

// label stands above n lines, if there are any.
func (x *excessAnswer) label(text string, n int) {
	if n > 0 {
		x.painter.line("%s", "    "+x.painter.paint(sgrDim, text))
	}
}

func (x *excessAnswer) subjects(b *excess.Binding) {
	p := &x.painter
	n := x.shown(len(b.Subjects), excessSubjects)
	x.label("by", n)
	for i := range b.Subjects[:n] {
		s := &b.Subjects[i]
		text := s.Principal.String() + ": "
		switch {
		case s.Last.IsZero() && s.Count == 0 && !s.Used:
			text += "never"
		case !s.Used:
			text += fmt.Sprintf("%s, last %s, which other bindings allow as well", count(int(s.Count), "request"), stamp(s.Last))
		default:
			text += fmt.Sprintf("%s, first %s, last %s", count(int(s.Count), "request"), stamp(s.First), stamp(s.Last))
		}
		if s.Count > 0 && !s.Principal.Group {
			text += x.confidence(s.Principal.Name)
		}
		p.wrap(6, 10, text)
	}
	x.more(6, len(b.Subjects), n)
}

// confidence says how far the log can be relied on to show all that a user does.
func (x *excessAnswer) confidence(user string) string {
	list := x.report.Identities
	i, ok := slices.BinarySearchFunc(list, user, func(id *excess.Identity, user string) int { return cmp.Compare(id.User, user) })
	if !ok || list[i].Requests == 0 {
		return ""
	}
	return fmt.Sprintf("; unseen %s", percent(list[i].Unseen))
}

// identities tells what each identity used, and how far that can be relied on.
func (x *excessAnswer) identities() {
	p := &x.painter
	list := slices.Clone(x.report.Identities)
	if len(list) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b *excess.Identity) int {
		return cmp.Or(cmp.Compare(b.Wild, a.Wild), cmp.Compare(b.UnusedN, a.UnusedN))
	})
	p.line("")
	p.line("%s", p.bold("Identities, by how much they hold and do not use"))
	n := x.shown(len(list), excessIdentities)
	for _, id := range list[:n] {
		text := fmt.Sprintf("%s: %s of %s", id.User, count(int(id.Requests), "request"), count(id.Kinds, "kind"))
		if id.Kinds == 0 {
			text = id.User + ": rights that came with other requests"
		}
		switch {
		case id.Masters:
			text += "; in " + grant.GroupMasters + ", which may do everything"
		case id.Rights > 0:
			text += fmt.Sprintf("; %d of %s not used", id.UnusedN, count(id.Rights, "right"))
			if id.Wild > 0 {
				text += fmt.Sprintf(", %s used in part", count(id.Wild, "wildcard"))
			}
		}
		if id.Requests > 0 {
			text += "; unseen " + percent(id.Unseen)
		}
		p.wrapWith(2, 6, text, "(last "+stamp(id.Last)+")")
		if len(id.Unexplained) > 0 {
			u := &id.Unexplained[0]
			p.wrap(6, 8, fmt.Sprintf("%s that nothing read explains, such as %s %s", count(len(id.Unexplained), "kind"), u.Request.Verb, resourceText(u.Request)+u.Request.Path))
		}
	}
	x.more(2, len(list), n)
}

// neverSeen tells of identities with rights that the log does not show.
func (x *excessAnswer) neverSeen() {
	p := &x.painter
	var list []excess.Absent
	for _, a := range x.report.NeverSeen {
		if len(a.Bindings) > 0 {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return
	}
	p.line("")
	p.line("%s", p.bold("Never seen, with rights of their own"))
	n := x.shown(len(list), excessIdentities)
	for _, a := range list[:n] {
		var by []string
		for _, b := range a.Bindings[:min(3, len(a.Bindings))] {
			by = append(by, b.Ref.String())
		}
		text := a.Identity.Kind.String() + " " + strings.TrimPrefix(bartizan.Ref{Namespace: a.Identity.Ref.Namespace, Name: a.Identity.Ref.Name}.String(), " ")
		if more := len(a.Bindings) - len(by); more > 0 {
			by = append(by, fmt.Sprintf("%d more", more))
		}
		p.wrap(2, 6, text+": "+strings.Join(by, ", "))
	}
	x.more(2, len(list), n)
}
