package tree

import (
	"strconv"
	"strings"
)

// explain turns the general parser's error into one with a place in the stream and a way out. That parser
// knows at best a line, which may be the one where a list or map began. The fast reader never gets past a
// fault, so where it gave up on the same line or a later one is the better place.
func (p *parser) explain(c *chunk, err error) error {
	reason := strings.TrimPrefix(err.Error(), "yaml: ")
	first, _ := p.lines.position(p.src, c.start)
	e := &SyntaxError{Line: first, Reason: reason}
	known := false
	if place, rest, ok := strings.Cut(reason, ": "); ok && strings.HasPrefix(place, "line ") {
		if n, err := strconv.Atoi(place[len("line "):]); err == nil {
			e.Line, e.Reason, known = first+n-1, rest, true
		}
	}
	if p.stuck >= 0 {
		line, column := p.lines.position(p.src, p.stuck)
		if !known || line >= e.Line-1 { // it never gives up behind the fault
			e.Line, e.Column = line, column
		}
	}
	for _, a := range advice {
		if strings.Contains(e.Reason, a.parser) {
			e.Reason = a.ours
			break
		}
	}
	if e.Column > 0 && strings.HasPrefix(p.src[p.stuck:c.stop], "\t") {
		e.Reason = "a tab stands where YAML takes only spaces: indent with spaces"
	}
	return e
}

// advice says in other words what the general parser found, and what to do about it.
var advice = [...]struct{ parser, ours string }{
	{"mapping values are not allowed", "a value holds a colon and a blank, or is indented more than its key: quote the value or correct the indentation"},
	{"cannot start any token", "no value can begin with this character: quote the value"},
	{"did not find expected key", "a key was expected here: correct the indentation"},
	{"could not find expected ':'", "a colon was expected behind a key: add it or correct the indentation"},
	{"did not find expected '-' indicator", "a list item was expected here: begin it with a dash or correct the indentation"},
	{"block sequence entries are not allowed", "a list item cannot begin on the line of its key: write it on a line of its own"},
	{"found unexpected end of stream", "the text that begins here has no closing quote: add it"},
	{"did not find expected ',' or '}'", "a comma or a closing } was expected: add it"},
	{"did not find expected ',' or ']'", "a comma or a closing ] was expected: add it"},
	{"found unknown escape character", "double quotes know no such escape: double the backslash or use single quotes"},
	{"did not find expected node content", "a value was expected here: write one or quote it"},
	{"found unexpected document indicator", "the text that begins above has no closing quote before the next document: add it"},
	{"did not find expected <document start>", "the document has ended, but more text follows: begin the next document with a --- line or correct the indentation"},
	{"tab character", "a tab stands where YAML takes only spaces: indent with spaces"},
}
