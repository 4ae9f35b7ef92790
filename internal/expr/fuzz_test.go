package expr_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse looks for panics, for expressions that only one of the parsers takes, and for values in which both
// implementations differ.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		for line := range strings.SplitSeq(file(f, name), "\n") {
			src, _, _ := strings.Cut(line, " ==> ")
			f.Add(src)
		}
	}
	b := newBoth(f, worldFile(f))
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 500 || !utf8.ValidString(src) {
			return
		}
		got, ref, differ := b.differ(src)
		if ref == "rejected" && got != "rejected" {
			differ = b.env.Parse(src) != nil // whoever checks types may refuse more
		}
		if differ {
			t.Errorf("%q: planner gives %s, reference %s", src, got, ref)
		}
	})
}

// FuzzRandom is TestRandom with another seed each time.
func FuzzRandom(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	b := newBoth(f, worldFile(f))
	f.Fuzz(func(t *testing.T, x, y uint64) {
		g := &exprGen{r: rand.New(rand.NewPCG(x, y))}
		world := g.document()
		b.world(t, world)
		for range 8 {
			g.bound = g.bound[:0]
			src := g.any(4)
			if got, ref, differ := b.differ(src); differ {
				t.Errorf("%s\n  planner   %s\n  reference %s\nover\n%s", src, got, ref, world)
			}
		}
	})
}
