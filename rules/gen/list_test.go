package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// TestListIsFresh fails when a rule was added to or taken from rules/ and the list was not made anew.
func TestListIsFresh(t *testing.T) {
	want, err := generate(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../" + output)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("rules/%s is stale: run go generate ./rules. It should be:\n%s", output, want)
	}
}

func TestGenerate(t *testing.T) {
	dir := fstest.MapFS{
		"b/edge.go":   {Data: []byte("package b\nvar Jump = rule.Edge(``, nil)\n")},
		"b/two.go":    {Data: []byte("package b\nvar Two = rule.Go(``, nil)\nvar hidden = rule.Go(``, nil)\nvar Other = other.Go()\n")},
		"a/one.go":    {Data: []byte("package a\nvar (\n\tOne = rule.Go(``, nil)\n\tN = 1\n)\nconst C = 2\n")},
		"a/a_test.go": {Data: []byte("package a\nvar Test = rule.Go(``, nil)\n")},
		"a/x.rule":    {Data: []byte("id: x\n")},
		"a/sub/s.go":  {Data: []byte("package sub\nvar Deep = rule.Go(``, nil)\n")},
	}
	got, err := generate(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Code generated", importPath + "a\"", "a.One,\n\t\tb.Two,\n\t}", "goEdges() []*rule.Rule {\n\treturn []*rule.Rule{\n\t\tb.Jump,\n\t}"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	for _, not := range []string{"hidden", "Other", "Test", "Deep", "a.N"} {
		if strings.Contains(string(got), not) {
			t.Errorf("%q must not be listed:\n%s", not, got)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	for name, text := range map[string]string{"syntax": "package a\nvar", "name": "package other\n"} {
		if _, err := generate(fstest.MapFS{"a/a.go": {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), "a/a.go") {
			t.Errorf("%s: error %v does not name the file", name, err)
		}
	}
}
