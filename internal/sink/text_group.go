package sink

import (
	"cmp"
	"fmt"
	"hash/maphash"
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
	path     *Standing          // the highest of the findings
	all      []bartizan.Finding // only if every finding is to be shown

	subjects                  []bartizan.Ref // each once, in the order of the findings; the first few
	count                     int            // of all subjects
	manyKinds, manyNamespaces bool
	last                      bartizan.Ref
	hash                      maphash.Seed
	ids                       []uint64        // of all subjects
	seen                      map[uint64]bool // the same, once subjects came out of order
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
	few   int  // so many subjects of each group; 0 means all
	run   *Run // for where findings stand on attack paths; may be nil
}

func (g *groups) add(f bartizan.Finding) {
	key := groupKey{f.Rule, f.Severity, f.Verdict}
	x := g.byKey[key]
	if x == nil {
		x = &group{rule: f.Rule, severity: f.Severity, verdict: f.Verdict, first: f, hash: maphash.MakeSeed()}
		if g.byKey == nil {
			g.byKey = map[groupKey]*group{}
		}
		g.byKey[key] = x
		g.list = append(g.list, x)
	}
	x.findings++
	if at := g.standing(&f); at != nil && (x.path == nil || at.Score > x.path.Score) {
		x.path = at
	}
	if f.Fix != nil {
		x.fixes++
		if x.first.Fix == nil {
			x.first = f // so that the fix shown is that of the finding shown
		}
	}
	x.subject(f.Subject, g.few)
	if g.keep && (g.most == 0 || len(x.all) < g.most) {
		x.all = append(x.all, f)
	}
}

func (g *groups) standing(f *bartizan.Finding) *Standing {
	if g.run == nil {
		return nil
	}
	return g.run.standing(f)
}

// score orders groups of a severity: those on an attack path first.
func (x *group) score() int {
	if x.path == nil {
		return 0
	}
	return max(x.path.Score, 0) + 1
}

// subject counts a subject once. Findings mostly come in the order of triage.Sort, in which the next subject is
// the last one or a greater one; only where they do not, a set is needed. A page names a few subjects and counts
// the rest, of which 64 bits each are kept to know them again.
func (x *group) subject(r bartizan.Ref, few int) {
	order := 1
	if x.count > 0 {
		order = compareRefs(r, x.last)
	}
	if order == 0 {
		return
	}
	id := maphash.Comparable(x.hash, r)
	if order < 0 && x.seen == nil {
		x.seen = make(map[uint64]bool, x.count)
		for _, known := range x.ids {
			x.seen[known] = true
		}
	}
	if x.seen != nil {
		if x.seen[id] {
			return
		}
		x.seen[id] = true
	}
	x.ids = append(x.ids, id)
	x.last = r
	if x.count++; few == 0 || len(x.subjects) < few {
		x.subjects = append(x.subjects, r)
	}
	x.manyKinds = x.manyKinds || r.Kind != x.subjects[0].Kind
	x.manyNamespaces = x.manyNamespaces || r.Namespace != x.subjects[0].Namespace
}

func compareRefs(a, b bartizan.Ref) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
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
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(b.score(), a.score()), cmp.Compare(b.findings, a.findings), cmp.Compare(a.rule, b.rule))
	})
	return all
}

// who names the subjects within about a number of columns: "web, api and 12 more (Deployment in shop)".
func (x *group) who(width int) string {
	first := x.subjects[0]
	if x.count == 1 {
		return first.String()
	}
	oneKind, oneNamespace := !x.manyKinds, !x.manyNamespaces
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
	return fold(x.count, min(width, fewSubjects)-columns(Printable(suffix)), func(i int) string { return name(x.subjects[i]) }) + suffix
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
