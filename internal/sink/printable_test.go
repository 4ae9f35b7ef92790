package sink

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"web-1":               "web-1",
		"\x1b[31m":            `\x1b[31m`,
		"a\nb\tc\rd":          `a\nb\tc\rd`,
		"\u009b31m":           `\x9b31m`,
		"\x7f\x00":            `\x7f\x00`,
		"\u202eabc\u2066":     `\u202eabc\u2066`,
		"z\u200bero\ufeff":    `z\u200bero\ufeff`,
		"\xff":                `\xff`,
		"\u2028":              `\u2028`,
		"\U000e0041":          `\U000e0041`,
		"データ移行 é å ünïcode ✖": "データ移行 é å ünïcode ✖",
		"\u3164":              `\u3164`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, n := range hostileNames {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := Printable(s)
		if !utf8.ValidString(p) {
			t.Fatalf("%q is not UTF-8", p)
		}
		if Printable(p) != p {
			t.Fatalf("%q changes again", p)
		}
		for _, r := range p {
			if !shown(r) {
				t.Fatalf("%q holds %q", p, r)
			}
		}
		if c := clip(p, 10); columns(c) > 10 {
			t.Fatalf("clip: %q has %d columns", c, columns(c))
		}
		if c := clipLeft(p, 10); columns(c) > 11 {
			t.Fatalf("clipLeft: %q has %d columns", c, columns(c))
		}
		for _, l := range wrap(p, 20) {
			if columns(l) > 20 && strings.ContainsAny(l, " ") {
				t.Fatalf("wrap: %q has %d columns and could be broken", l, columns(l))
			}
		}
	})
}

func FuzzEscapes(f *testing.F) {
	for _, n := range hostileNames {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if h := escape(s); strings.ContainsAny(h, "<>\"'\n") {
			t.Fatalf("escape(%q) = %q", s, h)
		}
		if m := strings.ReplaceAll(mdText(s), "<!-- -->", ""); strings.ContainsAny(m, "<>`*_[]!|~$\\\n@") || strings.Contains(m, "://") {
			t.Fatalf("mdText(%q) = %q", s, m)
		}
		checkCodeSpan(t, s)
		if c := csvCell(s); c != "" && strings.ContainsRune("=+-@", []rune(strings.TrimLeft(c, " ") + " ")[0]) {
			t.Fatalf("csvCell(%q) = %q", s, c)
		}
	})
}

// checkCodeSpan reads a code span as CommonMark does: it ends at the first run of as many backticks.
func checkCodeSpan(t *testing.T, s string) {
	code := mdCode(s, false)
	if code == "" {
		return
	}
	n := len(code) - len(strings.TrimLeft(code, "`"))
	inner := code[n:]
	for i := 0; i < len(inner); {
		run := len(inner[i:]) - len(strings.TrimLeft(inner[i:], "`"))
		if run == n {
			if i+run != len(inner) {
				t.Fatalf("mdCode(%q) = %q ends too soon", s, code)
			}
			return
		}
		i += max(run, 1)
	}
	t.Fatalf("mdCode(%q) = %q does not end", s, code)
}

func TestColumns(t *testing.T) {
	for s, want := range map[string]int{"abc": 3, "移行": 4, "é": 1, "e\u0301": 1, "✖ x": 3, "🔴": 2, "한글": 4} {
		if got := columns(s); got != want {
			t.Errorf("columns(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestFirstSentence(t *testing.T) {
	for prose, want := range map[string]string{
		"One. Two.":                        "One.",
		"A file, e.g. one.\nThat is\nall.": "A file, e.g. one.",
		"kube-system/1.2 is\n  it":         "kube-system/1.2 is it",
		"":                                 "",
	} {
		if got := firstSentence(prose); got != want {
			t.Errorf("firstSentence(%q) = %q, want %q", prose, got, want)
		}
	}
}
