package falco

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// TestFile is a file of tests for rule files: events, and the rules that each of them must match.
type TestFile struct {
	Name  string
	Rules []string // the rule files, as the test file names them
	Tests []Test

	matching Matching
}

// Test is one event and what is expected of it.
type Test struct {
	Name      string
	Line      int
	audit     string // the record as JSON
	fields    Record
	source    string
	exact     bool
	rules     []string // exactly these
	match     []string // at least these
	silent    []string // none of these
	outputs   map[string]string
	outputsIn []string // the rules of outputs in the order of the file
}

// IsTestFile says whether a YAML text is a file of tests rather than one of rules or objects.
func IsTestFile(text string) bool {
	if !strings.Contains(text, "tests:") {
		return false
	}
	for d, err := range tree.Parse(text, tree.Limits{Bytes: maxFileBytes}) {
		if err != nil {
			return false
		}
		root := d.Root()
		return root.Get("tests").Exists() && root.Get("rules").Exists() && !root.Get("kind").Exists()
	}
	return false
}

// ParseTests reads a file of tests.
func ParseTests(name, text string) (*TestFile, Notices) {
	rep := &report{}
	r := &reader{collection: &collection{rep: rep}, file: name}
	t := &TestFile{Name: name}
	for d, err := range tree.Parse(text, tree.Limits{Bytes: maxFileBytes}) {
		if err != nil {
			at := place{file: name}
			if e := (*tree.SyntaxError)(nil); errors.As(err, &e) {
				at.line, at.column = e.Line, max(e.Column, 1)
			}
			rep.errorAt(at, "yaml", "", "", "", "not YAML: %v", err)
			continue
		}
		r.tests(t, d.Root())
	}
	return t, rep.sorted([]File{{Name: name}})
}

func (r *reader) tests(t *TestFile, root tree.Node) {
	if root.Kind() == tree.Invalid || root.Kind() == tree.Null {
		return
	}
	r.unknownKeys(root, "", "rules", "matching", "tests")
	t.Rules = append(t.Rules, r.texts(root.Get("rules"))...)
	switch m := root.Get("matching").Text(); m {
	case "first":
		t.matching = First
	case "", "all":
	default:
		r.rep.errorAt(r.at(root.Get("matching")), "bad-value", "", m, "write first or all", "matching is %s", quoted(m))
	}
	tests := root.Get("tests")
	if tests.Kind() != tree.List {
		r.rep.errorAt(r.at(root), "missing-key", "", "tests", "write tests: and a list", "there is no list of tests")
		return
	}
	if !tests.First().Exists() {
		r.rep.errorAt(r.at(tests), "missing-key", "", "tests", "write - name: and an event", "the list of tests is empty")
	}
	for n := range tests.Items() {
		r.test(t, n)
	}
}

// texts are the scalars of a list, or the one scalar.
func (r *reader) texts(n tree.Node) (all []string) {
	if n.Kind() != tree.List {
		if n.Exists() && n.Text() != "" {
			all = append(all, n.Text())
		}
		return all
	}
	for c := range n.Items() {
		all = append(all, c.Text())
	}
	return all
}

func (r *reader) test(t *TestFile, n tree.Node) {
	x := Test{Name: n.Get("name").Text(), rules: r.texts(n.Get("rules")), exact: n.Get("rules").Exists(), match: r.texts(n.Get("match")),
		silent: r.texts(n.Get("silent")), source: "k8s_audit"}
	x.Line, _ = n.Pos()
	item := `test "` + excerpt(x.Name) + `"`
	r.unknownKeys(n, item, "name", "event", "fields", "source", "rules", "match", "silent", "output")
	ev, fields := n.Get("event"), n.Get("fields")
	switch {
	case ev.Exists() == fields.Exists():
		r.rep.errorAt(r.at(n), "bad-test", item, "event", "", "give either event, an audit record, or fields, a map from fields to values")
		return
	case !x.exact && len(x.match) == 0 && len(x.silent) == 0:
		r.rep.errorAt(r.at(n), "bad-test", item, "rules", "write rules: [...] with all rules that must match, or match: and silent:", "nothing is expected")
		return
	case fields.Exists():
		x.source = "syscall"
		m, ok := fields.Any().(map[string]any)
		if !ok {
			r.rep.errorAt(r.at(fields), "bad-test", item, "fields", "", "fields is a %s, not a map", fields.Kind())
			return
		}
		x.fields = m
	default:
		data, err := json.Marshal(ev.Any())
		if x.audit = string(data); err != nil || ev.Kind() != tree.Map {
			r.rep.errorAt(r.at(ev), "bad-test", item, "event", "write the record as YAML or JSON", "event is no audit record")
			return
		}
	}
	if s := n.Get("source").Text(); s != "" {
		x.source = s
	}
	for o := range n.Get("output").Items() {
		if x.outputs == nil {
			x.outputs = map[string]string{}
		}
		x.outputs[o.Key()] = o.Text()
		x.outputsIn = append(x.outputsIn, o.Key())
	}
	t.Tests = append(t.Tests, x)
}

// Outcome is a test and what does not hold; no faults mean that all does.
type Outcome struct {
	Test   *Test
	Faults []string
}

// Run runs the tests on a set of rules.
func (t *TestFile) Run(s *Set) []Outcome {
	runners := map[string]*Runner{}
	var all []Outcome
	for i := range t.Tests {
		x := &t.Tests[i]
		if runners[x.source] == nil {
			p, err := s.Plan(x.source, RunOptions{Matching: t.matching})
			if err != nil {
				all = append(all, Outcome{x, []string{err.Error()}})
				continue
			}
			runners[x.source] = p.NewRunner()
		}
		all = append(all, Outcome{x, x.run(s, runners[x.source])})
	}
	return all
}

func (x *Test) run(s *Set, r *Runner) (faults []string) {
	for _, name := range slices.Concat(x.rules, x.match, x.silent, x.outputsIn) {
		switch rule := s.Find(name); {
		case rule == nil:
			fault := fmt.Sprintf("there is no rule %s", quoted(name))
			if hint := didYouMean(name, s.ruleNames()); hint != "" {
				fault += "; " + hint
			}
			faults = append(faults, fault)
		case rule.Source != x.source:
			faults = append(faults, fmt.Sprintf("rule %s is for source %s, the event is of %s", quoted(name), rule.Source, x.source))
		case !rule.Enabled && !slices.Contains(x.silent, name):
			faults = append(faults, fmt.Sprintf("rule %s is disabled", quoted(name)))
		}
	}
	if faults != nil {
		return faults
	}
	var matched []*Rule
	if x.fields != nil {
		matched = r.Record(x.fields, time.Unix(0, 0))
	} else {
		var a event.Audit
		if err := a.Decode(x.audit); err != nil {
			return []string{err.Error()}
		}
		matched = r.Audit(&a)
	}
	return x.judge(r, matched)
}

func (x *Test) judge(r *Runner, matched []*Rule) (faults []string) {
	outputs := map[string]string{}
	for _, m := range matched {
		a := r.Alert(m)
		outputs[m.Name] = a.Output
		if x.exact && !slices.Contains(x.rules, m.Name) && !slices.Contains(x.match, m.Name) {
			faults = append(faults, fmt.Sprintf("%s matches and is not expected: %s", quoted(m.Name), a.Output))
		}
		if slices.Contains(x.silent, m.Name) {
			faults = append(faults, fmt.Sprintf("%s matches and must not: %s", quoted(m.Name), a.Output))
		}
	}
	for _, name := range slices.Concat(x.rules, x.match) {
		if _, ok := outputs[name]; !ok {
			faults = append(faults, quoted(name)+" does not match")
		}
	}
	for _, name := range x.outputsIn {
		got, ok := outputs[name]
		switch want := x.outputs[name]; {
		case !ok && !slices.Contains(x.rules, name) && !slices.Contains(x.match, name):
			faults = append(faults, quoted(name)+" does not match, so that it has no output")
		case ok && got != want:
			faults = append(faults, fmt.Sprintf("output of %s\n  is     %s\n  not    %s", quoted(name), got, want))
		}
	}
	return faults
}

func (s *Set) ruleNames() []string {
	names := make([]string, len(s.Rules))
	for i, r := range s.Rules {
		names[i] = r.Name
	}
	return names
}
