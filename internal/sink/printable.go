package sink

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes a text from the input safe to show on one line of a terminal: control characters, line
// breaks, what turns the direction of writing, what is invisible and what is not UTF-8 are written as
// escapes such as \x1b and \u202e. Text that needs none of that, of any script, stays as it is.
func Printable(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case shown(r):
			b.WriteRune(r)
		default:
			b.WriteString(escapeRune(r))
		}
		i += size
	}
	return b.String()
}

// plain says that a text is ASCII with nothing to escape, the common case.
func plain[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// shown says whether a rune may reach a terminal as it is.
func shown(r rune) bool {
	return strconv.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

func escapeRune(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == '\r':
		return `\r`
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// wide holds the first and the last rune of the blocks whose characters take two columns.
var wide = [...][2]rune{
	{0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0x33FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA000, 0xA4CF},
	{0xA960, 0xA97F}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6},
	{0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
}

// runeWidth is the number of columns that a rune takes.
func runeWidth(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	for _, block := range wide {
		if r < block[0] {
			return 1
		}
		if r <= block[1] {
			return 2
		}
	}
	return 1
}

// columns is the number of columns that a printable text takes.
func columns(s string) int {
	if plain(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// clip shortens a printable text to a number of columns; what is left out shows as an ellipsis.
func clip(s string, most int) string {
	if columns(s) <= most {
		return s
	}
	n := 1
	for i, r := range s {
		if n += runeWidth(r); n > most {
			return s[:i] + "…"
		}
	}
	return s
}

// clipLeft is clip from the other side, for paths, whose end says most.
func clipLeft(s string, most int) string {
	over := columns(s) - most
	if over <= 0 {
		return s
	}
	over++ // for the ellipsis
	for i, r := range s {
		if over <= 0 {
			return "…" + s[i:]
		}
		over -= runeWidth(r)
	}
	return "…"
}
