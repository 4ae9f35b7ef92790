package tree

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The slow reader holds several hundred bytes per value while it works, so it takes only so much text.
const (
	slowBytes = 4 << 20
	slowNodes = 300_000
)

// slowReader turns the tree of a general YAML parser into an arena. It reads everything that the fast
// reader does not: anchors, aliases, merge keys, tags, directives, complex layout.
type slowReader struct {
	*builder
	places
	expanding map[*yaml.Node]bool // aliases that are being expanded
}

func (p *parser) slow(c *chunk) error {
	text := p.src[c.start:c.stop]
	if len(text) > slowBytes || values(text) > slowNodes {
		return p.errorAt(c.start, "a document with anchors, tags, merge keys or unusual layout may hold %d bytes "+
			"and %d values: write it in plain style or split it", slowBytes, slowNodes)
	}
	root, err := parseNode(text)
	if err != nil {
		return p.explain(c, err)
	}
	s := slowReader{builder: &p.builder, places: newPlaces(p.src, c), expanding: map[*yaml.Node]bool{}}
	from := c.body
	if c.wild && !c.marker {
		from = c.start // what looks like a comment may hold a line break
	}
	if root == nil || s.skipSpace(from, "") >= c.end {
		return nil
	}
	_, err = s.value(nil, keyRef{text: noKey}, root.Content[0])
	return err
}

// values is an upper bound of the number of values, keys and comments in a text.
func values(text string) (n int) {
	for _, c := range [...]string{"-", ",", "[", "{", "?", "#"} {
		n += strings.Count(text, c)
	}
	return n + 2*strings.Count(text, ":")
}

func parseNode(text string) (root *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("%v", r)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	var n, next yaml.Node
	if err := d.Decode(&n); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	if err := d.Decode(&next); !errors.Is(err, io.EOF) {
		if err == nil {
			err = fmt.Errorf("yaml: line %d: a second document begins behind a line break that is not \\n", next.Line)
		}
		return nil, err
	}
	return &n, nil
}

// value adds what n stands for and returns where n ends in the text.
func (s *slowReader) value(f *frame, key keyRef, n *yaml.Node) (end int, err error) {
	off := s.offset(n.Line, n.Column)
	switch n.Kind {
	case yaml.AliasNode:
		return off + 1 + len(n.Value), s.alias(n, off, func() error {
			_, err := s.value(f, key, n.Alias)
			return err
		})
	case yaml.ScalarNode:
		return s.scalar(f, key, n)
	case yaml.SequenceNode:
		return s.list(f, key, n, s.skipOwn(n, off))
	}
	off = s.skipOwn(n, off)
	in, err := s.open(f, key, Map, off)
	if err != nil {
		return off, err
	}
	if end, err = s.entries(&in, n, off, true); err == nil {
		s.close(&in, end)
	}
	return end, err
}

// alias runs do, unless the alias stands inside what it stands for.
func (s *slowReader) alias(n *yaml.Node, off int, do func() error) error {
	if s.expanding[n] {
		return s.errorAt(off, "the anchor %q holds an alias to itself: remove one of them", n.Value)
	}
	s.expanding[n] = true
	defer delete(s.expanding, n)
	return do()
}

func (s *slowReader) list(f *frame, key keyRef, n *yaml.Node, off int) (end int, err error) {
	in, err := s.open(f, key, List, off)
	if err != nil {
		return off, err
	}
	end = off + 1
	for _, c := range n.Content {
		if end, err = s.value(&in, keyRef{text: noKey}, c); err != nil {
			return end, err
		}
	}
	if n.Style&yaml.FlowStyle != 0 {
		end = s.flowEnd(end, ']')
	}
	s.close(&in, end)
	return end, nil
}

// entries adds the keys and values of a map node, and of the maps merged into it, to a map.
func (s *slowReader) entries(f *frame, n *yaml.Node, off int, record bool) (end int, err error) {
	end = off + 1
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if s.isMerge(k) {
			if end, err = s.merge(f, v); err != nil {
				return end, err
			}
			continue
		}
		key, err := s.key(k)
		if err != nil {
			return end, err
		}
		at := int32(len(s.nodes))
		if i+2 < len(n.Content) && v.Line == n.Content[i+2].Line && v.Column == n.Content[i+2].Column {
			end = s.offset(v.Line, v.Column) // not written: it has the place of what follows
			_, err = s.add(f, key, Null, end, end, verbatim)
		} else {
			end, err = s.value(f, key, v)
		}
		if err != nil {
			return end, err
		}
		s.unique(f, at, record)
	}
	if n.Style&yaml.FlowStyle != 0 && s.src[off] == '{' {
		end = s.flowEnd(end, '}')
	}
	return end, nil
}

// isMerge says whether a key is the merge key, which has neither quotes nor a lone ! for a tag.
func (s *slowReader) isMerge(k *yaml.Node) bool {
	if k.Kind != yaml.ScalarNode || k.Value != "<<" || k.Tag != "!!merge" {
		return false
	}
	_, bare := s.skipProperties(s.offset(k.Line, k.Column), k)
	return !bare
}

// merge adds the entries of the map, or of each map of the list, behind a << key. As in the API machinery
// they replace equal keys written before it.
func (s *slowReader) merge(f *frame, n *yaml.Node) (end int, err error) {
	off := s.offset(n.Line, n.Column)
	target := n
	if n.Kind == yaml.AliasNode {
		target = n.Alias
	}
	switch {
	case target.Kind == yaml.MappingNode && n.Kind == yaml.AliasNode:
		return off + 1 + len(n.Value), s.alias(n, off, func() error {
			_, err := s.entries(f, target, s.skipOwn(target, s.offset(target.Line, target.Column)), false)
			return err
		})
	case target.Kind == yaml.MappingNode:
		return s.entries(f, n, s.skipOwn(n, off), false)
	case n.Kind != yaml.SequenceNode:
		return off, s.errorAt(off, "<< needs a map or a list of maps")
	}
	end = s.skipOwn(n, off) + 1
	for i := len(n.Content) - 1; i >= 0; i-- {
		c := n.Content[i]
		if c.Kind != yaml.MappingNode && (c.Kind != yaml.AliasNode || c.Alias.Kind != yaml.MappingNode) {
			return off, s.errorAt(s.offset(c.Line, c.Column), "<< needs a map or a list of maps")
		}
		at, err := s.merge(f, c)
		if err != nil {
			return at, err
		}
		end = max(end, at)
	}
	if n.Style&yaml.FlowStyle != 0 {
		end = s.flowEnd(end, ']')
	}
	return end, nil
}

// key makes the text of a key.
func (s *slowReader) key(k *yaml.Node) (keyRef, error) {
	off := s.offset(k.Line, k.Column)
	target, end := k, off
	if k.Kind == yaml.AliasNode {
		target, end = k.Alias, off+1+len(k.Value)
	}
	if target.Kind != yaml.ScalarNode {
		return keyRef{}, s.errorAt(off, "a map or list cannot be a key: quote it if this is a template expression")
	}
	kind, text, from, to, err := s.decode(target)
	if err != nil {
		return keyRef{}, err
	}
	if k == target {
		off, end = from, to
	}
	if kind != String {
		t, ok := keyText(text)
		if !ok {
			return keyRef{}, s.errorAt(off, "the key %q is not a string, a 64-bit number or a boolean: quote it", text)
		}
		text = t
	}
	return s.keyRef(off, end, text), nil
}

func (s *slowReader) keyRef(off, end int, text string) keyRef {
	return keyRef{off: uint32(off), end: uint32(end), text: s.textRef(off, end, text)}
}

// textRef stores a text that the source does not hold as it is.
func (s *slowReader) textRef(off, end int, text string) int32 {
	switch raw := s.src[off:end]; {
	case raw == text:
		return verbatim
	case len(raw) == len(text)+2 && raw[1:len(raw)-1] == text && (raw[0] == '"' || raw[0] == '\''):
		return unquoted
	}
	return s.newText(text)
}

func (s *slowReader) scalar(f *frame, key keyRef, n *yaml.Node) (int, error) {
	kind, text, off, end, err := s.decode(n)
	if err != nil {
		return end, err
	}
	if kind == Float {
		if _, infinite := notFinite(text); infinite {
			return end, s.errorAt(off, "%s cannot be written to JSON, the API server refuses it: use a finite number", text)
		}
	}
	_, err = s.add(f, key, kind, off, end, s.textRef(off, end, text))
	return end, err
}

// decode resolves a scalar: its kind, its text and its bytes in the source, without anchor and tag.
func (s *slowReader) decode(n *yaml.Node) (kind Kind, text string, off, end int, err error) {
	off = s.offset(n.Line, n.Column)
	off, bare := s.skipProperties(off, n)
	plain := isPlain(n) && !bare // a lone ! says that this is a string
	end = s.scalarEnd(off, n)
	text = n.Value
	switch tag := n.Tag; {
	case n.Style&yaml.TaggedStyle == 0 || tag == "":
		if kind = String; plain {
			kind = resolve(text)
		}
	case tag == "!!binary":
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return kind, text, off, end, s.errorAt(off, "the text after !!binary is not base64")
		}
		return String, string([]rune(string(data))), off, end, nil
	default:
		kind, err = s.tagged(tag, text, off)
	}
	return kind, text, off, end, err
}

func (s *slowReader) tagged(tag, text string, off int) (Kind, error) {
	kind := resolve(text)
	number := kind == Int || kind == Float
	switch {
	case tag == "!!null" && kind == Null, tag == "!!bool" && kind == Bool:
		return kind, nil
	case tag == "!!int" && number && parseNumber(text).form != floating:
		return kind, nil
	case tag == "!!float" && number && parseNumber(text).form != unsigned:
		return kind, nil
	case tag == "!!timestamp" && isTimestamp(text):
		return String, nil
	case tag == "!!null", tag == "!!bool", tag == "!!int", tag == "!!float", tag == "!!timestamp":
		return String, s.errorAt(off, "the text %q cannot be read as %s", text, tag)
	}
	return String, nil
}
