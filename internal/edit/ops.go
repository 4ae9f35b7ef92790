package edit

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// replace writes another value where one stands.
func replace(at tree.Node, v any) (Splice, error) {
	start, end := at.Span()
	src := at.Doc().Source()
	if inFlow(at) || isScalar(v) && isScalarNode(at) && !strings.Contains(src[start:end], "\n") {
		text := flow(v, jsonText(at))
		if start == end && start > 0 && src[start-1] != ' ' { // "key:" with nothing behind it
			text = " " + text
		}
		return Splice{start, end, text}, nil
	}
	if !at.HasKey() {
		return Splice{start, end, flow(v, false)}, nil
	}
	_, keyEnd := at.KeySpan()
	colon := strings.IndexByte(src[keyEnd:], ':')
	if colon < 0 {
		return Splice{}, fmt.Errorf("the key has no colon: %w", ErrUnsupported)
	}
	from := keyEnd + colon + 1
	keyStart, _ := at.KeySpan()
	if rest := src[from:max(start, from)]; strings.Contains(rest, "#") || strings.ContainsAny(rest, "&!") {
		return Splice{}, fmt.Errorf("a comment, a tag or an anchor stands before the value: %w", ErrUnsupported)
	}
	text := block(v, column(src, keyStart)+step, flatLists(at))
	return Splice{from, max(end, from), withBreaks(src, text)}, nil
}

func isScalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

func isScalarNode(n tree.Node) bool { return n.Kind() != tree.Map && n.Kind() != tree.List }

func withBreaks(src, text string) string {
	if nl := newline(src); nl != "\n" {
		return strings.ReplaceAll(text, "\n", nl)
	}
	return text
}

// addKey adds an entry behind the last one of a map.
func addKey(m tree.Node, key string, v any) (Splice, error) {
	src := m.Doc().Source()
	start, end := m.Span()
	if isFlow(m) && m.Len() == 0 && m.HasKey() && !inFlow(m) && strings.TrimSpace(src[end:lineEnd(src, end)]) == "" {
		return replace(m, map[string]any{key: v}) // an empty map grows in block style
	}
	if isFlow(m) {
		entry := flow(key, jsonText(m)) + ": " + flow(v, jsonText(m))
		return intoFlow(m, entry)
	}
	if m.Len() == 0 || inFlow(m) {
		return Splice{start, end, flow(map[string]any{key: v}, false)}, nil
	}
	firstKey, _ := m.First().KeySpan()
	indent := column(src, firstKey)
	at, err := behind(m)
	if err != nil {
		return Splice{}, err
	}
	text := "\n" + spaces(indent) + scalar(key) + ":" + block(v, indent+step, flatLists(m))
	return Splice{at, at, withBreaks(src, text)}, nil
}

// appendItem adds an item behind the last one of a list.
func appendItem(l tree.Node, v any) (Splice, error) {
	src := l.Doc().Source()
	if isFlow(l) {
		return intoFlow(l, flow(v, jsonText(l)))
	}
	start, _ := l.Span()
	indent := column(src, start)
	if l.Len() == 0 || start >= len(src) || src[start] != '-' {
		return Splice{}, fmt.Errorf("the list is not written with dashes: %w", ErrUnsupported)
	}
	at, err := behind(l)
	if err != nil {
		return Splice{}, err
	}
	text := "\n" + spaces(indent) + "-" + dashed(v, indent+step, flatLists(l))
	return Splice{at, at, withBreaks(src, text)}, nil
}

// intoFlow adds an entry or item to a flow collection; one that is written over several lines gets a line of
// its own for it.
func intoFlow(c tree.Node, entry string) (Splice, error) {
	src := c.Doc().Source()
	start, end := c.Span()
	if c.Len() == 0 {
		return Splice{start + 1, end - 1, entry}, nil
	}
	_, at := child(c, c.Len()-1).Span()
	first := c.First()
	firstStart, _ := first.Span()
	if first.HasKey() {
		firstStart, _ = first.KeySpan()
	}
	separator := ", "
	if strings.Contains(src[start:firstStart], "\n") {
		separator = "," + newline(src) + src[lineStart(src, firstStart):firstStart]
	}
	if strings.HasPrefix(strings.TrimLeft(src[at:end], " \t\r\n"), ",") {
		return Splice{}, fmt.Errorf("a comma stands behind the last entry: %w", ErrUnsupported)
	}
	return Splice{at, at, separator + entry}, nil
}

// remove takes away an entry or item with its line and the comment on it.
func remove(at tree.Node) (Splice, error) {
	parent := at.Parent()
	src := at.Doc().Source()
	if isFlow(parent) || inFlow(parent) {
		return removeFlow(at)
	}
	if parent.Len() == 1 {
		empty := " {}"
		if parent.Kind() == tree.List {
			empty = " []"
		}
		return emptied(parent, empty)
	}
	start, _ := at.Span()
	if at.HasKey() {
		start, _ = at.KeySpan()
	} else if start = dash(src, start); start < 0 {
		return Splice{}, fmt.Errorf("the item's dash is not found: %w", ErrUnsupported)
	}
	end, err := behind(at)
	if err != nil {
		return Splice{}, err
	}
	begin := lineStart(src, start)
	if strings.TrimSpace(src[begin:start]) == "" {
		return Splice{begin, min(end+len(newline(src)), len(src)), ""}, nil
	}
	// The entry stands behind a dash: the next entry moves up to it.
	next := at.Next()
	if !next.HasKey() {
		return Splice{}, fmt.Errorf("nothing can take the place behind the dash: %w", ErrUnsupported)
	}
	to, _ := next.KeySpan()
	return Splice{start, to, ""}, nil
}

// dash finds the dash of the block list item whose value begins at an offset.
func dash(src string, start int) int {
	i := start - 1
	for i >= 0 && strings.IndexByte(" \t\r\n", src[i]) >= 0 {
		i--
	}
	if i >= 0 && src[i] == '-' {
		return i
	}
	return -1
}

// emptied writes an empty collection where a block collection loses its only entry.
func emptied(c tree.Node, empty string) (Splice, error) {
	if !c.HasKey() {
		return Splice{}, fmt.Errorf("the item would be left empty: %w", ErrUnsupported)
	}
	src := c.Doc().Source()
	_, keyEnd := c.KeySpan()
	start, end := c.Span()
	colon := strings.IndexByte(src[keyEnd:start], ':')
	if colon < 0 || strings.ContainsAny(src[keyEnd+colon+1:start], "#&!") {
		return Splice{}, fmt.Errorf("a comment, a tag or an anchor stands before the value: %w", ErrUnsupported)
	}
	if _, err := behind(c); err != nil {
		return Splice{}, err
	}
	return Splice{keyEnd + colon + 1, end, empty}, nil
}

// removeFlow takes an entry or item out of a flow collection, with one comma.
func removeFlow(at tree.Node) (Splice, error) {
	start, end := at.Span()
	if at.HasKey() {
		start, _ = at.KeySpan()
	}
	if next := at.Next(); next.Exists() {
		to, _ := next.Span()
		if next.HasKey() {
			to, _ = next.KeySpan()
		}
		return Splice{start, to, ""}, nil
	}
	parent := at.Parent()
	if parent.Len() == 1 {
		from, to := parent.Span()
		return Splice{from + 1, to - 1, ""}, nil
	}
	_, before := child(parent, parent.Len()-2).Span()
	return Splice{before, end, ""}, nil
}
