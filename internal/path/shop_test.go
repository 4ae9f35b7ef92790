package path_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rules"
)

// TestShop cuts the paths of the example shop for good.
func TestShop(t *testing.T) {
	files, err := filepath.Glob("../../examples/shop/manifests/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("examples/shop has no manifests: %v", err)
	}
	var docs []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, string(text))
	}
	text := strings.Join(docs, "\n---\n")
	g := build(t, text, rules.Edges()...)
	sources, targets := g.Sources(path.SourcesInternet, path.SourcesWorkloads), g.Targets()
	c, err := g.Cut(sources, targets, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Pairs == 0 || !c.Optimal() {
		t.Errorf("%d pairs, cost %d, bound %d", c.Pairs, c.Cost, c.Bound)
	}
	after, err := path.Apply(text, c.Changes)
	if err != nil {
		t.Fatal(err)
	}
	again, err := build(t, after, rules.Edges()...).Cut(sources, targets, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again.Pairs != 0 || len(again.Uncut) > len(c.Uncut) {
		t.Errorf("%d pairs are left after the patches, %d cannot be cut (%d before)", again.Pairs, len(again.Uncut), len(c.Uncut))
	}
}
