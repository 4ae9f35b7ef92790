package detect

import (
	"slices"
	"sort"
)

// sequence looks for a fact of each step, one after the other, each at most gap after the one before and all within
// the window.
func (w *watch) sequence(t *track) (v verdict, found bool) {
	last := uint8(len(w.over.Then))
	starts := make([]int64, len(t.facts)) // when the latest chain began that ends with the fact
	before := make([]int, len(t.facts))
	for i := range t.facts {
		f := &t.facts[i]
		starts[i], before[i] = never, -1
		if f.step == 0 {
			starts[i] = f.at
			continue
		}
		for j := range i {
			g := &t.facts[j]
			if g.step+1 == f.step && g.id != f.id && f.at-g.at <= w.gap && starts[j] > starts[i] {
				starts[i], before[i] = starts[j], j
			}
		}
		if f.step == last && starts[i] != never && f.at-starts[i] <= w.within {
			return verdict{facts: chain(t.facts, before, i), count: int(last) + 1}, true
		}
	}
	return v, false
}

// chain is the facts that led to the i-th.
func chain(facts []fact, before []int, i int) []fact {
	var all []fact
	for ; i >= 0; i = before[i] {
		all = append(all, facts[i])
	}
	slices.Reverse(all)
	return all
}

// pending is an event that something must follow.
type pending struct {
	due int64
	key string
	id  uint64
}

// expect takes an event of a rule about what does not follow.
func (w *watch) expect(t *track, f fact, newest int64) {
	w.insert(t, f, newest)
	if f.step > 0 {
		for i := range t.facts {
			if g := &t.facts[i]; g.step == 0 && w.answers(&f, g) {
				g.alert = nil
			}
		}
		return
	}
	for i := range t.facts {
		if g := &t.facts[i]; g.step > 0 && w.answers(g, &f) {
			w.settle(t, f.id)
			return
		}
	}
	p := pending{f.at + w.within, t.key, f.id}
	i := sort.Search(len(w.waiting), func(i int) bool { return w.waiting[i].due > p.due })
	w.waiting = slices.Insert(w.waiting, i, p)
	w.due = w.waiting[0].due
}

// answers says whether an event is what had to follow another.
func (w *watch) answers(f, g *fact) bool {
	return f.id != g.id && f.at >= g.at && f.at-g.at <= w.within
}

// settle marks an event as followed by what must follow it.
func (w *watch) settle(t *track, id uint64) {
	for i := range t.facts {
		if t.facts[i].id == id && t.facts[i].step == 0 {
			t.facts[i].alert = nil
		}
	}
}

// reach tells of what did not follow, given that later events are not before a time.
func (w *watch) reach(at int64, emit func(*Alert)) {
	n := 0
	for ; n < len(w.waiting) && w.waiting[n].due < at; n++ {
		t := w.keys.byKey[w.waiting[n].key]
		if t == nil {
			continue
		}
		for i := range t.facts {
			if f := &t.facts[i]; f.id == w.waiting[n].id && f.step == 0 && f.alert != nil {
				v := verdict{facts: []fact{*f}, count: 1}
				v.complete(f.alert, w.over)
				emit(f.alert)
				f.alert = nil
			}
		}
	}
	w.waiting = slices.Delete(w.waiting, 0, n)
	w.due = none
	if len(w.waiting) > 0 {
		w.due = w.waiting[0].due
	}
}

// forget takes away what waits for a key that makes room.
func (w *watch) forget(t *track) {
	if w.over.Absent == nil {
		return
	}
	w.waiting = slices.DeleteFunc(w.waiting, func(p pending) bool { return p.key == t.key })
	w.due = none
	if len(w.waiting) > 0 {
		w.due = w.waiting[0].due
	}
}

// usual says whether a value is one that the key is known to have, and that is all there is to it.
func (w *watch) usual(t *track, value string, at int64) bool {
	seen := t.values[value]
	if seen == nil || at < t.since || w.within > 0 && at-*seen > w.within {
		return false
	}
	*seen = max(*seen, at)
	t.last = max(t.last, at)
	return true
}

// first takes an event of a rule about values that are new for a key.
func (w *watch) first(t *track, f fact) (v verdict, fires bool) {
	if !f.valued {
		return v, false
	}
	if t.since == never || f.at < t.since {
		t.since = f.at
	}
	if w.usual(t, f.value, f.at) {
		return v, false
	}
	if t.values == nil {
		t.values = map[string]*int64{}
	}
	if t.values[f.value] == nil && len(t.values) >= w.over.AtMost {
		delete(t.values, stalest(t.values))
		w.lost.Values++
	}
	at := f.at
	t.values[f.value] = &at
	if f.at-t.since < int64(w.over.Learn) {
		return v, false
	}
	return verdict{facts: []fact{f}, count: 1, values: []string{f.value}}, true
}

// stalest is the value that was not seen for longest; of several the first in order.
func stalest(values map[string]*int64) string {
	oldest, found := "", false
	for v, at := range values {
		if !found || *at < *values[oldest] || *at == *values[oldest] && v < oldest {
			oldest, found = v, true
		}
	}
	return oldest
}
