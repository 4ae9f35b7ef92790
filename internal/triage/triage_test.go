package triage

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

func finding(rule, name, path string, line int) bartizan.Finding {
	return bartizan.Finding{
		Rule: rule, Subject: bartizan.Ref{Kind: "Pod", Namespace: "ns", Name: name}, Verdict: bartizan.Fail, Message: rule + " " + name,
		Evidence: []bartizan.Evidence{{Path: path, Origin: bartizan.Origin{Source: "manifest", File: "dir/a.yaml", Line: line}}},
	}
}

// TestFingerprint checks what a fingerprint survives and what it tells apart.
func TestFingerprint(t *testing.T) {
	base := finding("r", "a", "/spec/containers/0/image", 3)
	moved := finding("r", "a", "/spec/containers/7/image", 99)
	moved.Evidence[0].Origin.File = "elsewhere/b.yaml"
	if Fingerprint(base) != Fingerprint(moved) {
		t.Error("a finding that moved has another fingerprint")
	}
	for name, other := range map[string]bartizan.Finding{
		"rule": finding("s", "a", "/spec/containers/0/image", 3), "subject": finding("r", "b", "/spec/containers/0/image", 3),
		"path": finding("r", "a", "/spec/initContainers/0/image", 3),
	} {
		if Fingerprint(base) == Fingerprint(other) {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}

func TestSort(t *testing.T) {
	low, high := finding("b", "a", "", 1), finding("c", "a", "", 1)
	high.Severity = bartizan.High
	same, later := finding("b", "b", "", 1), finding("b", "a", "", 2)
	all := []bartizan.Finding{same, later, low, high}
	Sort(all)
	var got []string
	for _, f := range all {
		got = append(got, f.Rule+f.Subject.Name+string(rune('0'+f.Evidence[0].Origin.Line)))
	}
	if want := []string{"ca1", "ba1", "ba2", "bb1"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestBaseline(t *testing.T) {
	a, b := finding("r", "a", "/x", 1), finding("r", "b", "/x", 1)
	base := NewBaseline([]bartizan.Finding{a, a, b})
	data, err := base.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseBaseline(data)
	if err != nil {
		t.Fatal(err)
	}
	fresh, known, gone := read.Split([]bartizan.Finding{a, a, a, finding("r", "c", "/x", 1)})
	if len(fresh) != 2 || len(known) != 2 || gone != 1 {
		t.Errorf("%d fresh, %d known, %d gone; want 2, 2, 1", len(fresh), len(known), gone)
	}
	for _, bad := range []string{"", "{}", `{"schema":"other"}`, "[]"} {
		if _, err := ParseBaseline([]byte(bad)); err == nil {
			t.Errorf("%q is a baseline", bad)
		}
	}
}

func TestParseReason(t *testing.T) {
	for text, want := range map[string]string{
		"until=2027-01-31 loads it":       "loads it|2027-01-31",
		"loads it (until 2027-01-31)":     "loads it|2027-01-31",
		"loads it, until: 2027-01-31.":    "loads it|2027-01-31",
		"kept until the move":             "kept until the move|",
		"loads it":                        "loads it|",
		"  ":                              "|",
		"until=soon it is":                "error",
		"until: soon":                     "error",
		"x (until 2020-1-1)":              "error",
		"x until 01.01.2020":              "error",
		"x until 2020-01-01T00:00:00Z":    "error",
		"x (Until 2020-01-01)":            "x|2020-01-01",
		"x until 2020-13-01":              "error",
		"until":                           "until|",
		"until the move until 2027-01-31": "until the move|2027-01-31",
	} {
		reason, until, err := parseReason(text)
		got := reason + "|"
		if !until.IsZero() {
			got += until.Format(time.DateOnly)
		}
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestFileOrder: the fields of an exception may stand in any order.
func TestFileOrder(t *testing.T) {
	for _, text := range []string{
		"exceptions:\n- rule: r\n  until: 2020-01-01\n  reason: old\n", "exceptions: [{reason: old, rule: r, until: 2020-01-01}]",
	} {
		found, err := FromFile("x.yaml", text)
		if err != nil || len(found) != 1 || found[0].Reason != "old" || found[0].Until.Format(time.DateOnly) != "2020-01-01" {
			t.Errorf("%q: %+v, %v", text, found, err)
		}
	}
	for _, text := range []string{
		"exceptions: [{reason: old, rule: r, until: 2020}]", "exceptions: [{reason: old, rule: r, until: soon}]",
		"exceptions: [{reason: old, rule: r, until: }]", "exceptions: [{rule: r, until: 2020-01-01}]",
	} {
		if found, err := FromFile("x.yaml", text); err == nil {
			t.Errorf("%q: %+v, want an error", text, found)
		}
	}
}

func TestMatches(t *testing.T) {
	f := finding("pss-privileged", "web-1", "/spec", 5)
	for _, x := range []Exception{
		{Rule: "pss-privileged"}, {Rule: "pss-*"}, {Rule: "*", Name: "web-*"}, {Rule: "*", Kind: "Pod", Namespace: "n?"},
		{Rule: "*", File: "**/a.yaml"}, {Rule: "*", File: "dir/*"}, {Rule: "*", File: "dir/a.yaml", First: 4, Last: 5}, {Rule: "*", File: "**"},
	} {
		if !x.Matches(&f) {
			t.Errorf("%+v does not match", x)
		}
	}
	for _, x := range []Exception{
		{Rule: "pss"}, {Rule: "*", Name: "web"}, {Rule: "*", Kind: "Job"}, {Rule: "*", File: "*.yaml"},
		{Rule: "*", File: "dir/a.yaml", First: 6, Last: 9}, {Rule: "*", Namespace: "other"}, {Rule: "[", Name: "["},
	} {
		if x.Matches(&f) {
			t.Errorf("%+v matches", x)
		}
	}
}

// TestExpiry: an exception holds on its last day and not on the next.
func TestExpiry(t *testing.T) {
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	x := []Exception{{Rule: "*", Reason: "r", Until: day}}
	for offset, held := range map[time.Duration]int{12 * time.Hour: 1, 25 * time.Hour: 0, -48 * time.Hour: 1} {
		_, got, notes := Apply([]bartizan.Finding{finding("r", "a", "", 1)}, x, Rules{Ran: []string{"r"}, Known: []string{"r", "s"}}, day.Add(offset))
		if len(got) != held || held == 0 && (len(notes) != 1 || !strings.Contains(notes[0], "expired on 2026-11-21")) {
			t.Errorf("%v after the last day began: %d held, notes %v", offset, len(got), notes)
		}
	}
}

// TestCommentScope checks which lines a comment covers.
func TestCommentScope(t *testing.T) {
	text := `# bartizan:ignore whole the object
kind: Pod
apiVersion: v1
metadata: {name: a} # bartizan:ignore line this line
spec:
  # bartizan:ignore key-entry the entry
  # (and more about it)

  securityContext:
    a: 1
    b: 2
  containers:
    - name: a
      x: "# bartizan:ignore string no comment"
    # bartizan:ignore item the item
    - name: b
      y: 1
# bartizan:ignore end nothing follows
`
	want := map[string][2]int{"whole": {2, 17}, "line": {4, 4}, "key-entry": {9, 11}, "item": {16, 17}, "end": {18, 18}}
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			t.Fatal(err)
		}
		found, faults := FromComments(doc, bartizan.Origin{File: "a.yaml"})
		if len(faults) > 0 || len(found) != len(want) {
			t.Errorf("%d exceptions, want %d; faults %v", len(found), len(want), faults)
		}
		for _, x := range found {
			if got := [2]int{x.First, x.Last}; got != want[x.Rule] {
				t.Errorf("%s covers lines %v, want %v", x.Rule, got, want[x.Rule])
			}
		}
	}
}

// FuzzWritten looks for panics in the readers of exceptions.
func FuzzWritten(f *testing.F) {
	f.Add("# bartizan:ignore a,b until=2027-01-01 r\napiVersion: v1\nkind: Pod\nmetadata: {annotations: {bartizan.dev/ignore.x: y}}\n")
	f.Add("exceptions: [{rule: a, reason: b, until: 2027-01-01}]")
	f.Add("a: 1 #bartizan:ignore")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = FromFile("f.yaml", text)
		for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
			if err != nil {
				continue
			}
			FromComments(doc, bartizan.Origin{File: "f.yaml"})
			objects, _ := kube.Decode(doc, bartizan.Origin{})
			for _, o := range objects {
				FromAnnotations(o)
			}
		}
	})
}
