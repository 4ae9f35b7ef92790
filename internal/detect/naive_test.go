package detect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/rule"
)

// happening is an event of a random stream.
type happening struct {
	n    int
	at   int // in seconds
	key  string
	step int // which condition it matches
	what string
}

func (h happening) record() string {
	at := time.Date(2026, 1, 5, 10, 0, h.at, 0, time.UTC).Format(time.RFC3339Nano)
	return fmt.Sprintf(`{"kind":"Event","auditID":"%d","stage":"ResponseComplete","verb":"v%d","user":{"username":%q},"objectRef":{"resource":"pods","name":%q},"requestReceivedTimestamp":%q,"stageTimestamp":%q}`,
		h.n, h.step, h.key, h.what, at, at)
}

// naive says which events fire, by looking at everything that happened in every way.
type naive struct {
	over   *rule.Over
	within int
	gap    int
	muted  map[string]int
	seen   map[string][]happening
}

func newNaive(o *rule.Over) *naive {
	n := &naive{over: o, within: int(o.Within / time.Second), gap: int(o.Gap / time.Second), muted: map[string]int{}, seen: map[string][]happening{}}
	if n.gap == 0 {
		n.gap = n.within
	}
	return n
}

func (n *naive) add(h happening) bool {
	if until, ok := n.muted[h.key]; ok && h.at <= until {
		return false
	}
	all := append(n.seen[h.key], h)
	slices.SortStableFunc(all, func(a, b happening) int { return a.at - b.at })
	n.seen[h.key] = all
	if !n.fires(all, h) {
		return false
	}
	n.muted[h.key] = h.at + n.within
	delete(n.seen, h.key)
	return true
}

func (n *naive) fires(all []happening, h happening) bool {
	if len(n.over.Then) > 0 && !n.over.AnyOrder {
		return n.chain(all, h, 0, 0, -1, false)
	}
	for _, first := range all {
		values, count, held := map[string]bool{}, 0, false
		for _, x := range all {
			if x.at < first.at || x.at > first.at+n.within {
				continue
			}
			count++
			held = held || x.n == h.n
			if n.over.AnyOrder {
				values[fmt.Sprint(x.step)] = true
			} else {
				values[x.what] = true
			}
		}
		switch {
		case !held:
		case n.over.Count > 0 && count >= n.over.Count,
			n.over.Distinct != "" && len(values) >= n.over.AtLeast,
			n.over.AnyOrder && len(values) > len(n.over.Then):
			return true
		}
	}
	return false
}

// chain tries every way to go on from the i-th, of a chain that began at a time.
func (n *naive) chain(all []happening, h happening, step, began, i int, held bool) bool {
	if step == len(n.over.Then)+1 {
		return held && all[i].at-began <= n.within
	}
	for j := i + 1; j < len(all); j++ {
		x := all[j]
		if x.step != step || step > 0 && x.at-all[i].at > n.gap {
			continue
		}
		start := began
		if step == 0 {
			start = x.at
		}
		if n.chain(all, h, step+1, start, j, held || x.n == h.n) {
			return true
		}
	}
	return false
}

const windowRule = `
id: test-window
title: t
severity: low
on: Audit
why: w
find: ka.verb = v0
message: "%%ka.user.name %%ka.target.name"
over: %s
`

// windows are the rules that random streams are tried on.
func windows() []string {
	return []string{
		`{by: [ka.user.name], within: 10s, count: 3}`,
		`{by: [ka.user.name], within: 4s, count: 2}`,
		`{within: 7s, count: 5}`,
		`{by: [ka.user.name], within: 10s, distinct: {field: ka.target.name, atLeast: 3}}`,
		`{by: [ka.user.name], within: 5s, distinct: {field: ka.target.name, atLeast: 2}}`,
		`{within: 12s, distinct: {field: ka.target.name, atLeast: 4}}`,
		`{by: [ka.user.name], within: 10s, then: [ka.verb = v1]}`,
		`{by: [ka.user.name], within: 12s, gap: 5s, then: [ka.verb = v1, ka.verb = v2]}`,
		`{by: [ka.user.name], within: 9s, anyOrder: true, then: [ka.verb = v1, ka.verb = v2]}`,
	}
}

// stream makes random events, out of order by at most slack seconds.
func stream(r *rand.Rand, n, steps, slack int) []happening {
	all := make([]happening, n)
	at := 0
	for i := range all {
		at += r.IntN(3)
		all[i] = happening{n: i, at: at, key: string(rune('a' + r.IntN(3))), step: r.IntN(steps), what: string(rune('p' + r.IntN(5)))}
	}
	if slack > 0 {
		shift := map[int]int{}
		for i := range all {
			shift[i] = all[i].at + r.IntN(slack+1)
		}
		slices.SortStableFunc(all, func(a, b happening) int { return shift[a.n] - shift[b.n] })
	}
	return all
}

// play gives the numbers of the events that fired, through the engine.
func play(t testing.TB, s *detect.Set, all []happening, save int) (fired []int) {
	t.Helper()
	r := s.NewRunner()
	var a event.Audit
	for i, h := range all {
		if err := a.Decode(h.record()); err != nil {
			t.Fatal(err)
		}
		r.Audit(&a, bartizan.Origin{Line: i + 1}, func(*detect.Alert) { fired = append(fired, h.n) })
		if save > 0 && i%save == save-1 {
			data, err := r.Save()
			if err != nil {
				t.Fatal(err)
			}
			r = s.NewRunner()
			if anew, err := r.Restore(data); err != nil || len(anew) > 0 {
				t.Fatalf("%v, begin anew: %v", err, anew)
			}
		}
	}
	for _, f := range r.Forgotten() {
		t.Errorf("forgotten: %+v", f)
	}
	return fired
}

// TestWindowsAsNaive compares the windows with a reference that keeps everything, on random streams in order and out of
// order, with and without saving and restoring what is remembered on the way.
func TestWindowsAsNaive(t *testing.T) {
	fires := 0
	for w, over := range windows() {
		d := parse(t, fmt.Sprintf(windowRule, over))
		for _, slack := range []int{0, 3, 8} {
			s := load(t, detect.Config{Rules: []*rule.Rule{d}, Slack: time.Duration(slack) * time.Second})
			for seed := range 24 {
				r := rand.New(rand.NewPCG(uint64(seed), uint64(w*100+slack)))
				all := stream(r, 60, 1+len(d.Over.Then), slack)
				ref := newNaive(d.Over)
				if len(d.Over.By) == 0 {
					for i := range all {
						all[i].key = "a"
					}
				}
				var want []int
				for _, h := range all {
					if ref.add(h) {
						want = append(want, h.n)
					}
				}
				if got := play(t, s, all, 7*(seed%2)); !slices.Equal(got, want) {
					t.Fatalf("%s, slack %d, seed %d: %v fire, by the reference %v", over, slack, seed, got, want)
				}
				fires += len(want)
			}
		}
	}
	if fires < 800 {
		t.Errorf("only %d alerts were compared", fires)
	}
}

// TestAbsenceAsNaive does the same for what does not follow.
func TestAbsenceAsNaive(t *testing.T) {
	d := parse(t, fmt.Sprintf(windowRule, `{by: [ka.user.name], within: 6s, absent: ka.verb = v1}`))
	fires := 0
	for _, slack := range []int{0, 3, 8} {
		s := load(t, detect.Config{Rules: []*rule.Rule{d}, Slack: time.Duration(slack) * time.Second})
		for seed := range 40 {
			all := stream(rand.New(rand.NewPCG(uint64(seed), uint64(slack))), 60, 2, slack)
			var want, got []string
			for _, a := range all {
				followed := slices.ContainsFunc(all, func(b happening) bool {
					return b.key == a.key && b.step == 1 && b.at >= a.at && b.at <= a.at+6
				})
				if a.step == 0 && !followed {
					want = append(want, fmt.Sprint(a.n))
				}
			}
			r := s.NewRunner()
			emit := func(x *detect.Alert) { got = append(got, x.Evidence[0].Value) }
			var a event.Audit
			for _, h := range all {
				if err := a.Decode(h.record()); err != nil {
					t.Fatal(err)
				}
				r.Audit(&a, bartizan.Origin{}, emit)
				if seed%2 == 1 {
					data, err := r.Save()
					if err != nil {
						t.Fatal(err)
					}
					r = s.NewRunner()
					if _, err := r.Restore(data); err != nil {
						t.Fatal(err)
					}
				}
			}
			r.Advance(time.Date(2026, 1, 5, 11, 0, 0, 0, time.UTC), emit)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("slack %d, seed %d: %v are told, by the reference %v", slack, seed, got, want)
			}
			fires += len(want)
		}
	}
	if fires < 300 {
		t.Errorf("only %d alerts were compared", fires)
	}
}

// TestOrderDoesNotMatter checks that for every key whether it is ever told of does not depend on the order of events
// within the slack.
func TestOrderDoesNotMatter(t *testing.T) {
	compared := 0
	for w, over := range windows() {
		d := parse(t, fmt.Sprintf(windowRule, over))
		s := load(t, detect.Config{Rules: []*rule.Rule{d}, Slack: 8 * time.Second})
		for seed := range 100 {
			shuffled := stream(rand.New(rand.NewPCG(uint64(seed), uint64(w))), 14, 1+len(d.Over.Then), 8)
			if slices.ContainsFunc(shuffled, func(a happening) bool {
				return slices.ContainsFunc(shuffled, func(b happening) bool { return a.n != b.n && a.at == b.at && a.key == b.key })
			}) {
				continue // of events at one time the one that comes first counts as the first
			}
			compared++
			ordered := slices.Clone(shuffled)
			slices.SortFunc(ordered, func(a, b happening) int { return a.at - b.at })
			keys := func(all []happening) string {
				byNumber := map[int]string{}
				for _, h := range all {
					if len(d.Over.By) > 0 {
						byNumber[h.n] = h.key
					}
				}
				var keys []string
				for _, n := range play(t, s, all, 0) {
					keys = append(keys, byNumber[n])
				}
				slices.Sort(keys)
				return strings.Join(slices.Compact(keys), " ")
			}
			if a, b := keys(ordered), keys(shuffled); a != b {
				t.Fatalf("%s, seed %d: in order %q is told of, out of order %q", over, seed, a, b)
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d streams were compared", compared)
	}
}

// TestFirstAsNaive compares what is new with a reference that keeps everything.
func TestFirstAsNaive(t *testing.T) {
	d := parse(t, fmt.Sprintf(windowRule, `{by: [ka.user.name], first: {field: ka.target.name, learn: 10s}}`))
	s := load(t, detect.Config{Rules: []*rule.Rule{d}, Slack: 8 * time.Second})
	fires := 0
	for seed := range 60 {
		all := stream(rand.New(rand.NewPCG(uint64(seed), 5)), 60, 1, 4*(seed%2))
		since, seen := map[string]int{}, map[string]bool{}
		var want []int
		for i, h := range all {
			h.what = string(rune('a' + (i*7+seed)%23))
			all[i] = h
			if first, ok := since[h.key]; !ok || h.at < first {
				since[h.key] = h.at
			}
			if !seen[h.key+h.what] && h.at-since[h.key] >= 10 {
				want = append(want, h.n)
			}
			seen[h.key+h.what] = true
		}
		if got := play(t, s, all, 7*(seed%3)); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v fire, by the reference %v", seed, got, want)
		}
		fires += len(want)
	}
	if fires < 500 {
		t.Errorf("only %d alerts were compared", fires)
	}
}
