package tree

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

func nested(n int, line string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i))
		b.WriteString(line)
	}
	return b.String()
}

// laughs is the alias bomb: each level holds nine aliases to the one before it.
func laughs(levels int) string {
	var b strings.Builder
	b.WriteString("l0: &l0 lol\n")
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(&b, "l%d: &l%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 9), ", "))
	}
	return b.String()
}

func manyKeys(n int, end string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: %d%s", i, i, end)
	}
	return b.String()
}

// TestHostileInput holds every reader to two seconds and 256 MB; refused is a part of the expected error.
func TestHostileInput(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("large inputs, with limits of time")
	}
	wide := Limits{Bytes: 1 << 30, Depth: 20000, Nodes: 4_000_000}
	many := manyKeys(1_000_000, "\n")
	for _, c := range []struct {
		name, src, refused string
		lim                Limits
	}{
		{"alias bomb", laughs(12), "Limits.Nodes", Limits{}},
		{"alias bomb in merges", "a: &a {b: c}\nd: &d {<<: [*a, *a]}\n" + strings.Repeat("- *d\n", 3), "", Limits{}},
		{"100 MB", strings.Repeat("a: bcdefg\n", 10<<20), "Limits.Bytes", Limits{}},
		{"depth of [", strings.Repeat("[", 10000), "Limits.Depth", Limits{}},
		{"depth of {", strings.Repeat("{a: ", 10000), "Limits.Depth", Limits{}},
		{"depth of JSON", strings.Repeat(`{"a":`, 10000), "Limits.Depth", Limits{}},
		{"depth of maps", nested(10000, "a:\n"), "Limits.Depth", wide1(wide, 512)},
		{"depth of lists", strings.Repeat("- ", 10000), "Limits.Depth", Limits{}},
		{"allowed depth", strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "", wide},
		{"allowed depth of maps", nested(3000, "a:\n"), "", wide},
		{"allowed depth, slow", "a: &x " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "", wide},
		{"line of 10 MB", "a: " + strings.Repeat("b", 10<<20), "", Limits{}},
		{"quoted line of 10 MB", `a: "` + strings.Repeat(`\n`, 5<<20) + `"`, "", Limits{}},
		{"flow line of 10 MB", "a: [" + strings.Repeat("bcdefghijklmnop, ", 600<<10) + "]", "", Limits{}},
		{"million keys", many, "", wide},
		{"million keys, refused", many, "Limits.Nodes", Limits{}},
		{"million keys in JSON", "{" + strings.TrimSuffix(strings.ReplaceAll(strings.ReplaceAll(manyKeys(1_000_000, ","), "k", `"k`), ":", `":`), ",") + "}", "", wide},
		{"equal keys", strings.Repeat("a: b\n", 900_000), "", Limits{}},
		{"equal keys behind others", manyKeys(300_000, "\n") + strings.Repeat("k1: 2\nk299999: 2\n", 100_000), "", Limits{}},
		{"keys of one hash", strings.Repeat("ab: c\nba: c\n", 400_000), "", Limits{}},
		{"slow keys", manyKeys(90_000, " # c\n") + "a: &x b\n", "", Limits{}},
		{"slow and large", "a: &x b\n" + strings.Repeat("c: d\n", 1<<20), "may hold", Limits{}},
		{"slow values", "a: &x [" + strings.Repeat("a,", 2<<20) + "]", "may hold", Limits{}},
		{"separators", strings.Repeat("---\n", 1<<20), "", Limits{}},
		{"texts without separators", strings.Repeat("{}\n", 1<<20), "", Limits{}},
		{"ends", strings.Repeat("...\n", 1<<20), "expected", Limits{}},
		{"comments", strings.Repeat("# c\n", 4<<20), "", Limits{}},
		{"line breaks", strings.Repeat("\n", 16<<20), "", Limits{}},
		{"NUL", "a: b\x00c\n", "U+0000", Limits{}},
		{"NULs", strings.Repeat("\x00", 8<<20), "U+0000", Limits{}},
		{"not UTF-8", "a: \xff\xfe\n", "UTF-8", Limits{}},
		{"UTF-16", "\xff\xfea\x00:\x00", "UTF-16", Limits{}},
		{"lone carriage returns", strings.Repeat("a: b\r", 10000), "", Limits{}},
		{"documents by carriage return", "a: b\r---\rc: d\r", "second document", Limits{}},
		{"open quote", "a: \"" + strings.Repeat("b\n", 1<<20), "quote", Limits{}},
		{"open quotes", "a: '" + strings.Repeat("b", 1<<20), "quote", Limits{}},
		{"open quotes in keys", strings.Repeat("\"a: b\n", 100_001), "correct the indentation", Limits{}},
		{"open bracket", "a: [" + strings.Repeat("b, ", 90000), "", Limits{}},
	} {
		t.Run(c.name, func(t *testing.T) { hostile(t, c.src, c.refused, c.lim) })
	}
}

func wide1(l Limits, depth int) Limits {
	l.Depth = depth
	return l
}

func hostile(t *testing.T, src, refused string, lim Limits) {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	var errs []error
	docs, peak := 0, uint64(0)
	for _, err := range Parse(src, lim) {
		docs++
		if err != nil && len(errs) < 2 {
			errs = append(errs, err)
		}
		if docs == 1 { // before the collector can run: what the largest document took
			runtime.ReadMemStats(&now)
			peak = now.HeapAlloc - min(before.HeapAlloc, now.HeapAlloc)
		}
	}
	took := time.Since(start)
	if took > hang { // the machine may have been busy: the second run counts
		start = time.Now()
		for range Parse(src, lim) {
		}
		took = time.Since(start)
	}
	if took > hang {
		t.Errorf("took %v", took)
	}
	if peak > 256<<20 {
		t.Errorf("took %d MB", peak>>20)
	}
	switch {
	case refused == "" && errs != nil && !strings.Contains(errs[0].Error(), "expected"):
		t.Errorf("refused: %v", errs[0])
	case refused != "" && (errs == nil || !strings.Contains(errs[0].Error(), refused)):
		t.Errorf("errors %v, want one about %q", errs, refused)
	}
}

// hang is far above what any input takes (at most about 1.5 s on two quiet cores): the test is about inputs that
// never end, not about the machine's load.
const hang = 20 * time.Second
