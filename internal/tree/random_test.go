package tree

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// pieces are what manifests, and their mistakes, are made of.
var pieces = []string{"a:", "b: ", "c: d", "- ", "-", "- e", "- f: g", "h", "'i'", "\"j\"", "\"k\\n\\\n", "'l\n", "m'", "n\"", "|", ">", "|-", ">+", "|2",
	"a: |", "b: >-", "- |", "# o", " # p", "[", "]", "{", "}", "[q, r]", "{s: t}", "{\"u\":v, w}", ",", ", ", "1", "yes", "~", "1.0", "x y", "z:1",
	"&a ", "*a", "!!str ", "<<: *a", "? ", ": ", "\t", "  ", "a: ", "\"b\": ", "'c' : ", "- - ", "é", "\r", "--- ", "...", "%", "@", "`", "=", "a#b", "a:b", "? a", "{a: [b, {c: }]}"}

// randomStream puts pieces on lines of random indentation.
func randomStream(r *rand.Rand) string {
	var b strings.Builder
	indent := 0
	for range 1 + r.IntN(9) {
		switch r.IntN(5) {
		case 0:
			indent = r.IntN(5)
		case 1:
			indent += 2
		case 2:
			indent = max(0, indent-2)
		}
		b.WriteString(strings.Repeat(" ", indent))
		for range r.IntN(4) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestRandomStreams holds both readers and sigs.k8s.io/yaml against each other. STREAMS sets how many.
func TestRandomStreams(t *testing.T) {
	count, seed := 20_000, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("STREAMS")); err == nil {
		count, seed = n, rand.Uint64()
	}
	r := rand.New(rand.NewPCG(seed, 0))
	taken := 0
	for range count {
		src := randomStream(r)
		docs, errs, slow, _ := parseWith(src, false)
		if len(docs) > slow && errs[0] == nil {
			taken++
		}
		if checkStream(t, src); t.Failed() {
			t.Fatalf("stream %q", src)
		}
	}
	t.Logf("the fast reader took %d of %d", taken, count)
}
