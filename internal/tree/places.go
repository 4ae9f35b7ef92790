package tree

import (
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// places turns the general parser's lines and columns into byte offsets. That parser counts columns in
// characters, and lines by the line breaks of YAML 1.1.
type places struct {
	text  string   // the stream up to the end of the document
	lines []uint32 // where each line begins
	line  int      // the last answer, from which the next one on the same line is found
	col   int
	at    int
}

func newPlaces(src string, c *chunk) places {
	p := places{text: src[:c.stop]}
	at := c.start
	if at == 0 && strings.HasPrefix(src, byteOrderMark) {
		at = len(byteOrderMark)
	}
	p.lines = append(make([]uint32, 0, 2+strings.Count(p.text[at:], "\n")), uint32(at))
	for at < len(p.text) {
		n := breakLen(p.text, at)
		if n == 0 {
			at++
			continue
		}
		at += n
		p.lines = append(p.lines, uint32(at))
	}
	return p
}

// breakLen is the length of the line break at an offset; 0 if there is none.
func breakLen(s string, at int) int {
	switch s[at] {
	case '\n':
		return 1
	case '\r':
		if at+1 < len(s) && s[at+1] == '\n' {
			return 2
		}
		return 1
	case 0xc2:
		if strings.HasPrefix(s[at:], "\u0085") {
			return 2
		}
	case 0xe2:
		if strings.HasPrefix(s[at:], "\u2028") || strings.HasPrefix(s[at:], "\u2029") {
			return 3
		}
	}
	return 0
}

func (p *places) offset(line, column int) int {
	if line < 1 || line > len(p.lines) {
		return len(p.text)
	}
	if line != p.line || column < p.col {
		p.line, p.col, p.at = line, 1, int(p.lines[line-1])
	}
	for p.col < column && p.at < len(p.text) {
		if p.text[p.at] < utf8.RuneSelf {
			p.at++
		} else {
			_, n := utf8.DecodeRuneInString(p.text[p.at:])
			p.at += n
		}
		p.col++
	}
	return p.at
}

// skipOwn skips the anchor and the tag of a map or list.
func (p *places) skipOwn(n *yaml.Node, off int) int {
	anchor, tag := n.Anchor != "", n.Style&yaml.TaggedStyle != 0
	for off < len(p.text) && (anchor || tag) {
		switch {
		case anchor && p.text[off] == '&':
			off += 1 + len(n.Anchor)
			anchor = false
		case tag && p.text[off] == '!':
			off = p.skipWord(off)
			tag = false
		default:
			return off
		}
		off = p.skipSpace(off, "")
	}
	return off
}

// skipProperties skips the anchor and the tag of a scalar. Bare says that the tag is a lone !, of which the
// general parser's tree holds no trace.
func (p *places) skipProperties(off int, n *yaml.Node) (at int, bare bool) {
	empty := n.Value == "" && isPlain(n)
	anchor, tag := n.Anchor != "", true
	last := off // behind the last property
	for at = off; at < len(p.text); at = p.skipSpace(last, "") {
		switch c := p.text[at]; {
		case anchor && c == '&':
			anchor, last = false, at+1+len(n.Anchor)
			continue
		case tag && c == '!':
			word := p.skipWord(at)
			lone := word == at+1
			if !lone && n.Style&yaml.TaggedStyle == 0 || empty && last > off && lone && !p.alone(last, word) {
				break // it is the tag of what follows an empty scalar
			}
			tag, last, bare = false, word, lone
			continue
		}
		break
	}
	if empty {
		return last, bare
	}
	return at, bare
}

// alone says whether the word that ends at an offset stands on the line of what is before it, or has a line
// of its own.
func (p *places) alone(before, end int) bool {
	const breaks = "\r\n\u0085\u2028\u2029"
	next := p.skipSpace(end, "")
	return !strings.ContainsAny(p.text[before:end], breaks) || next == len(p.text) || strings.ContainsAny(p.text[end:next], breaks)
}

// isPlain says whether a scalar has no quotes and is not a block scalar.
func isPlain(n *yaml.Node) bool {
	return n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

func (p *places) skipWord(at int) int {
	for at < len(p.text) && p.text[at] != ' ' && p.text[at] != '\t' && breakLen(p.text, at) == 0 {
		at++
	}
	return at
}

// skipSpace skips blanks, line breaks, comments and the given further characters.
func (p *places) skipSpace(at int, more string) int {
	for at < len(p.text) {
		switch c := p.text[at]; {
		case c == ' ', c == '\t', strings.IndexByte(more, c) >= 0:
			at++
		case c == '#':
			for at < len(p.text) && breakLen(p.text, at) == 0 {
				at++
			}
		default:
			n := breakLen(p.text, at)
			if n == 0 {
				return at
			}
			at += n
		}
	}
	return at
}

// flowEnd is where a flow map or list ends whose last part ends at an offset.
func (p *places) flowEnd(at int, closer byte) int {
	at = p.skipSpace(at, ",:?")
	if at < len(p.text) && p.text[at] == closer {
		at++
	}
	return at
}

// scalarEnd is where a scalar that begins at an offset ends.
func (p *places) scalarEnd(off int, n *yaml.Node) int {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for at := off + 1; at < len(p.text); at++ {
			switch p.text[at] {
			case '\\':
				at++
			case '"':
				return at + 1
			}
		}
	case n.Style&yaml.SingleQuotedStyle != 0:
		for at := off + 1; at < len(p.text); at++ {
			if p.text[at] != '\'' {
				continue
			}
			if at+1 == len(p.text) || p.text[at+1] != '\'' {
				return at + 1
			}
			at++
		}
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		at := off
		for at < len(p.text) && breakLen(p.text, at) == 0 {
			at++
		}
		if end := p.follow(at, n.Value); end > at {
			for end < len(p.text) && breakLen(p.text, end) == 0 {
				end++
			}
			return end
		}
		for at = off + 1; at < len(p.text) && strings.IndexByte("+-123456789", p.text[at]) >= 0; {
			at++
		}
		return at
	default:
		return p.follow(off, n.Value)
	}
	return len(p.text)
}

// follow finds the end of a text that differs from the source in white space only.
func (p *places) follow(at int, text string) int {
	left := 0
	for i := 0; i < len(text); i++ {
		if n := breakLen(text, i); n > 0 {
			i += n - 1
		} else if text[i] != ' ' && text[i] != '\t' {
			left++
		}
	}
	for left > 0 && at < len(p.text) {
		if n := breakLen(p.text, at); n > 0 {
			at += n
			continue
		}
		if p.text[at] != ' ' && p.text[at] != '\t' {
			left--
		}
		at++
	}
	return at
}

// isTimestamp says whether a text is a date or time as YAML writes it.
func isTimestamp(s string) bool {
	if digits(s, 0) != 4 {
		return false
	}
	for _, layout := range [...]string{"2006-1-2", "2006-1-2T15:4:5.999999999Z07:00", "2006-1-2t15:4:5.999999999Z07:00",
		"2006-1-2 15:4:5.999999999"} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}
