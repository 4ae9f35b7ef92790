package detect_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/rule"
)

// busy is a Runner that remembers something for every sort of rule.
func busy(t testing.TB, s *detect.Set) *detect.Runner {
	t.Helper()
	r := s.NewRunner()
	var a event.Audit
	for _, d := range builtin(t) {
		if d.Over == nil {
			continue
		}
		for _, e := range d.Examples() {
			moments, err := detect.ParseExample(e.Text)
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range moments {
				if m.Record == "" || i > 12 {
					continue
				}
				if err := a.Decode(m.Record); err != nil {
					t.Fatal(err)
				}
				r.Audit(&a, bartizan.Origin{File: e.Name, Line: m.Line}, func(*detect.Alert) {})
			}
		}
	}
	kept := `{"stage":"ResponseComplete","verb":"create","user":{"username":"jane"},"objectRef":{"resource":"clusterrolebindings","name":"mine"},"responseStatus":{"code":201},` +
		`"requestObject":{"roleRef":{"name":"cluster-admin"},"subjects":[{"kind":"User","name":"eve"}]},"stageTimestamp":"2026-02-01T10:00:00Z"}`
	if err := a.Decode(kept); err != nil {
		t.Fatal(err)
	}
	r.Audit(&a, bartizan.Origin{File: "log"}, func(*detect.Alert) {})
	return r
}

// TestSaveAndRestore checks that what is restored is what was saved, byte for byte, and goes on in the same way.
func TestSaveAndRestore(t *testing.T) {
	s := load(t, detect.Config{Rules: builtin(t)})
	r := busy(t, s)
	saved, err := r.Save()
	if err != nil {
		t.Fatal(err)
	}
	again := s.NewRunner()
	if anew, err := again.Restore(saved); err != nil || len(anew) > 0 {
		t.Fatalf("%v, anew %v", err, anew)
	}
	second, err := again.Save()
	if err != nil || !bytes.Equal(saved, second) {
		t.Errorf("%v\n%s\n%s", err, saved, second)
	}
	for _, kind := range []string{`"facts"`, `"values"`, `"alert"`} {
		if !strings.Contains(string(saved), kind) {
			t.Errorf("nothing with %s was saved", kind)
		}
	}
	later := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	told := func(r *detect.Runner) (all string) {
		r.Advance(later, func(a *detect.Alert) { all += fmt.Sprintf("%+v\n", *a) })
		return all
	}
	if a, b := told(r), told(again); a != b || a == "" {
		t.Errorf("told later:\n%s\nrestored:\n%s", a, b)
	}
}

// TestChangedRulesBeginAnew checks that a rule that was changed does not take up what its earlier version remembers.
func TestChangedRulesBeginAnew(t *testing.T) {
	make := func(count int) *detect.Set {
		return load(t, detect.Config{Rules: []*rule.Rule{parse(t, fmt.Sprintf("%s\nover: {within: 1h, count: %d}\n", strings.TrimSpace(secretRule), count))}})
	}
	r := make(3).NewRunner()
	saved, err := r.Save()
	if err != nil {
		t.Fatal(err)
	}
	if anew, err := make(4).NewRunner().Restore(saved); err != nil || strings.Join(anew, " ") != "test-secret" {
		t.Errorf("%v, %v", anew, err)
	}
	if anew, err := make(3).NewRunner().Restore(saved); err != nil || len(anew) > 0 {
		t.Errorf("%v, %v", anew, err)
	}
}

// TestRestoreRefuses checks that what cannot be is refused, and that the Runner then remembers nothing.
func TestRestoreRefuses(t *testing.T) {
	s := load(t, detect.Config{Rules: []*rule.Rule{parse(t, strings.TrimSpace(secretRule)+"\nover: {by: [ka.user.name], within: 1h, count: 2, memory: 2}\n")}})
	r := s.NewRunner()
	var a event.Audit
	for _, user := range []string{"a", "b"} {
		if err := a.Decode(`{"verb":"get","user":{"username":"` + user + `"},"objectRef":{"resource":"secrets"},"stageTimestamp":"2026-01-05T10:00:00Z"}`); err != nil {
			t.Fatal(err)
		}
		r.Audit(&a, bartizan.Origin{}, func(*detect.Alert) {})
	}
	data, err := r.Save()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, bad := range map[string]string{
		"nothing":     "",
		"cut":         good[:len(good)/2],
		"version":     strings.Replace(good, `"version":1`, `"version":2`, 1),
		"same key":    strings.Replace(good, `"key":"b`, `"key":"a`, 1),
		"many keys":   strings.Replace(good, `"keys":[`, `"keys":[{"key":"x","last":"0","muted":"0","since":"0"},`, 1),
		"odd time":    strings.Replace(good, `"last":"1`, `"last":"9`, 1),
		"odd step":    strings.Replace(good, `"at":`, `"step":9,"at":`, 1),
		"alert there": strings.Replace(good, `"at":`, `"alert":{},"at":`, 1),
	} {
		if bad == good {
			t.Errorf("%s: nothing was changed in %s", name, good)
		}
		again := s.NewRunner()
		if _, err := again.Restore([]byte(bad)); err == nil {
			t.Errorf("%s: is taken", name)
		}
	}
}

// FuzzRestore checks that no input makes Restore fall, and that what it takes is bounded and can be saved.
func FuzzRestore(f *testing.F) {
	var a event.Audit
	some := []*rule.Rule{}
	for i, over := range []string{"count: 3", "distinct: {field: ka.target.name, atLeast: 2}", "then: [ka.verb = list]", "absent: ka.verb = list", "first: {field: ka.target.name, learn: 1s, atMost: 2}"} {
		text := strings.Replace(strings.TrimSpace(secretRule), "test-secret", fmt.Sprintf("test-%d", i), 1)
		some = append(some, parse(f, fmt.Sprintf("%s\nover: {by: [ka.user.name], memory: 3, within: 1h, %s}\n", text, over)))
	}
	s := load(f, detect.Config{Rules: some})
	r := s.NewRunner()
	for i, user := range []string{"a", "b", "a", "eve"} {
		if err := a.Decode(fmt.Sprintf(`{"verb":"get","user":{"username":%q},"objectRef":{"resource":"secrets","name":"x"},"auditID":"%d","stageTimestamp":"2026-01-05T10:00:00Z"}`, user, i)); err != nil {
			f.Fatal(err)
		}
		r.Audit(&a, bartizan.Origin{File: "log", Line: i}, func(*detect.Alert) {})
	}
	data, err := r.Save()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"newest":"0","told":["1"],"rules":[]}`))
	if err := a.Decode(`{"stage":"ResponseComplete","verb":"get","user":{"username":"eve"},"objectRef":{"resource":"secrets","name":"x"},"responseStatus":{"code":200},"stageTimestamp":"2026-01-05T10:00:00Z"}`); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := s.NewRunner()
		if _, err := r.Restore(data); err != nil {
			return
		}
		r.Audit(&a, bartizan.Origin{}, func(*detect.Alert) {})
		r.Advance(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), func(*detect.Alert) {})
		if _, err := r.Save(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzExample checks that no text makes the reader of examples fall.
func FuzzExample(f *testing.F) {
	for _, d := range builtin(f) {
		for _, e := range d.Examples() {
			f.Add(e.Text)
		}
	}
	s := load(f, detect.Config{Rules: builtin(f)})
	f.Fuzz(func(t *testing.T, text string) {
		moments, err := detect.ParseExample(text)
		if err != nil || len(moments) > 200 {
			return
		}
		_, _ = s.Play("x", moments)
	})
}

// TestRestoreElsewhere: what one process saved another takes up, in which the rules lie elsewhere in memory.
func TestRestoreElsewhere(t *testing.T) {
	fresh := func() *detect.Set {
		var list []*rule.Rule
		for _, d := range builtin(t) {
			own := *d
			if d.Over != nil {
				over := *d.Over
				if d.Over.Absent != nil {
					absent := *d.Over.Absent
					over.Absent = &absent
				}
				own.Over = &over
			}
			list = append(list, &own)
		}
		s, notices, err := detect.New(detect.Config{Rules: list})
		if err != nil || len(notices.Errors()) > 0 {
			t.Fatal(err, notices)
		}
		return s
	}
	data, err := busy(t, fresh()).Save()
	if err != nil {
		t.Fatal(err)
	}
	if anew, err := fresh().NewRunner().Restore(data); err != nil || len(anew) > 0 {
		t.Errorf("restored in another process, these begin anew: %v (%v)", anew, err)
	}
}
