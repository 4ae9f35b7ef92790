package tree

import (
	"strings"
	"unicode/utf8"
)

// byteClass sorts the bytes of a stream: 0 harmless, 1 needs a look.
var byteClass = func() (t [256]uint8) {
	for i := range t {
		if i < ' ' && i != '\t' && i != '\n' || i >= 0x7f {
			t[i] = 1
		}
	}
	return t
}()

// check refuses what no YAML reader takes (NUL and other control characters, bytes that are not UTF-8) and
// notes line breaks that only YAML 1.1 knows.
func (p *parser) check(c *chunk) error {
	s := p.src[:c.stop]
	at := max(c.start, p.checked)
	if at == 0 {
		if strings.HasPrefix(s, "\xfe\xff") || strings.HasPrefix(s, "\xff\xfe") {
			return p.errorAt(0, "the text is UTF-16: convert it to UTF-8")
		}
		if strings.HasPrefix(s, byteOrderMark) {
			at = len(byteOrderMark)
		}
	}
	for at < len(s) {
		b := s[at]
		if byteClass[b] == 0 {
			at++
			continue
		}
		if b == '\r' {
			if at+1 == len(p.src) || p.src[at+1] != '\n' {
				p.wildAt = at
			}
			at++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			return p.errorAt(at, "the byte 0x%02x is not UTF-8 text: convert the file to UTF-8", b)
		case r == 0x85, r == 0x2028, r == 0x2029, r == 0xfeff:
			p.wildAt = at
		case r < 0xa0, r == 0xfffe, r == 0xffff:
			return p.errorAt(at, "the control character U+%04X is not allowed: write it as an escape in double quotes", r)
		}
		at += size
	}
	p.checked = at
	c.wild = p.wildAt >= c.start
	return nil
}
