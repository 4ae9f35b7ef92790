package falco

import "strings"

// maxNesting bounds parentheses and negations within each other.
const maxNesting = 1000

// syntaxError is a fault in a condition's text.
type syntaxError struct {
	code           string
	at             int
	token          string
	message, hint_ string
}

// parser reads a condition by recursive descent. The first fault sticks.
type parser struct {
	from  *script
	s     string
	i     int
	depth int
	err   *syntaxError
	lists func(name string) ([]value, bool) // the values of a list
}

// parse reads a whole condition.
func parse(s *script, lists func(string) ([]value, bool)) (*expr, *syntaxError) {
	p := &parser{from: s, s: s.text, lists: lists}
	p.blanks()
	if p.i == len(p.s) {
		p.fail("syntax", p.i, "", "the condition is empty")
		return nil, p.err
	}
	e := p.or()
	if p.err == nil {
		p.blanks()
		if p.i < len(p.s) {
			p.trailing()
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

func (p *parser) fail(code string, at int, hint, message string) {
	if p.err == nil {
		p.err = &syntaxError{code, at, p.token(at), message, hint}
	}
}

// expected reports what should stand where something else does.
func (p *parser) expected(what, hint string) {
	found := "the end"
	if t := p.token(p.i); t != "" {
		found = quoted(t)
	}
	p.fail("syntax", p.i, hint, "expected "+what+", found "+found)
}

// token is the word, text or sign at an offset, as it is named in a message.
func (p *parser) token(at int) string {
	s := p.s
	if at >= len(s) {
		return ""
	}
	switch c := s[at]; {
	case c == '"' || c == '\'':
		if end := quotedEnd(s, at); end > 0 {
			return s[at:end]
		}
		return s[at:]
	case bareByte(c):
		return s[at:spanEnd(s, at, bareByte)]
	}
	return s[at : at+1]
}

// trailing reports text behind a whole condition.
func (p *parser) trailing() {
	switch t := p.token(p.i); {
	case t == ")":
		p.fail("syntax", p.i, "remove it, or add the \"(\" that it closes", "there is a \")\" too many")
	case t == "=":
		p.fail("syntax", p.i, "put a value with = in it in quotes", "expected \"and\", \"or\" or the end, found \"=\"")
	case strings.EqualFold(t, "and") || strings.EqualFold(t, "or"):
		p.fail("syntax", p.i, "write it in lower case, with a blank behind it", "expected \"and\", \"or\" or the end, found "+quoted(t))
	case t == "&&" || t == "||":
		p.fail("syntax", p.i, "write and, or", "expected \"and\", \"or\" or the end, found "+quoted(t))
	case t == ",":
		p.fail("syntax", p.i, "put the values of a list in parentheses", "expected \"and\", \"or\" or the end, found \",\"")
	default:
		p.fail("syntax", p.i, "join comparisons with and, or; put a value with blanks in quotes", "expected \"and\", \"or\" or the end, found "+quoted(t))
	}
}

// blanks passes over blanks and says whether there were any.
func (p *parser) blanks() bool {
	from := p.i
	for p.i < len(p.s) && blank(p.s[p.i]) {
		p.i++
	}
	return p.i > from
}

// keyword takes a word that is followed by a blank or a parenthesis.
func (p *parser) keyword(w string) bool {
	if !strings.HasPrefix(p.s[p.i:], w) {
		return false
	}
	end := p.i + len(w)
	if end < len(p.s) && !blank(p.s[end]) && p.s[end] != '(' {
		return false
	}
	if end == len(p.s) {
		p.i = end
		p.fail("syntax", end-len(w), "complete the condition, or remove "+w, "nothing follows "+quoted(w))
		return true
	}
	p.i = end
	return true
}

func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxNesting {
		p.fail("too-deep", p.i, "move parts of the condition to macros", "the condition is nested more than 1000 deep")
	}
	return p.err == nil
}

func (p *parser) or() *expr  { return p.chain("or", exprOr, p.and) }
func (p *parser) and() *expr { return p.chain("and", exprAnd, p.not) }

func (p *parser) chain(word string, kind exprKind, next func() *expr) *expr {
	p.blanks()
	at := p.i
	e := next()
	if p.err != nil {
		return e
	}
	kids := []*expr{e}
	for p.blanks(); p.err == nil && p.keyword(word); p.blanks() {
		if p.err == nil {
			kids = append(kids, next())
		}
	}
	if len(kids) == 1 {
		return e
	}
	return &expr{kind: kind, kids: kids, at: at, end: p.i, from: p.from}
}

func (p *parser) not() *expr {
	p.blanks()
	at, negated, levels := p.i, false, 0
	for p.err == nil && p.keyword("not") {
		negated = !negated
		levels++
		p.blanks()
		if !p.enter() {
			break
		}
	}
	if p.err != nil {
		return nil
	}
	e := p.check()
	p.depth -= levels
	if !negated || p.err != nil {
		return e
	}
	return &expr{kind: exprNot, kids: []*expr{e}, at: at, end: p.i, from: p.from}
}

// check reads a parenthesis, a comparison or the name of a macro.
func (p *parser) check() *expr {
	p.blanks()
	at := p.i
	if p.i < len(p.s) && p.s[p.i] == '(' {
		p.i++
		if !p.enter() {
			return nil
		}
		e := p.or()
		p.depth--
		if p.err != nil {
			return nil
		}
		p.blanks()
		if p.i >= len(p.s) {
			p.fail("syntax", at, "add \")\"", "this \"(\" is never closed")
			return nil
		}
		if p.s[p.i] != ')' {
			p.trailing()
			return nil
		}
		p.i++
		return e
	}
	if left := p.operand(); left != nil {
		return p.compare(left, at)
	}
	if p.err != nil {
		return nil
	}
	end := wordEnd(p.s, p.i)
	if end == p.i {
		p.expectedCheck()
		return nil
	}
	name := p.s[p.i:end]
	if lower := strings.ToLower(name); lower == "and" || lower == "or" || lower == "not" {
		p.expected("a field, a macro or \"(\"", "and, or and not stand between conditions, in lower case")
		return nil
	}
	p.i = end
	if end < len(p.s) && !blank(p.s[end]) && p.s[end] != ')' {
		p.afterMacro(at, end, name)
		return nil
	}
	if p.comparesMacro(end) {
		p.fail("syntax", at, "a field's name has a dot in it", quoted(name)+" is no field and cannot be compared")
		return nil
	}
	return &expr{kind: exprMacro, macro: name, at: at, end: end, from: p.from}
}

// comparesMacro says whether an operator follows.
func (p *parser) comparesMacro(i int) bool {
	for i < len(p.s) && blank(p.s[i]) {
		i++
	}
	word := p.s[i:wordEnd(p.s, i)]
	for _, o := range operators {
		if isLetter(o.name[0]) && o.name == word || !isLetter(o.name[0]) && strings.HasPrefix(p.s[i:], o.name) {
			return true
		}
	}
	return false
}

func (p *parser) expectedCheck() {
	hint := ""
	switch t := p.token(p.i); {
	case strings.HasPrefix(t, "!"):
		hint = "write not"
	case strings.HasPrefix(t, "%"):
		hint = "leave out the %, which belongs to outputs"
	case t == ")":
		hint = "there is nothing in front of it"
	}
	p.expected("a field, a macro or \"(\"", hint)
}

// afterMacro reports what stands close behind a name.
func (p *parser) afterMacro(at, end int, name string) {
	switch p.s[end] {
	case '(':
		p.fail("unknown-transformer", at, didYouMean(name, transformerNames()), quoted(name)+" is no transformer; there are "+strings.Join(transformerNames(), ", "))
	case '=', '!', '<', '>':
		p.fail("syntax", at, "a field's name has a dot in it", quoted(name)+" is no field and cannot be compared")
	default:
		p.i = end
		p.trailing()
	}
}
