package frameworks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

func find(t *testing.T, name string) *frameworks.Framework {
	t.Helper()
	f, err := frameworks.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func control(t *testing.T, f *frameworks.Framework, id string) frameworks.Control {
	t.Helper()
	i := slices.IndexFunc(f.Controls, func(c frameworks.Control) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("%s has no control %s", f.ID, id)
	}
	return f.Controls[i]
}

// TestTables checks what every table owes the compliance report.
func TestTables(t *testing.T) {
	names := frameworks.Names()
	if len(names) < 6 || !slices.IsSorted(names) {
		t.Fatalf("frameworks are %v; want at least six, sorted", names)
	}
	owner := map[string]string{} // an alias or id is one framework's
	for _, name := range names {
		f := find(t, name)
		if f.ID != name || f.Title == "" || f.Version == "" || !strings.HasPrefix(f.Source, "https://") {
			t.Errorf("%s: id %q, title %q, version %q, source %q", name, f.ID, f.Title, f.Version, f.Source)
		}
		for _, a := range append([]string{f.ID}, f.Aliases...) {
			if owner[a] != "" {
				t.Errorf("%s is a name of both %s and %s", a, owner[a], f.ID)
			}
			owner[a] = f.ID
		}
		seen := map[string]bool{}
		for _, c := range f.Controls {
			if c.ID == "" || seen[c.ID] {
				t.Errorf("%s lists control %q twice, or it is empty", name, c.ID)
			}
			seen[c.ID] = true
			if len(strings.Fields(c.Title)) == 0 || c.Title != strings.TrimSpace(c.Title) {
				t.Errorf("%s %s has the title %q", name, c.ID, c.Title)
			}
			if c.From == "" {
				t.Errorf("%s %s is from nowhere", name, c.ID)
			}
		}
	}
}

func TestControls(t *testing.T) {
	tests := map[string]map[string]int{ // how many controls begin so
		"cis-1.12": {
			"1.": 60, "2.": 7, "3.": 5, "4.": 25, "5.": 34, "": 131,
			"1.1.": 21, "1.2.": 30, "1.3.": 7, "1.4.": 2, "4.1.": 10, "4.2.": 14, "4.3.": 1, "5.1.": 13, "5.2.": 12,
		},
		"nsa-cisa":       {"": 23},
		"attack":         {"T1": len(find(t, "attack").Controls), "T1611": 1, "T1610": 1, "T1609": 1, "T1613": 1},
		"ms-matrix":      {"MS-TA90": 40, "": 40}, // 9032 was withdrawn
		"pss-baseline":   {"": 12},
		"pss-restricted": {"": 15},
	}
	for name, prefixes := range tests {
		f := find(t, name)
		for prefix, want := range prefixes {
			got := 0
			for _, c := range f.Controls {
				if strings.HasPrefix(c.ID, prefix) {
					got++
				}
			}
			if got != want {
				t.Errorf("%s has %d controls that begin with %q; want %d", name, got, prefix, want)
			}
		}
	}
}

// TestIncludes checks inclusion on the framework that uses it: restricted is baseline with some of it replaced.
func TestIncludes(t *testing.T) {
	f := find(t, "pss-restricted")
	if got := control(t, f, "privileged").From; got != "pss-baseline" {
		t.Errorf("privileged is from %s; want it included from pss-baseline", got)
	}
	if got := control(t, f, "seccomp"); got.From != "pss-restricted" || got.Title == control(t, find(t, "pss-baseline"), "seccomp").Title {
		t.Errorf("seccomp is from %s with the title %q; want restricted's own in the place of baseline's", got.From, got.Title)
	}
	control(t, find(t, "pss-baseline"), "host-path-volumes")
	if slices.ContainsFunc(f.Controls, func(c frameworks.Control) bool { return c.ID == "host-path-volumes" }) {
		t.Error("pss-restricted lists host-path-volumes, which it leaves out (without)")
	}
}

// TestJudges checks that a rule judges an included control by its mapping to the framework that is included.
func TestJudges(t *testing.T) {
	f := find(t, "pss-restricted")
	base := &rule.Rule{Maps: []rule.Mapping{{Framework: "pss-baseline", Control: "privileged"}}}
	weak := &rule.Rule{Maps: []rule.Mapping{{Framework: "pss-baseline", Control: "seccomp"}}}
	if !f.Uses(base) || !control(t, f, "privileged").Judges(base) {
		t.Error("a rule for baseline's privileged does not judge restricted's")
	}
	if f.Uses(weak) {
		t.Error("a rule for baseline's seccomp judges restricted, which replaces that control")
	}
}

func TestFind(t *testing.T) {
	aliases := map[string]string{
		"cis": "cis-1.12", "nsa": "nsa-cisa", "mitre": "attack", "microsoft": "ms-matrix", "ms": "ms-matrix",
		"pss": "pss-restricted", "restricted": "pss-restricted", "baseline": "pss-baseline", "cis-1.12": "cis-1.12",
	}
	for alias, want := range aliases {
		if got := find(t, alias).ID; got != want {
			t.Errorf("%s finds %s; want %s", alias, got, want)
		}
	}
	for _, unknown := range []string{"", "CIS", "cis-9", "../frameworks", "cis-1.12.yaml"} {
		_, err := frameworks.Find(unknown)
		if err == nil || !strings.Contains(err.Error(), "unknown") || !strings.Contains(err.Error(), "cis-1.12, ") {
			t.Errorf("finding %q says %v; want that it is unknown and which there are", unknown, err)
		}
	}
}

// TestNotes checks that a note, where there is one, gives a reason.
func TestNotes(t *testing.T) {
	for _, name := range frameworks.Names() {
		for _, c := range find(t, name).Controls {
			if c.Note != "" && len(strings.Fields(c.Note)) < 4 {
				t.Errorf("%s %s: the note %q does not say why", name, c.ID, c.Note)
			}
		}
	}
}

// TestDecides checks that the rules that are said to decide a control exist and judge it.
func TestDecides(t *testing.T) {
	all, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range frameworks.Names() {
		f, err := frameworks.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range f.Controls {
			for _, glob := range c.Decides {
				checked++
				one := frameworks.Control{Decides: []string{glob}}
				if !slices.ContainsFunc(all, func(r *rule.Rule) bool { return c.Judges(r) && one.DecidedBy(r) }) {
					t.Errorf("%s %s: no rule that judges it is named %s", name, c.ID, glob)
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no control names the rules that decide it")
	}
}
