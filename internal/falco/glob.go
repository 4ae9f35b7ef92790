package falco

import (
	"fmt"
	"regexp"
	"strings"
)

// glob is a pattern as fnmatch(3) knows it: * for any text, ? for any byte, [a-z] and [!a-z] for a byte of a set, and
// a backslash that takes the next byte as it is. A slash is a byte like others.
type glob struct{ parts []globPart }

type globPart struct {
	star bool
	set  [4]uint64 // the bytes that match
}

func (p *globPart) add(c byte)      { p.set[c>>6] |= 1 << (c & 63) }
func (p *globPart) has(c byte) bool { return p.set[c>>6]>>(c&63)&1 == 1 }

func newGlob(s string, fold bool) *glob {
	g := &glob{}
	for i := 0; i < len(s); {
		var p globPart
		switch c := s[i]; {
		case c == '*':
			p.star = true
			i++
		case c == '?':
			p.set = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
			i++
		case c == '[':
			if end := p.bracket(s, i); end > 0 {
				i = end
			} else {
				p.add('[')
				i++
			}
		case c == '\\' && i+1 < len(s):
			p.add(s[i+1])
			i += 2
		default:
			p.add(c)
			i++
		}
		if fold {
			for c := byte('a'); c <= 'z'; c++ {
				if p.has(c) || p.has(c-0x20) {
					p.add(c)
					p.add(c - 0x20)
				}
			}
		}
		if n := len(g.parts); !p.star || n == 0 || !g.parts[n-1].star {
			g.parts = append(g.parts, p)
		}
	}
	return g
}

// bracket reads the set that begins at s[i]; 0 if it has no end.
func (p *globPart) bracket(s string, i int) int {
	i++
	negated := i < len(s) && (s[i] == '!' || s[i] == '^')
	if negated {
		i++
	}
	for first := true; ; first = false {
		if i >= len(s) {
			p.set = [4]uint64{}
			return 0
		}
		if s[i] == ']' && !first {
			break
		}
		if class, rest, ok := strings.Cut(s[i:], ":]"); ok && strings.HasPrefix(class, "[:") {
			for c := range 256 {
				if inClass(class[2:], byte(c)) {
					p.add(byte(c))
				}
			}
			i = len(s) - len(rest)
			continue
		}
		low := s[i]
		if low == '\\' && i+1 < len(s) {
			i++
			low = s[i]
		}
		i++
		high := low
		if i+1 < len(s) && s[i] == '-' && s[i+1] != ']' {
			high = s[i+1]
			i += 2
		}
		for c := int(low); c <= int(high); c++ {
			p.add(byte(c))
		}
	}
	if negated {
		for k := range p.set {
			p.set[k] = ^p.set[k]
		}
	}
	return i + 1
}

func inClass(name string, c byte) bool {
	letter, digit := isLetter(c), isDigit(c)
	switch name {
	case "alpha":
		return letter
	case "digit":
		return digit
	case "alnum":
		return letter || digit
	case "upper":
		return letter && c < 'a'
	case "lower":
		return letter && c >= 'a'
	case "xdigit":
		return digit || letter && c|0x20 <= 'f'
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r'
	case "blank":
		return c == ' ' || c == '\t'
	case "punct":
		return c > ' ' && c < 0x7f && !letter && !digit
	case "print":
		return c >= ' ' && c < 0x7f
	case "graph":
		return c > ' ' && c < 0x7f
	case "cntrl":
		return c < ' ' || c == 0x7f
	}
	return false
}

// matches goes back to the last star only, so that its time is bounded by the product of both lengths.
func (g *glob) matches(s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(g.parts) && g.parts[p].star:
			star, mark = p, i
			p++
		case p < len(g.parts) && g.parts[p].has(s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(g.parts) && g.parts[p].star {
		p++
	}
	return p == len(g.parts)
}

// paths is a set of path prefixes for pmatch. They match by whole components, which may be globs.
type paths struct {
	end   bool
	next  map[string]*paths
	globs []pathGlob
}

type pathGlob struct {
	text string
	glob *glob
	next *paths
}

func newPaths(all []string) *paths {
	root := &paths{}
	for _, s := range all {
		root.add(s)
	}
	return root
}

// component cuts the first component off a path; ok is false if there is none.
func component(s string) (first, rest string, ok bool) {
	for s != "" && s[0] == '/' {
		s = s[1:]
	}
	if s == "" {
		return "", "", false
	}
	first, rest, _ = strings.Cut(s, "/")
	return first, rest, true
}

func (p *paths) add(s string) {
	first, rest, ok := component(s)
	if !ok {
		p.end = true
		return
	}
	if strings.ContainsAny(first, "?*[") {
		for _, g := range p.globs {
			if g.text == first {
				g.next.add(rest)
				return
			}
		}
		g := pathGlob{first, newGlob(first, false), &paths{}}
		p.globs = append(p.globs, g)
		g.next.add(rest)
		return
	}
	if p.next == nil {
		p.next = map[string]*paths{}
	}
	if p.next[first] == nil {
		p.next[first] = &paths{}
	}
	p.next[first].add(rest)
}

// matches says whether one of the prefixes is a prefix of s.
func (p *paths) matches(s string) bool {
	if p.end {
		return true
	}
	first, rest, ok := component(s)
	if !ok {
		return false
	}
	if n := p.next[first]; n != nil && n.matches(rest) {
		return true
	}
	for _, g := range p.globs {
		if g.glob.matches(first) && g.next.matches(rest) {
			return true
		}
	}
	return false
}

const maxPattern = 16 << 10

func checkPattern(op operator, s string) error {
	if len(s) > maxPattern {
		return fmt.Errorf("a pattern of %d bytes is too long", len(s))
	}
	if op == opRegex {
		if _, err := newRegex(s); err != nil {
			return fmt.Errorf("%s is no regular expression: %w", quoted(s), err)
		}
	}
	return nil
}

// newRegex makes an expression that must match a whole text.
func newRegex(s string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(s); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + s + `)\z`)
}
