package sink

import (
	"bufio"
	"io"
	"strings"
)

// style is the parameter of an ANSI colour sequence; colour never says anything that the words do not.
type style string

const (
	normal  style = ""
	bold    style = "1"
	faint   style = "2"
	command style = "32" // something to type; it is never broken over two lines
	where   style = "36" // a file and a line
)

// span is a piece of text with a style. The text is made Printable when it is laid out, so that nothing of
// the input reaches the terminal unescaped.
type span struct {
	style style
	text  string
}

// pageWriter lays out text for a terminal or a file.
type pageWriter struct {
	out    *bufio.Writer
	width  int
	colour bool
}

func newPage(w io.Writer, run *Run) *pageWriter {
	p := &pageWriter{out: bufio.NewWriterSize(w, 1<<16), width: run.Width, colour: run.Colour}
	if p.width <= 0 {
		p.width = 80
	}
	// Prose is hard to read in longer lines, and impossible in much shorter ones.
	p.width = min(max(p.width, 40), 120)
	return p
}

func (p *pageWriter) blank() { p.out.WriteByte('\n') }

// flush ends the page; a bufio.Writer remembers the first error.
func (p *pageWriter) flush() error { return p.out.Flush() }

func (p *pageWriter) put(s style, text string) {
	if p.colour && s != normal && text != "" {
		p.out.WriteString("\x1b[" + string(s) + "m" + text + "\x1b[0m")
		return
	}
	p.out.WriteString(text)
}

// row writes a line of columns: what stands at its left, a title that is wrapped in its own column, and
// something at its right edge.
func (p *pageWriter) row(left []span, title, right span) {
	used := 0
	for _, s := range left {
		p.put(s.style, Printable(s.text))
		used += columns(Printable(s.text))
	}
	tail := Printable(right.text)
	room := p.width - used
	under := tail != "" && room-columns(tail)-2 < 16 // no room for both
	if tail != "" && !under {
		room -= columns(tail) + 2
	}
	lines := wrap(Printable(title.text), max(room, 8))
	for i, l := range lines {
		if i > 0 {
			p.put(normal, strings.Repeat(" ", used))
		}
		p.put(title.style, l)
		if i == 0 && tail != "" && !under {
			p.put(normal, strings.Repeat(" ", max(p.width-used-columns(l)-columns(tail), 2)))
			p.put(right.style, tail)
		}
		p.blank()
	}
	if under {
		p.put(normal, strings.Repeat(" ", min(used, 2)))
		p.put(right.style, tail)
		p.blank()
	}
}

// wrap breaks a printable text into lines; there is at least one.
func wrap(text string, width int) []string {
	lines := []string{""}
	for _, w := range words([]span{{normal, text}}) {
		last := &lines[len(lines)-1]
		sep := ""
		if w.space && *last != "" {
			sep = " "
		}
		if *last != "" && columns(*last)+len(sep)+columns(w.text) > width {
			lines = append(lines, w.text)
			continue
		}
		*last += sep + w.text
	}
	return lines
}

// para writes spans as a paragraph whose first line is indented by first and the others by hang.
func (p *pageWriter) para(first, hang int, spans ...span) {
	p.put(normal, strings.Repeat(" ", first))
	at, fresh := first, true
	all := words(spans)
	for i, w := range all {
		need := columns(w.text)
		if w.space && !fresh {
			need++
		}
		if !fresh && at+need+tail(all[i+1:]) > p.width && w.mayBreak(p.width-hang) {
			p.blank()
			p.put(normal, strings.Repeat(" ", hang))
			at, fresh = hang, true
			need = columns(w.text)
		}
		if w.space && !fresh {
			p.put(normal, " ")
		}
		p.put(w.style, w.text)
		at, fresh = at+need, false
	}
	p.blank()
}

// mayBreak says whether a line may end before a word: there is a space or it is wide, and it is no command
// that is too long for any line.
func (w word) mayBreak(width int) bool {
	if w.style == command && columns(w.text) > width {
		return false
	}
	return w.space || runeWidth([]rune(w.text)[0]) == 2
}

// tail is how much of the words that follow sticks to the one before them.
func tail(following []word) int {
	n := 0
	for _, w := range following {
		if w.space || w.text == "" || runeWidth([]rune(w.text)[0]) == 2 {
			break
		}
		n += columns(w.text)
	}
	return n
}

// word is what stays together on a line.
type word struct {
	span
	space bool // there is a space before it
}

// longest bounds a word, in columns: no name or path that is real is longer, and nobody reads one that is.
const longest = 500

// words breaks spans at spaces and around wide characters, which need no space to be broken at.
func words(spans []span) []word {
	var all []word
	space := false
	for _, s := range spans {
		text := Printable(s.text)
		if s.style == command {
			all = append(all, word{s.as(text), space})
			space = false
			continue
		}
		start := 0
		flush := func(end int) {
			if end > start {
				all = append(all, word{s.as(clip(text[start:end], longest)), space})
				space = false
			}
		}
		for i, r := range text {
			switch {
			case r == ' ':
				flush(i)
				start, space = i+1, true
			case runeWidth(r) == 2:
				flush(i)
				start = i
			}
		}
		flush(len(text))
	}
	return all
}

func (s span) as(text string) span { return span{s.style, text} }
