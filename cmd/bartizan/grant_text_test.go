package main

import (
	"strings"
	"testing"
)

// TestPainterEscapes: what a cluster names cannot command the terminal, with colours or without.
func TestPainterEscapes(t *testing.T) {
	for _, colours := range []bool{false, true} {
		p := &painter{colours: colours}
		for _, hostile := range []string{"\x1b[2J", "\x1b[31mred", "\x1b[1m\x1b]0;title\x07\x1b[0m", "\x1b[1;31;?25lx\x1b[0m", "a\x1b[0m", "\x1b[Hx\x1b[0m"} {
			if got := p.text(hostile); strings.Contains(got, "\x1b") {
				t.Errorf("colours %v: %q is printed as %q", colours, hostile, got)
			}
		}
		if got := p.text(p.bold("web")); colours && got != "\x1b[1mweb\x1b[0m" {
			t.Errorf("what was painted is printed as %q", got)
		}
	}
}
