package expr

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// needs are literals of which any text that matches a pattern holds at least one. Looking for them costs a
// tenth of what running the expression does, and hardly any text of a manifest holds one. In lower case if
// fold is set.
type needs struct {
	literals []string
	fold     bool
}

// The shortest literal and the greatest number of literals that are worth looking for.
const (
	minNeed  = 3
	maxNeeds = 48
)

// needsOf finds the literals that a pattern needs; nil where there are none to rely on.
func needsOf(re *syntax.Regexp) *needs {
	literals, fold, ok := required(re)
	if !ok || len(literals) > maxNeeds {
		return nil
	}
	if fold {
		for i, l := range literals {
			literals[i] = strings.ToLower(l)
		}
	}
	return &needs{literals, fold}
}

func required(re *syntax.Regexp) (literals []string, fold, ok bool) {
	switch re.Op {
	case syntax.OpLiteral:
		text := string(re.Rune)
		fold = re.Flags&syntax.FoldCase != 0
		return []string{text}, fold, len(text) >= minNeed && (!fold || ascii(text))
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		best := 0
		for _, sub := range re.Sub {
			more, f, has := required(sub)
			if !has {
				continue
			}
			if n := shortest(more); n > best {
				literals, fold, ok, best = more, f, true, n
			}
		}
		return literals, fold, ok
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, f, has := required(sub)
			if !has {
				return nil, false, false
			}
			literals, fold = append(literals, more...), fold || f
		}
		return literals, fold, true
	}
	return nil, false, false
}

func shortest(literals []string) int {
	n := len(literals[0])
	for _, l := range literals {
		n = min(n, len(l))
	}
	return n
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// missing says that a text holds none of the literals, and so cannot match.
func (n *needs) missing(s string) bool {
	if n.fold {
		var buffer [256]byte
		if len(s) > len(buffer) {
			return false
		}
		for i := range len(s) {
			c := s[i]
			if c >= utf8.RuneSelf {
				return false // letters outside ASCII may fold into it
			}
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			buffer[i] = c
		}
		return !n.any(string(buffer[:len(s)]))
	}
	return !n.any(s)
}

func (n *needs) any(s string) bool {
	for _, l := range n.literals {
		if strings.Contains(s, l) {
			return true
		}
	}
	return false
}
