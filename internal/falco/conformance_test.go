package falco

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/bartizan-dev/bartizan/internal/event"
)

var rewrite = flag.Bool("update", false, "rewrite what the cases in testdata expect")

// The suite is text. In testdata/eval a line "event {...}" or "record {...}" gives an event, and each line "true
// CONDITION" or "false CONDITION" is a case. In testdata/syntax a line "ok CONDITION" or "no CONDITION" is a case, and
// the lines behind it that begin with a tab are the tree or the fault. In testdata/output a line is an output, and
// the line behind it what it becomes. In testdata/load an archive holds rule files, events and what comes of them.

// suite runs one line-based file: judge gives a case's outcome.
func suite(t *testing.T, dir string, judge func(t *testing.T, lines []string) (out []string, cases int)) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata/%s: %v", dir, err)
	}
	total := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		out, n := judge(t, lines)
		total += n
		got := strings.Join(out, "\n") + "\n"
		if *rewrite {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for i := range max(len(lines), len(out)) {
			if i >= len(lines) || i >= len(out) || lines[i] != out[i] {
				t.Errorf("%s:%d\n got %s\nwant %s", file, i+1, lineAt(out, i), lineAt(lines, i))
				if i >= len(lines) || i >= len(out) || strings.HasPrefix(lines[i], "\t") != strings.HasPrefix(out[i], "\t") {
					break
				}
			}
		}
	}
	return total
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// condition compiles a condition on its own.
func condition(t testing.TB, source *Source, text string) (*node, *checker, *fault) {
	t.Helper()
	c := &collection{rep: &report{}, options: Options{Sources: []*Source{source}}.orDefault(), lists: map[string]*listDef{}, macros: map[string]*macroDef{}}
	s := &script{}
	s.add(&origin{file: "c", text: text})
	tree, err := parseBounded(s, c.values)
	if err != nil {
		return nil, nil, &fault{place{"", 1, err.at + 1}, err.code, err.token, err.message, err.hint_}
	}
	k := newChecker(c, source)
	if f := c.resolveDeep(tree, 0, 0); f != nil {
		return nil, k, f
	}
	n, f := k.check(tree, 0)
	return n, k, f
}

// subject is an event to judge.
type subject struct {
	source *Source
	audit  *event.Audit
	record Record
}

func parseSubject(t testing.TB, line string) subject {
	t.Helper()
	kind, text, _ := strings.Cut(line, " ")
	if kind == "event" {
		a := &event.Audit{}
		if err := a.Decode(text); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return subject{source: Audit(), audit: a}
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	r := Record{}
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	for k, v := range r {
		if n, ok := v.(json.Number); ok {
			r[k] = n.String()
		}
	}
	return subject{source: Syscall(), record: r}
}

// frame makes the subject ready to be judged.
func (s subject) frame(terms []*term, memos int) *frame {
	f := &frame{audit: s.audit, record: s.record, number: 7, now: 1, plan: &plan{terms: terms}, slots: make([]slot, len(terms)), memos: make([]memo, memos)}
	if s.audit == nil || s.audit.Get(event.AuditID).Exists() { // other events have the time that they say
		f.time = time.Date(2026, 11, 21, 3, 37, 26, 950505000, time.UTC)
	}
	return f
}

func (s subject) holds(t testing.TB, cond string) (bool, *fault) {
	t.Helper()
	n, k, f := condition(t, s.source, cond)
	if f != nil {
		return false, f
	}
	p := newPlan(s.source, k.seq, []*Rule{{cond: n}})
	fr := s.frame(k.seq, p.memos)
	fr.plan = p
	got := p.tests[0](fr)
	if want := naive(n, s.frame(k.seq, 0)); got != want {
		t.Errorf("%s: planned %v, naive %v", cond, got, want)
	}
	set := []uint64{1}
	if p.candidates(fr, set); got && set[0] == 0 {
		t.Errorf("%s: true, but its bucket leaves it out", cond)
	}
	return got, nil
}

func TestEvaluate(t *testing.T) {
	n := suite(t, "eval", func(t *testing.T, lines []string) (out []string, cases int) {
		var s subject
		for _, line := range lines {
			word, rest, _ := strings.Cut(line, " ")
			switch word {
			case "event", "record":
				s = parseSubject(t, line)
			case "true", "false", "error":
				cases++
				got, f := s.holds(t, rest)
				line = fmt.Sprint(got, " ", rest)
				if f != nil {
					line = "error " + rest
				}
			}
			out = append(out, line)
		}
		return out, cases
	})
	t.Logf("%d cases", n)
	if n < 350 {
		t.Errorf("%d cases of evaluation, want at least 350", n)
	}
}

func TestSyntax(t *testing.T) {
	n := suite(t, "syntax", func(t *testing.T, lines []string) (out []string, cases int) {
		source := Audit()
		for _, line := range lines {
			word, rest, _ := strings.Cut(line, " ")
			switch {
			case strings.HasPrefix(line, "\t"):
				continue
			case word == "source":
				source = Audit()
				if rest == "syscall" {
					source = Syscall()
				}
			case word == "ok" || word == "no":
				cases++
				n, _, f := condition(t, source, strings.NewReplacer("␊", "\n", "␉", "\t").Replace(rest))
				if f == nil {
					out = append(out, "ok "+rest, "\t"+show(n))
					continue
				}
				out = append(out, "no "+rest, strings.TrimSuffix(fmt.Sprintf("\t%s: %s; %s", f.code, f.message, f.hint), "; "))
				continue
			}
			out = append(out, line)
		}
		return out, cases
	})
	t.Logf("%d cases", n)
	if n < 200 {
		t.Errorf("%d cases of syntax, want at least 200", n)
	}
}

// show writes a condition so that its structure can be seen.
func show(n *node) string {
	switch n.kind {
	case exprMacro:
		return n.macro.name
	case exprCompare:
		c := n.cmp
		s := "(" + c.op.String()
		if c.mod != noModifier {
			s += " " + c.mod.String()
		}
		s += " " + c.left.key
		if c.right != nil {
			s += " " + c.right.key
		}
		for _, x := range c.texts {
			s += " " + quote(x)
		}
		return s + ")"
	}
	s := "(" + [...]string{"and", "or", "not"}[n.kind]
	for _, k := range n.kids {
		s += " " + show(k)
	}
	return s + ")"
}

func TestOutput(t *testing.T) {
	n := suite(t, "output", func(t *testing.T, lines []string) (out []string, cases int) {
		var s subject
		for _, line := range lines {
			word, _, _ := strings.Cut(line, " ")
			switch {
			case strings.HasPrefix(line, "\t"):
				continue
			case word == "event" || word == "record":
				s = parseSubject(t, line)
			case line != "" && !strings.HasPrefix(line, "#"):
				cases++
				out = append(out, line, "\t"+written(s, line))
				continue
			}
			out = append(out, line)
		}
		return out, cases
	})
	if n < 40 {
		t.Errorf("%d cases of outputs, want at least 40", n)
	}
}

func written(s subject, text string) string {
	c := &collection{rep: &report{}, options: Options{}.orDefault()}
	k := newChecker(c, s.source)
	sc := &script{}
	sc.add(&origin{file: "o", text: text})
	o, f := k.output(sc)
	if f != nil {
		return strings.TrimSuffix("fault: "+f.message+"; "+f.hint, "; ")
	}
	got, fields := o.write(s.frame(k.seq, 0))
	names := map[string]any{}
	for _, f := range fields {
		names[f.Name] = f.Value
	}
	data, err := json.Marshal(names)
	if err != nil {
		return err.Error()
	}
	return got + " " + string(data)
}

// TestLoad runs archives: files whose names end in .yaml are loaded in order, events.jsonl is judged, and want is what
// comes of it.
func TestLoad(t *testing.T) {
	files, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d archives in testdata/load, want at least 60 (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, want, kept := loadCase(t, a), "", a.Files[:0:0]
			for _, f := range a.Files {
				if f.Name == "want" {
					want = string(f.Data)
				} else {
					kept = append(kept, f)
				}
			}
			if *rewrite {
				a.Files = append(kept, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("%s\n got\n%swant\n%s", a.Comment, got, want)
			}
		})
	}
}

func loadCase(t *testing.T, a *txtar.Archive) string {
	var files []File
	var b strings.Builder
	events, matching := "", All
	for _, f := range a.Files {
		switch {
		case strings.HasSuffix(f.Name, ".yaml"):
			files = append(files, File{f.Name, string(f.Data)})
		case f.Name == "events.jsonl":
			events = string(f.Data)
		case f.Name == "first":
			matching = First
		}
	}
	s, notices := Load(files, Options{})
	for _, n := range notices {
		fmt.Fprintf(&b, "%s [%s]\n", n, n.Code)
	}
	for _, r := range s.Rules {
		fmt.Fprintf(&b, "rule %s: %s", r.Name, show(r.cond))
		if !r.Enabled {
			b.WriteString(" disabled")
		}
		fmt.Fprintf(&b, " %s %v\n", r.Priority, r.Tags)
	}
	for line := range strings.Lines(events) {
		var ev event.Audit
		if err := ev.Decode(line); err != nil {
			t.Fatal(err)
		}
		p, err := s.Plan("k8s_audit", RunOptions{Matching: matching, Cluster: "lab"})
		if err != nil {
			fmt.Fprintf(&b, "%v\n", err)
			break
		}
		r := p.NewRunner()
		b.WriteString("event\n")
		for _, m := range r.Audit(&ev) {
			alert := r.Alert(m)
			fmt.Fprintf(&b, "  %s: %s\n", alert.Rule, alert.Output)
		}
	}
	return b.String()
}

// TestHostileFiles checks that rule files made to grow beyond measure load in time.
func TestHostileFiles(t *testing.T) {
	double := func(one, join string) string { // each macro names the one before twice
		var b strings.Builder
		fmt.Fprintf(&b, "- macro: m0\n  condition: %s\n", one)
		for i := 1; i < 60; i++ {
			fmt.Fprintf(&b, "- macro: m%d\n  condition: m%d %s m%d\n", i, i-1, join, i-1)
		}
		return b.String() + "- rule: r\n  desc: d\n  condition: m59\n  output: o\n  priority: INFO\n  source: k8s_audit\n"
	}
	var lists strings.Builder
	lists.WriteString("- list: l0\n  items: [a, b, c, d, e, f, g, h]\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&lists, "- list: l%d\n  items: [l%d, l%d]\n", i, i-1, i-1)
	}
	lists.WriteString("- rule: r\n  desc: d\n  condition: ka.verb in (l39)\n  output: o\n  priority: INFO\n  source: k8s_audit\n")
	var a event.Audit
	if err := a.Decode(`{"stage":"x","verb":"create"}`); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"macros and": double("ka.verb = create", "and"), "macros or": double("ka.verb in (get, create)", "or"),
		"macros mixed": double("(ka.verb = create or ka.stage = x)", "and not"), "lists": lists.String(),
		"deep":    "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  source: k8s_audit\n  condition: " + strings.Repeat("(", 100000) + "\n",
		"nots":    "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  source: k8s_audit\n  condition: " + strings.Repeat("not ", 100000) + "ka.verb = x\n",
		"long":    "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  source: k8s_audit\n  condition: ka.verb = x" + strings.Repeat(" or ka.verb contains abcdefg", 30000) + "\n",
		"percent": "- rule: r\n  desc: d\n  output: " + strings.Repeat("%ka.verb", 50000) + "\n  priority: INFO\n  source: k8s_audit\n  condition: ka.verb = create\n",
	} {
		start := time.Now()
		s, notices := Load([]File{{name, text}}, Options{})
		if p, err := s.Plan("k8s_audit", RunOptions{}); err == nil {
			r := p.NewRunner()
			for _, m := range r.Audit(&a) {
				r.Alert(m)
			}
		} else if len(notices.Errors()) == 0 {
			t.Errorf("%s: no rule and no error", name)
		}
		if d := time.Since(start); d > 30*time.Second { // a hang, not a slow machine
			t.Errorf("%s: %v for %d bytes", name, d, len(text))
		} else {
			t.Logf("%s: %v", name, d)
		}
	}
}
