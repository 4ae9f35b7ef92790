package sink

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// mdText makes a text plain in Markdown: it is neither markup nor HTML, mentions nobody and links nowhere.
// What could be any of these is written as a character reference, and an empty comment behind an @ or a #
// keeps GitHub from reading on.
func mdText(s string) string {
	s = Printable(s)
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '@' || r == '#':
			fmt.Fprintf(&b, "&#%d;<!-- -->", r)
		case strings.ContainsRune("&<>`*_[]!|~$\\", r), r == ':' && !strings.HasPrefix(s[i+1:], " "), r == '.' && strings.EqualFold(s[max(i-3, 0):i], "www"):
			fmt.Fprintf(&b, "&#%d;", r)
		case i == 0 && strings.ContainsRune("+-.0123456789", r):
			fmt.Fprintf(&b, "&#%d;", r) // would begin a list
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mdCode makes a text a code span. In a table a bar must be escaped even there.
func mdCode(s string, inTable bool) string {
	s = Printable(s)
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	if inTable {
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	return fence + s + fence
}

// mdProse keeps the code spans of a rule's prose and nothing else of its markup.
func mdProse(prose string) string {
	parts := strings.Split(strings.Join(strings.Fields(prose), " "), "`")
	var b strings.Builder
	for i, p := range parts {
		if i%2 == 1 && i < len(parts)-1 {
			b.WriteString(mdCode(p, false))
			continue
		}
		b.WriteString(mdText(p))
	}
	return b.String()
}

// mdPlace is a file and a line, with a space behind.
func mdPlace(o bartizan.Origin) string {
	if o.File == "" {
		return ""
	}
	return mdCode(clipLeft(Printable(at(o)), 300), false) + " "
}
