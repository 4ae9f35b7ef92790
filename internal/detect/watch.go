package detect

import (
	"slices"
	"sort"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// fact is what is kept of an event that matched a condition of a rule about several.
type fact struct {
	at       int64
	id       uint64
	step     uint8
	valued   bool // the event has the value that the rule looks at
	value    string
	evidence bartizan.Evidence
	alert    *Alert // of an event that something must follow: what to say if it does not
}

// watch is the window of a rule, and what it remembers.
type watch struct {
	rule    *Rule
	over    *rule.Over
	within  int64
	gap     int64
	slack   int64
	horizon int64 // for how long after its last event a key can matter
	bound   int   // the most facts that are kept of a key
	keys    keyTable
	lost    Forgotten
	waiting []pending // of absences, by when they are certain
	due     int64
}

// maxFacts bounds what is kept of a key of a sequence or an absence, for each step.
const maxFacts = 32

func newWatch(d *Rule, slack int64) *watch {
	o := d.over()
	w := &watch{rule: d, over: o, within: int64(o.Within), gap: int64(o.Gap), slack: slack, due: none, lost: Forgotten{Rule: d.ID}}
	if w.gap == 0 {
		w.gap = w.within
	}
	w.horizon = w.within + slack
	switch {
	case o.Count > 0:
		w.bound = 4 * o.Count
	case o.Distinct != "":
		w.bound = 8 * o.AtLeast
	case o.First != "":
		if w.within == 0 {
			w.horizon = none
		}
	default:
		w.bound = maxFacts * (1 + len(stepsOf(o)))
	}
	w.keys = newKeyTable(o.Memory, func(t *track) {
		w.lost.Keys++
		w.forget(t)
	})
	return w
}

// add takes an event of a key. It says what the window found with it, if that makes an alert.
func (w *watch) add(t *track, f fact, newest int64) (v verdict, fires bool) {
	if f.at < newest-w.slack {
		w.lost.Late++
	}
	t.last = max(t.last, f.at)
	switch {
	case w.over.First != "":
		return w.first(t, f)
	case w.over.Absent != nil:
		w.expect(t, f, newest)
		return v, false
	case f.at <= t.muted:
		return v, false
	}
	i := w.insert(t, f, newest)
	switch {
	case w.over.Count > 0:
		v, fires = w.count(t, i)
	case w.over.Distinct != "":
		if !f.valued {
			return v, false
		}
		v, fires = w.distinct(t, i, w.over.AtLeast, func(f *fact) string { return f.value })
	case w.over.AnyOrder:
		v, fires = w.distinct(t, i, len(w.over.Then)+1, func(f *fact) string { return string(rune('0' + f.step)) })
	default:
		v, fires = w.sequence(t)
	}
	if fires {
		t.muted = f.at + w.within
		t.facts = nil
	}
	return v, fires
}

// insert puts a fact in its place, takes away what no window can hold any more, and says where the fact is.
func (w *watch) insert(t *track, f fact, newest int64) int {
	oldest := min(newest-w.slack, f.at) - w.within
	gone := sort.Search(len(t.facts), func(i int) bool { return t.facts[i].at >= oldest })
	t.facts = t.facts[:copy(t.facts, t.facts[gone:])]
	if len(t.facts) >= w.bound {
		t.facts = t.facts[:copy(t.facts, t.facts[1:])]
		w.lost.Values++
	}
	i := sort.Search(len(t.facts), func(i int) bool { return t.facts[i].at > f.at })
	t.facts = slices.Insert(t.facts, i, f)
	return i
}

// count looks for a window with enough events, of which the i-th is one.
func (w *watch) count(t *track, i int) (v verdict, found bool) {
	n := w.over.Count
	for j := max(0, i-n+1); j <= i && j+n <= len(t.facts); j++ {
		if t.facts[j+n-1].at-t.facts[j].at <= w.within {
			return verdict{facts: slices.Clone(t.facts[j : j+n]), count: n}, true
		}
	}
	return v, false
}

// distinct looks for a window with enough different values, of which the i-th fact has one.
func (w *watch) distinct(t *track, i, enough int, value func(*fact) string) (v verdict, found bool) {
	i = w.thin(t, i, value)
	if len(t.facts) < enough {
		return v, false
	}
	end := t.facts[i].at
	for j := i; j >= 0 && end-t.facts[j].at <= w.within; j-- {
		if j > 0 && t.facts[j-1].at == t.facts[j].at {
			continue
		}
		var values []string
		for k := j; k < len(t.facts) && t.facts[k].at-t.facts[j].at <= w.within; k++ {
			if x := value(&t.facts[k]); !slices.Contains(values, x) {
				values = append(values, x)
			}
			if len(values) >= enough && k >= i {
				return verdict{facts: slices.Clone(t.facts[j : k+1]), count: len(values), values: w.values(t.facts[j : k+1])}, true
			}
		}
	}
	return v, false
}

func (w *watch) values(facts []fact) (all []string) {
	for i := range facts {
		all = append(all, facts[i].value)
	}
	return all
}

// thin takes away facts of the i-th's value that stand between two others no further apart than a window is long:
// every window that holds such a one holds one of the two. It says where the i-th is then.
func (w *watch) thin(t *track, i int, value func(*fact) string) int {
	own := value(&t.facts[i])
	var same []int
	for j := range t.facts {
		if value(&t.facts[j]) == own {
			same = append(same, j)
		}
	}
	for k := len(same) - 2; k > 0; k-- {
		j := same[k]
		if j != i && t.facts[same[k+1]].at-t.facts[same[k-1]].at <= w.within {
			t.facts = slices.Delete(t.facts, j, j+1)
			same = slices.Delete(same, k, k+1)
			for l := k; l < len(same); l++ {
				same[l]--
			}
			if j < i {
				i--
			}
		}
	}
	return i
}
