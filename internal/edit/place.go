package edit

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// isFlow says whether a map or list is written in flow style.
func isFlow(n tree.Node) bool {
	start, end := n.Span()
	src := n.Doc().Source()
	return start < end && (src[start] == '{' || src[start] == '[')
}

// inFlow says whether a value stands inside a flow collection.
func inFlow(n tree.Node) bool {
	for p := n.Parent(); p.Exists(); p = p.Parent() {
		if isFlow(p) {
			return true
		}
	}
	return false
}

// jsonText says whether a document is JSON, where strings must be quoted.
func jsonText(n tree.Node) bool {
	root := n.Doc().Root()
	start, end := root.Span()
	return end > start && root.Doc().Source()[start] == '{'
}

// lineEnd is the offset of the line break, or of the end of the text, at or behind an offset.
func lineEnd(src string, at int) int {
	if i := strings.IndexByte(src[at:], '\n'); i >= 0 {
		if i > 0 && src[at+i-1] == '\r' {
			i--
		}
		return at + i
	}
	return len(src)
}

func lineStart(src string, at int) int { return strings.LastIndexByte(src[:at], '\n') + 1 }

// newline is the document's line break.
func newline(src string) string {
	if i := strings.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// behind is the offset at which a line that follows a block value can be inserted: the end of its last
// line, a comment there included.
func behind(n tree.Node) (int, error) {
	_, end := n.Span()
	src := n.Doc().Source()
	if deepest := last(n); strings.HasPrefix(textOf(deepest), "|+") || strings.HasPrefix(textOf(deepest), ">+") {
		return 0, fmt.Errorf("a block scalar that keeps its line breaks is in the way: %w", ErrUnsupported)
	}
	return lineEnd(src, end), nil
}

func textOf(n tree.Node) string {
	start, end := n.Span()
	return n.Doc().Source()[start:end]
}

// last is the last value of a map or list, at any depth.
func last(n tree.Node) tree.Node {
	for n.Len() > 0 {
		n = child(n, n.Len()-1)
	}
	return n
}

// column is the number of characters before an offset on its line.
func column(src string, at int) int { return at - lineStart(src, at) }

// flatLists says whether the document writes lists under a key with the dash in the key's own column.
func flatLists(n tree.Node) bool {
	for _, sample := range []string{"containers", "initContainers", "ports", "env", "args", "rules", "volumes", "drop"} {
		if list := search(n.Doc().Root(), sample, 12); list.Exists() && list.Kind() == tree.List && !isFlow(list) {
			start, _ := list.Span()
			keyStart, _ := list.KeySpan()
			src := n.Doc().Source()
			return column(src, start) == column(src, keyStart)
		}
	}
	return false
}

func search(n tree.Node, key string, depth int) tree.Node {
	if depth == 0 {
		return tree.Node{}
	}
	for c := range n.Items() {
		if c.Key() == key && c.Kind() == tree.List && c.Len() > 0 {
			return c
		}
		if found := search(c, key, depth-1); found.Exists() {
			return found
		}
	}
	return tree.Node{}
}

// child is the i-th child of a map or list.
func child(n tree.Node, i int) tree.Node {
	c := n.First()
	for ; i > 0; i-- {
		c = c.Next()
	}
	return c
}
