package rule_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/rule"
)

const good = `id: own-a
title: A
severity: high
on: [Pod, Service]
maps: {attack: [T1, T2]}
params: {list: [a, b], n: 3, s: {default: x, doc: why}}
why: Because.
references: [https://example.org]
find: "true"
at: spec/a
message: m
fix: [{op: set, path: a/b, value: {c: [1]}}, {op: remove, path: /d}]
unsafe: know it
safeWhen: "true"
redact: true
-- fail/a.yaml --
x: 1
-- pass/b.yaml --
y: 2
`

func TestParse(t *testing.T) {
	r, err := rule.Parse("a.rule", good)
	if err != nil {
		t.Fatal(err)
	}
	if r.ID != "own-a" || len(r.On) != 2 || len(r.Maps) != 2 || len(r.Params) != 3 || len(r.Fix) != 2 || !r.Redact {
		t.Errorf("%+v", r)
	}
	if x := r.Examples(); len(x) != 2 || x[0].Want() != "fail" || x[1].Text != "y: 2\n" {
		t.Errorf("%+v", x)
	}
	if p := r.Params[2]; p.Default != "x" || p.Doc != "why" {
		t.Errorf("%+v", p)
	}
}

// TestParseFaults checks that every fault is told with its line.
func TestParseFaults(t *testing.T) {
	for from, want := range map[string]string{
		"id: own-a>id: Own_A":                       "a.rule:1: id \"Own_A\" must be lower-case words",
		"title: A>tittle: A":                        "a.rule:2: unknown field \"tittle\"",
		"severity: high>severity: huge":             "a.rule:3: severity \"huge\" is unknown",
		"severity: high>severity:":                  "a.rule:3: severity is a null",
		"why: Because.>why: ''":                     "why is missing",
		"find: \"true\">find: [a]":                  "a.rule:9: find is a list, not a text",
		"find: \"true\">variants: [{since: x}]":     "a.rule:9: variant: since",
		"find: \"true\">variants: [{since: '1.2'}]": "either find or gone",
		"op: set>op: put":                           "a.rule:12: fix: op \"put\" is unknown",
		"redact: true>redact: 3":                    "a.rule:15: redact must be true or false",
		"find: \"true\"\n>":                         "find is missing",
		"title: A>title: A\ntitle: B":               "a.rule:3: title is written twice",
		"title: A>title: [":                         "a.rule:",
		"on: [Pod, Service]\n>":                     "on is missing",
		"unsafe: know it\n>":                        "safeWhen makes an exception",
		"n: 3>num: null":                            "a.rule:6: parameter num must be",
		"find: \"true\">find: a\nvariants: [{since: '1.0', gone: true}]": "find or variants, not both",
	} {
		a, b, _ := strings.Cut(from, ">")
		_, err := rule.Parse("a.rule", strings.Replace(good, a, b, 1))
		var e *rule.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q instead of %q: got %v, want %s", b, a, err, want)
		}
	}
	if _, err := rule.Parse("a.rule", ""); err == nil {
		t.Error("an empty file is a rule")
	}
}

func TestVersions(t *testing.T) {
	for text, want := range map[string]string{"1.30": "1.30", "v1.9": "1.9", "1.30.4": "1.30", "1.27+": "1.27", "latest": rule.Latest.String()} {
		if v, err := rule.ParseVersion(text); err != nil || v.String() != want {
			t.Errorf("ParseVersion(%s) = %v, %v", text, v, err)
		}
	}
	for _, text := range []string{"", "1", "one.two", "-1.2", "1.x"} {
		if v, err := rule.ParseVersion(text); err == nil {
			t.Errorf("ParseVersion(%s) = %v", text, v)
		}
	}
	if !(rule.Version{Major: 1, Minor: 9}).Less(rule.Version{Major: 1, Minor: 10}) {
		t.Error("1.9 is not less than 1.10")
	}
}

// TestFind picks the variant of a target version.
func TestFind(t *testing.T) {
	r := rule.Rule{Variants: []rule.Variant{
		{Since: rule.Version{Major: 1, Minor: 8}, Find: "old"},
		{Since: rule.Version{Major: 1, Minor: 25}, Find: "new"},
		{Since: rule.Version{Major: 1, Minor: 30}, Gone: true},
	}}
	for minor, want := range map[int]string{7: "", 8: "old", 24: "old", 25: "new", 29: "new", 30: "", 99: ""} {
		got, ok := r.Find(rule.Version{Major: 1, Minor: minor})
		if ok != (want != "") || ok && got != want {
			t.Errorf("1.%d: %q, %v; want %q", minor, got, ok, want)
		}
	}
}

// FuzzParse looks for panics in the reader of rule files.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("id: a\nvariants: [{since: \"1.2\", find: x}]\n-- a --\n")
	f.Add("-- a --\n-- ")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := rule.Parse("f.rule", text)
		if err == nil {
			r.Examples()
		} else if err.Error() == "" {
			t.Error("an error says nothing")
		}
	})
}
