package falco

import "strings"

// The characters of the language. They are tested one by one; text is cut where the test ends.

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }

// bareByte says whether c may stand in a value without quotes.
func bareByte(c byte) bool {
	switch c {
	case ' ', '\b', '\t', '\n', '\r', '\v', '\f', '(', ')', ',', '=', '"', '\'':
		return false
	}
	return true
}

// argByte says whether c may stand in a field's argument without quotes.
func argByte(c byte) bool {
	switch c {
	case ' ', '\b', '\t', '\n', '\r', '\v', '\f', '[', ']', '"', '\'':
		return false
	}
	return true
}

func isBare(s string) bool {
	for i := range len(s) {
		if !bareByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return s != "" && isLetter(s[0])
}

// wordEnd is the index behind the letters, digits and underscores that begin at s[i] with a letter; i if none do.
func wordEnd(s string, i int) int {
	if i >= len(s) || !isLetter(s[i]) {
		return i
	}
	for i < len(s) && isWord(s[i]) {
		i++
	}
	return i
}

// fieldEnd is the index behind the dotted name that begins at s[i]; i if there is none with a dot in it.
func fieldEnd(s string, i int) int {
	end := wordEnd(s, i)
	dotted := false
	for end < len(s) && s[end] == '.' {
		next := wordEnd(s, end+1)
		if next == end+1 {
			break
		}
		end, dotted = next, true
	}
	if !dotted {
		return i
	}
	return end
}

func spanEnd(s string, i int, in func(byte) bool) int {
	for i < len(s) && in(s[i]) {
		i++
	}
	return i
}

// numberEnd is the index behind the decimal or hexadecimal number that begins at s[i]; i if there is none.
func numberEnd(s string, i int) int {
	if i+2 < len(s) && s[i] == '0' && s[i+1]|0x20 == 'x' {
		if end := spanEnd(s, i+2, func(c byte) bool { return isDigit(c) || isLetter(c) }); end > i+2 {
			return end
		}
	}
	j := i
	if j < len(s) && (s[j] == '+' || s[j] == '-') {
		j++
	}
	end := spanEnd(s, j, isDigit)
	if end == j {
		return i
	}
	if end < len(s) && s[end] == '.' {
		end = spanEnd(s, end+1, isDigit)
	}
	if end+2 < len(s) && s[end]|0x20 == 'e' && (s[end+1] == '+' || s[end+1] == '-') && isDigit(s[end+2]) {
		end = spanEnd(s, end+2, isDigit)
	}
	return end
}

// quotedEnd is the index behind the text in quotes that begins at s[i]; -1 if the closing quote is missing.
func quotedEnd(s string, i int) int {
	q := s[i]
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case q:
			return j + 1
		}
	}
	return -1
}

// unquote resolves a text in quotes. bad is the escape that is unknown, at an offset in the text.
func unquote(s string) (text, bad string, at int) {
	q := s[0]
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s, "", 0
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; {
		case c == 'b':
			b.WriteByte('\b')
		case c == 'f':
			b.WriteByte('\f')
		case c == 'n':
			b.WriteByte('\n')
		case c == 'r':
			b.WriteByte('\r')
		case c == 't':
			b.WriteByte('\t')
		case c == ' ' || c == '\\': // Falco reads a backslash and a blank as a backslash
			b.WriteByte('\\')
		case c == '/' || c == q:
			b.WriteByte(c)
		default:
			return "", s[i-1 : i+1], i
		}
	}
	return b.String(), "", 0
}

// quote puts a text in quotes so that unquote gives it back.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
