package falco

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// maker writes random conditions and events that fit together often enough to be interesting.
type maker struct{ *rand.Rand }

func (m maker) of(all ...string) string { return all[m.IntN(len(all))] }

func (m maker) text() string {
	return m.of("a", "b", "ab", "aba", "/etc", "/etc/x", "/usr/bin/a", "A", "", "xy", "a b", "é", "aaab", "bin", "x/y/z")
}

func (m maker) some(make func() string) string {
	n := m.IntN(6)
	all := make2(n, make)
	return "(" + strings.Join(all, ", ") + ")"
}

func make2(n int, one func() string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = one()
	}
	return all
}

func (m maker) quoted() string { return quote(m.text()) }

func (m maker) compare() string {
	switch m.IntN(9) {
	case 0:
		return m.of("evt.rawres", "user.uid", "fd.port", "proc.tty") + " " + m.of("=", "!=", "<", "<=", ">", ">=") + " " + m.of("0", "1", "5", "0x10")
	case 1:
		return m.of("evt.rawres", "user.uid", "fd.port") + " in " + m.some(func() string { return m.of("0", "1", "5") })
	case 2:
		return m.of("fd.sip", "fd.ip") + " " + m.of("=", "!=") + " " + m.of("10.0.0.1", "10.0.0.2", "::1")
	case 3:
		return "fd.snet " + m.of("=", "!=") + " " + m.of("10.0.0.0/8", "10.0.0.1/32", "::/0", "11.0.0.0/8")
	case 4:
		return "fd.types " + m.of("in", "intersects") + " " + m.some(m.quoted)
	case 5:
		return m.field() + " " + m.of("=", "!=", "startswith", "contains", "icontains", "endswith") + " " + m.of("oneof", "anyof", "allof") + " " + m.some(m.quoted)
	case 6:
		return m.field() + " " + m.of("=", "!=", "contains", "startswith", "endswith") + " val(" + m.of("proc.name", "fd.name", "proc.pname") + ")"
	case 7:
		return m.field() + " " + m.of("in", "intersects", "pmatch") + " " + m.some(m.quoted)
	}
	return m.field() + " " + m.of("=", "!=", "contains", "icontains", "startswith", "endswith", "glob", "iglob") + " " + m.quoted()
}

func (m maker) field() string {
	f := m.of("proc.name", "fd.name", "evt.type", "proc.pname", "proc.aname", "proc.aname[2]", "evt.arg.path", "user.name")
	if m.IntN(6) == 0 {
		f = m.of("tolower", "toupper", "basename") + "(" + f + ")"
	}
	return f
}

func (m maker) condition(depth int) string {
	if depth == 0 || m.IntN(4) == 0 {
		if m.IntN(12) == 0 {
			return m.field() + " exists"
		}
		return m.compare()
	}
	switch m.IntN(4) {
	case 0:
		return "not (" + m.condition(depth-1) + ")"
	case 1:
		return "(" + strings.Join(make2(2+m.IntN(4), func() string { return m.condition(depth - 1) }), " and ") + ")"
	}
	return "(" + strings.Join(make2(2+m.IntN(5), func() string { return m.condition(depth - 1) }), " or ") + ")"
}

func (m maker) record() Record {
	r := Record{}
	put := func(k string, v any) {
		if m.IntN(4) > 0 {
			r[k] = v
		}
	}
	for _, k := range []string{"proc.name", "fd.name", "evt.type", "proc.pname", "proc.aname[2]", "evt.arg.path"} {
		put(k, m.text())
	}
	put("proc.aname", []any{m.text(), m.text()})
	put("fd.types", []any{m.text(), m.text()})
	put("evt.rawres", m.IntN(3)-1)
	put("user.uid", m.IntN(6))
	put("fd.port", []any{m.IntN(6), m.IntN(6)})
	put("fd.sip", m.of("10.0.0.1", "10.0.0.2", "::1"))
	put("fd.ip", []any{m.of("10.0.0.1", "::1"), m.of("10.0.0.2", "10.0.0.1")})
	put("fd.snet", m.of("10.0.0.1", "11.0.0.2", "::1"))
	return r
}

// TestRandomPlannedAsNaive compares the planned closures with a walk of the tree, on random conditions, macros and
// events, and checks that buckets never leave out a rule that matches.
func TestRandomPlannedAsNaive(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(3, 4))}
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	hits := 0
	for round := range rounds {
		var file strings.Builder
		for i := range 3 {
			fmt.Fprintf(&file, "- macro: m%d\n  condition: %q\n", i, m.condition(2))
		}
		for i := range 6 {
			fmt.Fprintf(&file, "- rule: r%d\n  desc: d\n  output: o\n  priority: INFO\n  condition: %q\n", i,
				m.condition(2)+m.of(" and m0", " or m1", " and not m2", " or m0 and m1 and m2", ""))
		}
		s, notices := Load([]File{{"f", file.String()}}, Options{})
		if e := notices.Errors(); len(e) > 0 {
			t.Fatalf("round %d: %v\n%s", round, e[0], file.String())
		}
		p, err := s.Plan("syscall", RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r, walk := p.NewRunner(), p.NewRunner()
		for range 40 {
			record := m.record()
			got := map[*Rule]bool{}
			for _, rule := range r.Record(record, walk.frame.time) {
				got[rule] = true
			}
			walk.frame.record = record
			for _, rule := range p.Rules() {
				if want := naive(rule.cond, &walk.frame); want != got[rule] {
					t.Fatalf("round %d, %s: planned %v, naive %v\nrecord %v\n%s\n%s", round, rule.Name, got[rule], want, record, rule.Condition, file.String())
				} else if want {
					hits++
				}
			}
		}
	}
	if hits < rounds {
		t.Errorf("only %d matches: the conditions are too hard to be a test", hits)
	}
}

// TestFinders compares the searches for many texts with searches one by one.
func TestFinders(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	word := func(n int) string {
		b := make([]byte, random.IntN(n))
		for i := range b {
			b[i] = "abAB/\xff"[random.IntN(6)]
		}
		return string(b)
	}
	for range 20000 {
		all := make2(1+random.IntN(8), func() string { return word(5) })
		s := word(12)
		any := func(holds func(s, x string) bool) bool {
			for _, x := range all {
				if holds(s, x) {
					return true
				}
			}
			return false
		}
		for _, c := range []struct {
			name      string
			got, want bool
		}{
			{"begins", newTrie(all, false).matches(s), any(strings.HasPrefix)},
			{"ends", newTrie(all, true).matches(s), any(strings.HasSuffix)},
			{"contains", newFinder(all, false).matches(s), any(strings.Contains)},
			{"folded", newFinder(all, true).matches(s), any(func(s, x string) bool { return strings.Contains(lower(s), lower(x)) })},
			{"is", newTextSet(all).has(s), any(func(s, x string) bool { return s == x })},
			{"path", newPaths(all).matches(s), any(naivePaths)},
		} {
			if c.got != c.want {
				t.Fatalf("%s: %q in %q: got %v, want %v", c.name, all, s, c.got, c.want)
			}
		}
	}
}

// TestConcurrentRunners runs one plan in several goroutines, and makes further plans meanwhile; go test -race watches.
func TestConcurrentRunners(t *testing.T) {
	s, notices := Load([]File{{"f", `
- macro: made
  condition: ka.verb in (create, update)
- macro: people
  condition: made and not ka.user.name startswith "system:"
- rule: a
  desc: d
  condition: people and ka.target.resource = pods
  output: by %ka.user.name
  priority: INFO
  source: k8s_audit
- rule: b
  desc: d
  condition: people or made and ka.user.groups intersects (x)
  output: by %ka.user.name
  priority: INFO
  source: k8s_audit
`}}, Options{})
	if e := notices.Errors(); len(e) > 0 {
		t.Fatal(e)
	}
	p, err := s.Plan("k8s_audit", RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			r := p.NewRunner()
			for i := range 500 {
				name := fmt.Sprintf("user-%d-%d", g, i)
				var a event.Audit
				if err := a.Decode(`{"verb":"create","user":{"username":"` + name + `"},"objectRef":{"resource":"pods"}}`); err != nil {
					t.Error(err)
				}
				matched := r.Audit(&a)
				if len(matched) != 2 {
					t.Errorf("%s matches %d rules", name, len(matched))
				}
				for _, m := range matched {
					if alert := r.Alert(m); alert.Output != "by "+name {
						t.Errorf("%s: %s", name, alert.Output)
					}
				}
				if _, err := s.Plan("k8s_audit", RunOptions{}); err != nil {
					t.Error(err)
				}
				s.Rules[0].Values("ka.verb")
			}
		})
	}
	wait.Wait()
}
