package detect_test

import (
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// builtin is the built-in detections.
func builtin(t testing.TB) []*rule.Rule {
	t.Helper()
	all, err := rules.Detections()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// load makes a set that must be without fault.
func load(t testing.TB, c detect.Config) *detect.Set {
	t.Helper()
	s, notices, err := detect.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notices.Errors() {
		t.Error(n)
	}
	return s
}

// parse reads a detection.
func parse(t testing.TB, text string) *rule.Rule {
	t.Helper()
	r, err := rule.Parse("test.rule", strings.TrimLeft(text, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestExamples plays the examples of each built-in detection with all of them loaded: a failing example raises its own
// rule, a passing one does not.
func TestExamples(t *testing.T) {
	all := builtin(t)
	s := load(t, detect.Config{Rules: all})
	for _, r := range all {
		for _, e := range r.Examples() {
			moments, err := detect.ParseExample(e.Text)
			if err != nil {
				t.Errorf("%s: %s: %v", r.ID, e.Name, err)
				continue
			}
			alerts, err := s.Play(e.Name, moments)
			if err != nil {
				t.Errorf("%s: %s: %v", r.ID, e.Name, err)
			}
			raised := 0
			for _, a := range alerts {
				if a.Rule == r.ID {
					raised++
					t.Logf("%s: %s", a.Rule, a.Output)
				}
			}
			if (raised > 0) != (e.Want() == "fail") {
				t.Errorf("%s: %s: %d alerts", r.ID, e.Name, raised)
			}
		}
	}
}
