package main

import (
	"fmt"
	"slices"
	"strings"
)

// context3 is how many unchanged lines stand around a change in a diff.
const context3 = 3

// unified writes the difference of two texts as "diff -u" does, for files whose changes are few: it aligns
// them by their longest common lines within the part that differs.
func unified(name, before, after string) string {
	a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	edits := align(a, b)
	var out strings.Builder
	name = strings.TrimPrefix(name, "/")
	fmt.Fprintf(&out, "--- a/%s\n+++ b/%s\n", name, name)
	for len(edits) > 0 {
		first := slices.IndexFunc(edits, func(e lineEdit) bool { return e.op != ' ' })
		if first < 0 {
			break
		}
		from := max(first-context3, 0)
		to, gap := first, 0
		for i := first; i < len(edits) && gap <= 2*context3; i++ {
			if gap++; edits[i].op != ' ' {
				to, gap = i+1, 0
			}
		}
		hunk(&out, edits[from:min(to+context3, len(edits))])
		edits = edits[min(to+context3, len(edits)):]
	}
	return out.String()
}

// lineEdit is one line of an aligned pair of texts; a and b are its places in them, from 0.
type lineEdit struct {
	op   byte // ' ', '-' or '+'
	text string
	a, b int
}

func hunk(out *strings.Builder, edits []lineEdit) {
	var na, nb int
	for _, e := range edits {
		if e.op != '+' {
			na++
		}
		if e.op != '-' {
			nb++
		}
	}
	fmt.Fprintf(out, "@@ -%d,%d +%d,%d @@\n", edits[0].a+1, na, edits[0].b+1, nb)
	for _, e := range edits {
		out.WriteByte(e.op)
		out.WriteString(e.text)
		if !strings.HasSuffix(e.text, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// align finds the edits from a to b: a greedy walk that resynchronises at the nearest equal lines, which is
// minimal for the insertions and removals that fix makes.
func align(a, b []string) []lineEdit {
	a, b = dropEmpty(a), dropEmpty(b)
	var edits []lineEdit
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		if i < len(a) && j < len(b) && a[i] == b[j] {
			edits = append(edits, lineEdit{' ', a[i], i, j})
			i, j = i+1, j+1
			continue
		}
		di, dj := resync(a[i:], b[j:])
		for range di {
			edits = append(edits, lineEdit{'-', a[i], i, j})
			i++
		}
		for range dj {
			edits = append(edits, lineEdit{'+', b[j], i, j})
			j++
		}
	}
	return edits
}

// resync says how many lines to drop from each text to come to equal lines again.
func resync(a, b []string) (int, int) {
	for sum := 1; sum <= len(a)+len(b); sum++ {
		for di := max(0, sum-len(b)); di <= min(sum, len(a)); di++ {
			dj := sum - di
			if same(a[di:], b[dj:]) {
				return di, dj
			}
		}
	}
	return len(a), len(b)
}

// same says whether two texts go on with equal lines, two of them where there are as many.
func same(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	if a[0] != b[0] {
		return false
	}
	return len(a) == 1 || len(b) == 1 || a[1] == b[1] || strings.TrimSpace(a[0]) != ""
}

func dropEmpty(lines []string) []string {
	if n := len(lines); n > 0 && lines[n-1] == "" {
		return lines[:n-1]
	}
	return lines
}
