package expr

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// pattern is a constant regular expression. It is checked when it is planned, and compiled when it is first
// needed. One that stands for a few texts, as ^(?i)(?:CAP_)?ALL$ does, is never compiled: comparing is faster.
type pattern struct {
	src   string
	texts []text // nil if there are too many
	needs *needs // nil if the pattern needs no literal
	once  sync.Once
	re    *regexp.Regexp
}

// text is a text that a pattern stands for.
type text struct {
	text       string
	start, end bool // it begins or ends the whole
	fold       bool // case does not count
}

const maxTexts = 16

func newPattern(src string) (*pattern, error) {
	tree, err := syntax.Parse(src, syntax.Perl)
	if err != nil {
		return nil, noPattern(src, err)
	}
	texts, ok := textsOf(tree)
	if !ok || slices.ContainsFunc(texts, func(t text) bool { return t.fold && !(t.start && t.end) }) {
		texts = nil
	}
	return &pattern{src: src, texts: texts, needs: needsOf(tree)}, nil
}

// match says whether the pattern is found in a text.
func (p *pattern) match(s string) bool {
	if p.texts == nil {
		if p.needs != nil && p.needs.missing(s) {
			return false
		}
		p.once.Do(func() { p.re = regexp.MustCompile(p.src) })
		return p.re.MatchString(s)
	}
	for i := range p.texts {
		if p.texts[i].match(s) {
			return true
		}
	}
	return false
}

func (t *text) match(s string) bool {
	switch {
	case t.start && t.end && t.fold:
		return strings.EqualFold(s, t.text)
	case t.start && t.end:
		return s == t.text
	case t.start:
		return strings.HasPrefix(s, t.text)
	case t.end:
		return strings.HasSuffix(s, t.text)
	}
	return strings.Contains(s, t.text)
}

// textsOf lists the texts that a regular expression stands for; ok is false if they are too many, or if it
// looks at what is around them.
func textsOf(re *syntax.Regexp) (texts []text, ok bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []text{{}}, true
	case syntax.OpBeginText:
		return []text{{start: true}}, true
	case syntax.OpEndText:
		return []text{{end: true}}, true
	case syntax.OpLiteral:
		return []text{{text: string(re.Rune), fold: re.Flags&syntax.FoldCase != 0}}, true
	case syntax.OpCharClass:
		return textsOfClass(re.Rune)
	case syntax.OpCapture:
		return textsOf(re.Sub[0])
	case syntax.OpQuest:
		texts, ok = textsOf(re.Sub[0])
		return append(texts, text{}), ok
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, ok := textsOf(sub)
			if texts = append(texts, more...); !ok || len(texts) > maxTexts {
				return nil, false
			}
		}
		return texts, true
	case syntax.OpConcat:
		texts = []text{{}}
		for _, sub := range re.Sub {
			more, ok := textsOf(sub)
			if !ok || len(texts)*len(more) > maxTexts {
				return nil, false
			}
			if texts, ok = product(texts, more); !ok {
				return nil, false
			}
		}
		return texts, true
	}
	return nil, false
}

// textsOfClass lists the characters of a class of a few.
func textsOfClass(pairs []rune) (texts []text, ok bool) {
	for i := 0; i < len(pairs); i += 2 {
		for r := pairs[i]; r <= pairs[i+1]; r++ {
			if len(texts) == maxTexts/2 {
				return nil, false
			}
			texts = append(texts, text{text: string(r)})
		}
	}
	return texts, len(texts) > 0
}

// product joins each of one list with each of another.
func product(before, behind []text) ([]text, bool) {
	all := make([]text, 0, len(before)*len(behind))
	for _, a := range before {
		for _, b := range behind {
			if b.start && (a.text != "" || a.end) || a.end && b.text != "" {
				return nil, false // an anchor in the middle
			}
			if a.fold != b.fold && (!a.fold && cased(a.text) || !b.fold && cased(b.text)) {
				return nil, false
			}
			all = append(all, text{a.text + b.text, a.start || b.start, a.end || b.end, a.fold || b.fold})
		}
	}
	return all, true
}

func cased(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.SimpleFold(r) != r })
}
