package falco

import "strings"

// textSet is a set of texts: compared one by one while they are few, hashed when they are many.
type textSet struct {
	few  []string
	many map[string]struct{}
}

func newTextSet(all []string) textSet {
	if len(all) <= 4 {
		return textSet{few: all}
	}
	s := textSet{many: make(map[string]struct{}, len(all))}
	for _, x := range all {
		s.many[x] = struct{}{}
	}
	return s
}

func (s textSet) has(x string) bool {
	if s.many != nil {
		_, ok := s.many[x]
		return ok
	}
	for _, y := range s.few {
		if x == y {
			return true
		}
	}
	return false
}

// trie finds whether any of many texts begins another text, or, built backwards, ends it.
type trie struct {
	nodes []trieNode
	back  bool
}

// trieNode leads from a byte to the node behind it. One that ends a text leads nowhere, as nothing longer matters.
type trieNode struct {
	end  bool
	low  byte
	next []int32 // of bytes from low on; 0 leads nowhere
}

func newTrie(all []string, back bool) *trie {
	t := &trie{nodes: make([]trieNode, 1), back: back}
	for _, s := range all {
		at := int32(0)
		for i := 0; i < len(s) && !t.nodes[at].end; i++ {
			at = t.step(at, t.byte(s, i))
		}
		t.nodes[at].end, t.nodes[at].next = true, nil
	}
	return t
}

func (t *trie) byte(s string, i int) byte {
	if t.back {
		return s[len(s)-1-i]
	}
	return s[i]
}

// step finds or makes the node behind a byte.
func (t *trie) step(at int32, c byte) int32 {
	n := &t.nodes[at]
	switch {
	case len(n.next) == 0:
		n.low, n.next = c, make([]int32, 1)
	case c < n.low:
		n.next = append(make([]int32, n.low-c), n.next...)
		n.low = c
	case int(c-n.low) >= len(n.next):
		n.next = append(n.next, make([]int32, int(c-n.low)-len(n.next)+1)...)
	}
	to := n.next[c-n.low]
	if to == 0 {
		to = int32(len(t.nodes))
		n.next[c-n.low] = to
		t.nodes = append(t.nodes, trieNode{})
	}
	return to
}

func (t *trie) matches(s string) bool {
	n := &t.nodes[0]
	for i := 0; ; i++ {
		if n.end {
			return true
		}
		if i == len(s) {
			return false
		}
		k := int(t.byte(s, i)) - int(n.low)
		if k < 0 || k >= len(n.next) || n.next[k] == 0 {
			return false
		}
		n = &t.nodes[n.next[k]]
	}
}

// finder says whether any of many texts stands in another: an automaton of Aho and Corasick with one row per state
// and one column per byte that occurs in the texts.
type finder struct {
	class [256]uint8 // the column of a byte; 0 for bytes that do not occur
	width int
	next  []int32 // state*width + column -> state
	end   []bool
}

const maxFinder = 1 << 22

// newFinder makes a finder; nil if its table would be too large. fold makes letters of ASCII equal in either case.
func newFinder(all []string, fold bool) *finder {
	f := &finder{width: 1}
	total := 1
	for _, s := range all {
		total += len(s)
		for i := range len(s) {
			c := s[i]
			if fold && isLetter(c) {
				c |= 0x20
			}
			if f.class[c] == 0 {
				if f.width == 255 {
					return nil
				}
				f.class[c] = uint8(f.width)
				f.width++
			}
			if fold && isLetter(c) {
				f.class[c&^0x20] = f.class[c]
			}
		}
	}
	if total*f.width > maxFinder {
		return nil
	}
	f.next, f.end = make([]int32, f.width, total*f.width), make([]bool, 1, total)
	for _, s := range all {
		f.insert(s)
	}
	f.link()
	return f
}

func (f *finder) insert(s string) {
	at := 0
	for i := range len(s) {
		k := at*f.width + int(f.class[s[i]])
		if f.next[k] == 0 {
			f.next[k] = int32(len(f.end))
			f.next = append(f.next, make([]int32, f.width)...)
			f.end = append(f.end, false)
		}
		at = int(f.next[k])
	}
	f.end[at] = true
}

// link completes the rows with where to go on after a mismatch, breadth first.
func (f *finder) link() {
	fail := make([]int32, len(f.end))
	var queue []int32
	for c := range f.width {
		if to := f.next[c]; to != 0 {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		f.end[at] = f.end[at] || f.end[fail[at]]
		for c := range f.width {
			k := int(at)*f.width + c
			back := f.next[int(fail[at])*f.width+c]
			if to := f.next[k]; to != 0 {
				fail[to] = back
				queue = append(queue, to)
			} else {
				f.next[k] = back
			}
		}
	}
}

func (f *finder) matches(s string) bool {
	if f.end[0] {
		return true
	}
	at := int32(0)
	for i := range len(s) {
		at = f.next[int(at)*f.width+int(f.class[s[i]])]
		if f.end[at] {
			return true
		}
	}
	return false
}

// anyContained is a test whether any of the texts stands in a text.
func anyContained(all []string, fold bool) func(string) bool {
	if !fold && len(all) <= 2 {
		return func(s string) bool {
			for _, x := range all {
				if strings.Contains(s, x) {
					return true
				}
			}
			return false
		}
	}
	if f := newFinder(all, fold); f != nil {
		return f.matches
	}
	return func(s string) bool {
		if fold {
			s = lower(s)
		}
		for _, x := range all {
			if fold {
				x = lower(x)
			}
			if strings.Contains(s, x) {
				return true
			}
		}
		return false
	}
}
