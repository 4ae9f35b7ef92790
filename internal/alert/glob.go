package alert

import "strings"

// Glob matches a text against a pattern in which * stands for any text, also with slashes in it, and ? for one
// byte; a backslash takes the next byte as it is. The empty pattern matches everything.
func Glob(pattern, s string) bool {
	if pattern == "" || pattern == "*" {
		return true
	}
	star, mark := -1, 0 // where the last * stands, and up to where it has been taken to reach
	p, i := 0, 0
	for i < len(s) {
		switch next, width := element(pattern, p); {
		case width > 0 && next == '*' && width == 1:
			star, mark = p, i
			p++
		case width > 0 && (next == s[i] && (width == 2 || next != '?') || next == '?' && width == 1):
			p += width
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// element is the byte that stands at a place of a pattern, and the width of its writing; 0 at the end.
func element(pattern string, p int) (c byte, width int) {
	switch {
	case p >= len(pattern):
		return 0, 0
	case pattern[p] == '\\' && p+1 < len(pattern):
		return pattern[p+1], 2
	}
	return pattern[p], 1
}

// Literal is the pattern that matches just a text.
func Literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
