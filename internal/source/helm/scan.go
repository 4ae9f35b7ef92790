package helm

import "strings"

// templateLine is what one line of a template can become in the output.
type templateLine struct {
	parts   []string // literal texts between actions; one part and no action is a line as it stands
	actions bool     // at least one action that prints something
	control bool     // an action in the line decides what is printed: only the first part is sure
	define  bool     // in a define block: printed elsewhere
	weight  int      // how much a match of the literal texts says
	loop    int      // the innermost range block around it, index in outline.loops; -1 none
}

// loop is a range block: its lines may come any number of times.
type loop struct {
	from, to int // lines, from 0, both inclusive
	outer    int // the range block around it; -1 none
}

// outline is a template as lines and blocks.
type outline struct {
	lines []templateLine
	loops []loop
}

// scanTemplate cuts the text of a template into lines that can be compared with its output. It knows just
// enough of the template language: where actions begin and end, and which of them open and close blocks.
func scanTemplate(text string) outline {
	s := templateScanner{text: text}
	s.current.loop = -1
	for s.at < len(s.text) {
		next := strings.Index(s.text[s.at:], "{{")
		if next < 0 {
			next = len(s.text) - s.at
		}
		s.literal(s.text[s.at : s.at+next])
		if s.at += next; s.at < len(s.text) {
			s.action()
		}
	}
	s.endLine()
	return s.outline
}

type templateScanner struct {
	outline
	text    string
	at      int
	current templateLine
	part    strings.Builder
	trim    bool // the action before ended in -}}: blanks that follow are dropped
	blocks  []block
}

type block struct {
	word string
	loop int // index of its loop, for range
}

// literal adds text outside of actions.
func (s *templateScanner) literal(text string) {
	for i := 0; ; i++ {
		line, rest, more := strings.Cut(text, "\n")
		if s.trim {
			if trimmed := strings.TrimLeft(line, " \t\r"); trimmed != "" || !more {
				line, s.trim = trimmed, s.trim && trimmed == ""
			} else {
				line = ""
			}
		}
		s.part.WriteString(line)
		if !more {
			return
		}
		s.endLine()
		text = rest
	}
}

// endLine completes the line.
func (s *templateScanner) endLine() {
	l := s.current
	last := strings.TrimRight(s.part.String(), " \t\r")
	s.part.Reset()
	l.parts = append(l.parts, last)
	for _, b := range s.blocks {
		l.define = l.define || b.word == "define"
	}
	for _, p := range l.parts {
		l.weight += len(strings.TrimSpace(p))
		if l.control {
			break
		}
	}
	s.lines = append(s.lines, l)
	s.current = templateLine{loop: s.innermost()}
}

func (s *templateScanner) innermost() int {
	for i := len(s.blocks) - 1; i >= 0; i-- {
		if s.blocks[i].loop >= 0 {
			return s.blocks[i].loop
		}
	}
	return -1
}

// action reads one action and what it means for the line.
func (s *templateScanner) action() {
	body := s.text[s.at+2:]
	end := actionEnd(body)
	inner := body[:min(end, len(body))]
	before := strings.HasPrefix(inner, "-") && len(inner) > 1 && strings.ContainsRune(" \t\r\n", rune(inner[1]))
	after := strings.HasSuffix(inner, "-")
	inner = strings.Trim(inner, "- \t\r\n")
	part := s.part.String()
	s.part.Reset()
	if before {
		part = strings.TrimRight(part, " \t\r")
	}
	s.current.parts = append(s.current.parts, part)
	s.meaning(inner)
	for range strings.Count(inner, "\n") {
		s.endLine()
	}
	s.trim = after
	s.at = min(s.at+2+end+2, len(s.text))
}

// meaning tells an action that prints from one that decides.
func (s *templateScanner) meaning(inner string) {
	word := inner
	if i := strings.IndexAny(inner, " \t\r\n("); i >= 0 {
		word = inner[:i]
	}
	line := len(s.lines)
	switch word {
	case "if", "with", "define", "block":
		s.blocks = append(s.blocks, block{word, -1})
		s.current.control = true
	case "range":
		s.loops = append(s.loops, loop{from: line, to: line, outer: s.innermost()})
		s.blocks = append(s.blocks, block{word, len(s.loops) - 1})
		s.current.control, s.current.loop = true, len(s.loops)-1
	case "else", "break", "continue":
		s.current.control = true
	case "end":
		s.current.control = true
		if n := len(s.blocks); n > 0 {
			if b := s.blocks[n-1]; b.loop >= 0 {
				s.loops[b.loop].to = line
			}
			if s.blocks[n-1].word == "define" {
				s.current.define = true
			}
			s.blocks = s.blocks[:n-1]
		}
	default:
		assigns := strings.HasPrefix(inner, "$") && strings.Contains(inner, "=") && !strings.Contains(inner, "|")
		if !strings.HasPrefix(inner, "/*") && !assigns && inner != "" {
			s.current.actions = true
		}
	}
}

// actionEnd is where the }} of an action stands that begins at the start of s; quotes and comments may
// hold the same characters.
func actionEnd(s string) int {
	trimmed := strings.TrimLeft(s, "- \t\r\n")
	if strings.HasPrefix(trimmed, "/*") {
		if i := strings.Index(s, "*/"); i >= 0 {
			if j := strings.Index(s[i:], "}}"); j >= 0 {
				return i + j
			}
		}
		return len(s)
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case strings.HasPrefix(s[i:], "}}"):
			return i
		case c == '"' || c == '`' || c == '\'':
			i = quoteEnd(s, i)
		}
	}
	return len(s)
}

// quoteEnd is where the quote that begins at i ends.
func quoteEnd(s string, i int) int {
	quote := s[i]
	for j := i + 1; j < len(s); j++ {
		switch {
		case s[j] == '\\' && quote != '`':
			j++
		case s[j] == quote:
			return j
		}
	}
	return len(s)
}
