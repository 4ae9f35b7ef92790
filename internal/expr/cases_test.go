package expr_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestCases runs the expressions in testdata/*.txt, one a line: by the planner and by cel-go in the API
// server's environment, which must agree. A line "EXPRESSION ==> OUTCOME" pins the outcome, too. The variables
// of NAME.txt are in NAME.yaml, or else in world.yaml.
func TestCases(t *testing.T) {
	b := newBoth(t, worldFile(t))
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		own := strings.TrimSuffix(name, ".txt") + ".yaml"
		if found, _ := filepath.Glob(own); len(found) == 0 {
			own = "testdata/world.yaml"
		}
		b.world(t, file(t, own))
		for i, line := range strings.Split(file(t, name), "\n") {
			src, want, pinned := strings.Cut(line, " ==> ")
			if src = strings.TrimSpace(src); src != "" && src[0] != '#' {
				n++
				b.check(t, name, i+1, src, strings.TrimSpace(want), pinned)
			}
		}
	}
	if n < 400 {
		t.Errorf("only %d cases were run", n)
	}
}

func (b *both) check(t *testing.T, name string, line int, src, want string, pinned bool) {
	got, ref := b.planned(src), b.reference(src)
	switch {
	case ref == "rejected":
		// The checker refuses what is of the wrong type whatever the variables hold; the planner
		// checks no types. What is no CEL at all both must refuse.
		if b.env.Parse(src) != nil && got != "rejected" {
			t.Errorf("%s:%d: %s: planner gives %s for what does not parse", name, line, src, got)
		}
	case got == "unsupported" && want != got:
		t.Errorf("%s:%d: %s is outside the subset", name, line, src)
	case got != ref && want != "unsupported":
		t.Errorf("%s:%d: %s: planner gives %s, reference %s", name, line, src, got, ref)
	}
	if pinned && strings.TrimSpace(got) != want {
		t.Errorf("%s:%d: %s: gives %s, want %s", name, line, src, got, want)
	}
}
