package helm

import (
	"fmt"
	"strings"
	"testing"
)

// TestAlignLarge aligns a text too large for the search: the greedy way must still trace it.
func TestAlignLarge(t *testing.T) {
	var source, text strings.Builder
	source.WriteString("{{- range .x }}\n- {{ . }}\n{{- end }}\n")
	text.WriteString("- 1\n- 2\n")
	const n = 4000
	for i := range n {
		fmt.Fprintf(&source, "k%d: v\nimage: {{ .x }}\n{{- if .off }}\nno%d: x\n{{- end }}\n", i, i)
		fmt.Fprintf(&text, "k%d: v\nimage: a:%d\n", i, i)
	}
	lines := align(source.String(), text.String())
	for i := range n {
		if got, want := lines[3+2*i], int32(4+5*i); got != want {
			t.Fatalf("k%d is from line %d, want %d", i, got, want)
		}
		if got, want := lines[4+2*i], int32(5+5*i); got != want {
			t.Fatalf("image %d is from line %d, want %d", i, got, want)
		}
	}
}

// BenchmarkAlign aligns a template of 600 lines, which is a large one.
func BenchmarkAlign(b *testing.B) {
	source := strings.Repeat("{{- with .x }}\na: b\n{{- range . }}\n- name: {{ .name }}\n  image: \"{{ .image }}:{{ .tag }}\"\n{{- end }}\n", 100)
	text := strings.Repeat("a: b\n- name: x\n  image: \"a:1\"\n- name: y\n  image: \"b:1\"\n", 100)
	for range b.N {
		align(source, text)
	}
}
