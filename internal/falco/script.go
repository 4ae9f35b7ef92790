package falco

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// script is the text of a condition or an output, made of parts that each know where they were written.
type script struct {
	text  string
	parts []part
}

// part is a stretch of a script. Its end is where the next one begins.
type part struct {
	start int
	from  *origin
}

// origin is a scalar in a rule file.
type origin struct {
	file string
	node tree.Node
	text string
	// raw maps offsets in text to offsets in the file; made when the first fault asks for it.
	raw []int
}

func (o *origin) place(offset int) place {
	if !o.node.Exists() {
		return place{file: o.file}
	}
	if o.raw == nil {
		o.raw = align(o.node, o.text)
	}
	offset = min(max(offset, 0), len(o.raw)-1)
	line, column := o.node.Doc().Position(o.raw[offset])
	return place{o.file, line, column}
}

// at is the place of a byte of the script.
func (s *script) at(offset int) place {
	for i := len(s.parts) - 1; i >= 0; i-- {
		if p := s.parts[i]; p.start <= offset || i == 0 {
			return p.from.place(offset - p.start)
		}
	}
	return place{}
}

// add appends text that stands in a file.
func (s *script) add(o *origin) {
	s.parts = append(s.parts, part{len(s.text), o})
	s.text += o.text
}

// glue appends text that stands in no file; its place is that of an origin.
func (s *script) glue(text string, o *origin) {
	s.parts = append(s.parts, part{len(s.text), &origin{file: o.file, node: o.node, text: ""}})
	s.text += text
}

// join appends another script.
func (s *script) join(t *script) {
	for _, p := range t.parts {
		s.parts = append(s.parts, part{len(s.text) + p.start, p.from})
	}
	s.text += t.text
}

// align finds for each byte of a scalar's text, and for its end, the byte of the file that it was read from. Where
// folding or escapes hide it, it is the nearest byte before.
func align(n tree.Node, text string) []int {
	start, end := n.Span()
	src := n.Doc().Source()[start:end]
	i := 0
	quote := byte(0)
	if src != "" {
		switch src[0] {
		case '|', '>':
			if i = strings.IndexByte(src, '\n') + 1; i == 0 {
				i = len(src)
			}
		case '"', '\'':
			quote = src[0]
			i = 1
		}
	}
	raw := make([]int, len(text)+1)
	for j := range len(text) {
		i = advance(src, i, text[j], quote)
		raw[j] = start + min(i, len(src))
		if i < len(src) && !blank(text[j]) {
			i++
		}
	}
	raw[len(text)] = start + min(i, len(src))
	return raw
}

// advance is where in src, from i on, the byte c of the text stands.
func advance(src string, i int, c, quote byte) int {
	if blank(c) {
		return i
	}
	for i < len(src) && src[i] != c {
		if quote == '"' && src[i] == '\\' && i+1 < len(src) && !blank(src[i+1]) && src[i+1] != c {
			return i + 1 // an escape that stands for c
		}
		if !blank(src[i]) && src[i] != '\\' && src[i] != '\'' && src[i] != '"' {
			return i
		}
		i++
	}
	return i
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\b' }
