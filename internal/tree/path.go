package tree

import (
	"strconv"
	"strings"
)

// Path is the JSON Pointer (RFC 6901) from the document's root to the value; "" for the root.
func (n Node) Path() string {
	if n.d == nil || n.i == 0 {
		return ""
	}
	var parts []string
	for n.i != 0 {
		if n.HasKey() {
			parts = append(parts, escapePointer(n.Key()))
		} else {
			parts = append(parts, strconv.Itoa(n.Position()))
		}
		n = n.Parent()
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(parts[i])
	}
	return b.String()
}

// Position is the value's place among its siblings, from 0.
func (n Node) Position() int {
	if !n.HasKey() && n.d != nil {
		return int(n.d.nodes[n.i].keyOff)
	}
	pos := 0
	for c := n.Parent().First(); c.d != nil && c.i != n.i; c = c.Next() {
		pos++
	}
	return pos
}

// Lookup resolves a JSON Pointer; the zero Node if nothing stands there.
func (n Node) Lookup(pointer string) Node {
	for pointer != "" {
		if pointer[0] != '/' {
			return Node{}
		}
		part, rest, found := strings.Cut(pointer[1:], "/")
		if pointer = ""; found {
			pointer = "/" + rest
		}
		if n.Kind() == List {
			i, err := strconv.Atoi(part)
			if err != nil {
				return Node{}
			}
			n = n.Index(i)
			continue
		}
		n = n.Get(unescapePointer(part))
	}
	return n
}

func escapePointer(s string) string {
	if !strings.ContainsAny(s, "~/") {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

func unescapePointer(s string) string {
	if !strings.Contains(s, "~") {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
}
