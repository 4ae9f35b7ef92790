package sink

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// group is the findings of one rule at one severity: fourteen replicas of one mistake are told once.
type group struct {
	rule     string
	severity bartizan.Severity
	verdict  bartizan.Verdict
	first    bartizan.Finding
	findings int
	fixes    int
	seen     map[bartizan.Ref]bool
	subjects []bartizan.Ref     // each once, in the order of the findings
	all      []bartizan.Finding // only if every finding is to be shown
}

type groupKey struct {
	rule     string
	severity bartizan.Severity
	verdict  bartizan.Verdict
}

// groups folds findings as they come.
type groups struct {
	byKey map[groupKey]*group
	list  []*group
	keep  bool // keep the findings themselves
	most  int  // so many of each group; 0 means all
}

func (g *groups) add(f bartizan.Finding) {
	key := groupKey{f.Rule, f.Severity, f.Verdict}
	x := g.byKey[key]
	if x == nil {
		x = &group{rule: f.Rule, severity: f.Severity, verdict: f.Verdict, first: f, seen: map[bartizan.Ref]bool{}}
		if g.byKey == nil {
			g.byKey = map[groupKey]*group{}
		}
		g.byKey[key] = x
		g.list = append(g.list, x)
	}
	x.findings++
	if f.Fix != nil {
		x.fixes++
		if x.first.Fix == nil {
			x.first = f // so that the fix shown is that of the finding shown
		}
	}
	if !x.seen[f.Subject] {
		x.seen[f.Subject] = true
		x.subjects = append(x.subjects, f.Subject)
	}
	if g.keep && (g.most == 0 || len(x.all) < g.most) {
		x.all = append(x.all, f)
	}
}

// of lists the groups of a verdict, the worst first, and of one severity the largest first.
func (g *groups) of(v bartizan.Verdict) []*group {
	var all []*group
	for _, x := range g.list {
		if x.verdict == v {
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(b.findings, a.findings), cmp.Compare(a.rule, b.rule))
	})
	return all
}

// who names the subjects within about a number of columns: "web, api and 12 more (Deployment in shop)".
func (x *group) who(width int) string {
	first := x.subjects[0]
	if len(x.subjects) == 1 {
		return first.String()
	}
	oneKind, oneNamespace := true, true
	for _, r := range x.subjects {
		oneKind = oneKind && r.Kind == first.Kind
		oneNamespace = oneNamespace && r.Namespace == first.Namespace
	}
	name := func(r bartizan.Ref) string {
		if oneNamespace {
			r.Namespace = ""
		}
		s := r.String()
		if oneKind {
			s = strings.TrimPrefix(s, string(r.Kind)+" ")
		}
		return s
	}
	var context []string
	if oneKind {
		context = append(context, string(first.Kind))
	}
	if oneNamespace && first.Namespace != "" {
		context = append(context, "in "+first.Namespace)
	}
	suffix := ""
	if len(context) > 0 {
		suffix = " (" + strings.Join(context, " ") + ")"
	}
	return fold(len(x.subjects), width-columns(Printable(suffix)), func(i int) string { return name(x.subjects[i]) }) + suffix
}

// fold joins as many of n names as fit and counts the rest; one stands there in any case, and two where there are only two.
func fold(n, width int, name func(int) string) string {
	list := name(0)
	for i := 1; i < n; i++ {
		rest := ""
		if i+1 < n {
			rest = fmt.Sprintf(" and %d more", n-i-1)
		}
		sep := ", "
		if i == n-1 {
			sep = " and "
		}
		longer := list + sep + name(i)
		if n > 2 && columns(Printable(longer+rest)) > width {
			return fmt.Sprintf("%s and %d more", list, n-i)
		}
		list = longer
	}
	return list
}

// at is "file:line", with the rendered line for what came out of a chart.
func at(o bartizan.Origin) string {
	if o.File == "" {
		return ""
	}
	s := o.File
	if o.Line > 0 {
		s += fmt.Sprintf(":%d", o.Line)
	}
	return s
}

// count is "1 finding", "2 findings".
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	default:
		noun += "s"
	}
	return thousands(n) + " " + noun
}

// thousands writes 12345 as "12,345".
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
