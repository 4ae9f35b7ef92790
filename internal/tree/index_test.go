package tree

import (
	"fmt"
	"strings"
	"testing"
)

// TestIndex finds every item of lists of all lengths, with values inside them and keys written twice.
func TestIndex(t *testing.T) {
	for _, item := range []string{"x", "{a: 1, b: [1, 2, {c: 3}]}", "{a: {b: 1, b: [2, 3]}, a: 2, c: {d: 1, d: 2}}", "[[], [1], {}]"} {
		for _, n := range []int{0, 1, 2, fewItems, fewItems + 1, 100, 1000} {
			text := "before: [1]\nlist: [" + strings.Repeat(item+", ", n) + "]\nafter: {x: [1, 2]}\n"
			for doc, err := range Parse(text, DefaultLimits()) {
				if err != nil {
					t.Fatal(err)
				}
				list, i := doc.Root().Get("list"), 0
				for c := range list.Items() {
					if got := list.Index(i); got != c || c.Position() != i || c.Path() != fmt.Sprintf("/list/%d", i) {
						t.Fatalf("%d of %d times %s: Index gives %v, Position %d, Path %s", i, n, item, got.Path(), c.Position(), c.Path())
					}
					i++
				}
				if i != n || list.Index(n).Exists() || list.Index(-1).Exists() {
					t.Fatalf("the list of %d times %s has %d items, and one behind the last", n, item, i)
				}
			}
		}
	}
}
