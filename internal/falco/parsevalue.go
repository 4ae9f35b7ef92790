package falco

import "strings"

// operand reads a field or a transformer; nil if there is none.
func (p *parser) operand() *operand {
	at := p.i
	if end := fieldEnd(p.s, at); end > at {
		p.i = end
		o := &operand{kind: fieldOperand, name: p.s[at:end], at: at, end: end}
		p.brackets(o)
		return o
	}
	end := wordEnd(p.s, at)
	if end == at || end >= len(p.s) || p.s[end] != '(' || transformers(p.s[at:end]) == nil {
		return nil
	}
	p.i = end + 1
	return p.transformer(p.s[at:end], at)
}

// brackets reads a field's argument, if there is one.
func (p *parser) brackets(o *operand) {
	if p.i >= len(p.s) || p.s[p.i] != '[' {
		return
	}
	open := p.i
	p.i++
	arg := p.i
	if p.i < len(p.s) && (p.s[p.i] == '"' || p.s[p.i] == '\'') {
		text, ok := p.quotedText()
		if !ok {
			return
		}
		o.arg = text
	} else {
		p.i = spanEnd(p.s, p.i, argByte)
		o.arg = p.s[arg:p.i]
		if o.arg == "" {
			p.expected("an argument of "+o.name, "write "+o.name+"[ARGUMENT]")
			return
		}
	}
	o.hasArg = true
	if p.i >= len(p.s) || p.s[p.i] != ']' {
		p.fail("syntax", open, "put an argument with blanks or brackets in quotes, and close it with ]", "the argument of "+o.name+" is never closed")
		return
	}
	p.i++
	o.end = p.i
}

// quotedText reads a text in quotes.
func (p *parser) quotedText() (string, bool) {
	at := p.i
	end := quotedEnd(p.s, at)
	if end < 0 {
		p.fail("syntax", at, "add the closing quote", "this text is never closed")
		return "", false
	}
	text, bad, off := unquote(p.s[at:end])
	if bad != "" {
		p.fail("bad-escape", at+off, "write \\\\ for a backslash", "the escape "+bad+" is unknown")
		return "", false
	}
	p.i = end
	return text, true
}

// transformer reads a transformer's arguments and the closing parenthesis.
func (p *parser) transformer(name string, at int) *operand {
	o := &operand{kind: transformOperand, name: name, at: at}
	if !p.enter() {
		return nil
	}
	defer func() { p.depth-- }()
	for {
		p.blanks()
		a := p.argument()
		if p.err != nil {
			return nil
		}
		o.args = append(o.args, a)
		p.blanks()
		if p.i < len(p.s) && p.s[p.i] == ',' {
			p.i++
			continue
		}
		break
	}
	if p.i >= len(p.s) || p.s[p.i] != ')' {
		p.expected("\")\" or \",\" in the arguments of "+name, "")
		return nil
	}
	p.i++
	o.end = p.i
	if name == "getopt" {
		p.brackets(o)
	}
	return o
}

// argument reads one argument of a transformer: a field, a transformer, a text in quotes, a number or a list.
func (p *parser) argument() *operand {
	at := p.i
	if o := p.operand(); o != nil || p.err != nil {
		return o
	}
	switch {
	case at < len(p.s) && (p.s[at] == '"' || p.s[at] == '\''):
		text, ok := p.quotedText()
		if !ok {
			return nil
		}
		return &operand{kind: valueOperand, values: []value{{text, true, at}}, at: at, end: p.i}
	case at < len(p.s) && p.s[at] == '(':
		return p.argList()
	}
	if end := numberEnd(p.s, at); end > at {
		p.i = end
		return &operand{kind: valueOperand, values: []value{{p.s[at:end], false, at}}, at: at, end: end}
	}
	p.expected("a field, a transformer, a text in quotes, a number or a list", "")
	return nil
}

func (p *parser) argList() *operand {
	o := &operand{kind: argListOperand, at: p.i}
	p.i++
	if !p.enter() {
		return nil
	}
	defer func() { p.depth-- }()
	for {
		p.blanks()
		a := p.argument()
		if p.err != nil {
			return nil
		}
		o.args = append(o.args, a)
		p.blanks()
		switch {
		case p.i < len(p.s) && p.s[p.i] == ',':
			p.i++
			continue
		case p.i < len(p.s) && p.s[p.i] == ')':
			p.i++
			o.end = p.i
			return o
		}
		p.expected("\",\" or \")\" in a list", "")
		return nil
	}
}

// compare reads an operator and the right side.
func (p *parser) compare(left *operand, at int) *expr {
	if p.err != nil {
		return nil
	}
	e := &expr{kind: exprCompare, left: left, at: at, from: p.from}
	p.blanks()
	e.opAt = p.i
	if !p.operator(e) {
		return nil
	}
	if e.op != opExists {
		p.blanks()
		e.right = p.right(e)
	}
	e.end = p.i
	return e
}

func (p *parser) operator(e *expr) bool {
	rest := p.s[p.i:]
	end := wordEnd(p.s, p.i)
	word := p.s[p.i:end]
	for _, o := range operators {
		if isLetter(o.name[0]) && o.name == word || !isLetter(o.name[0]) && strings.HasPrefix(rest, o.name) {
			e.op = o.op
			p.i += len(o.name)
			break
		}
	}
	switch {
	case e.op == noOperator:
		p.unknownOperator(e, word)
		return false
	case word == "" || e.op.takesList() || e.op == opExists:
	case p.i < len(p.s) && !blank(p.s[p.i]):
		p.fail("syntax", e.opAt, "", "a blank must follow "+quoted(word))
		return false
	}
	if !e.op.takesList() && !e.op.takesNumber() && e.op != opExists {
		p.modifier(e)
	}
	return true
}

func (p *parser) unknownOperator(e *expr, word string) {
	hint := ""
	if word != "" {
		hint = didYouMean(strings.ToLower(word), operatorNames())
	}
	if word == "" && e.opAt < len(p.s) && p.s[e.opAt] == '~' || word == "matches" || word == "like" {
		hint = "use regex, glob or contains"
	}
	if hint == "" {
		hint = "operators are " + strings.Join(operatorNames(), " ")
	}
	p.expected("an operator behind "+p.s[e.left.at:e.left.end], hint)
}

// modifier takes oneof, anyof or allof where a list follows.
func (p *parser) modifier(e *expr) {
	from := p.i
	p.blanks()
	end := wordEnd(p.s, p.i)
	m := findModifier(p.s[p.i:end])
	next := end
	for next < len(p.s) && blank(p.s[next]) {
		next++
	}
	if m == noModifier || next >= len(p.s) || p.s[next] != '(' {
		p.i = from
		return
	}
	e.mod, p.i = m, next
}

// right reads what stands behind an operator.
func (p *parser) right(e *expr) *operand {
	at := p.i
	if e.mod != noModifier {
		return p.list()
	}
	if strings.HasPrefix(p.s[at:], "val(") {
		p.i += len("val(")
		p.blanks()
		o := p.operand()
		if o == nil || o.kind != fieldOperand {
			p.expected("a field within val()", "")
			return nil
		}
		p.blanks()
		if p.i >= len(p.s) || p.s[p.i] != ')' {
			p.expected("\")\"", "")
			return nil
		}
		p.i++
		return o
	}
	if end := wordEnd(p.s, at); end < len(p.s) && p.s[end] == '(' && transformers(p.s[at:end]) != nil {
		return p.operand()
	}
	switch {
	case e.op.takesNumber():
		end := numberEnd(p.s, at)
		if end == at {
			p.expected("a number behind "+e.op.String(), "to compare with a field write val(FIELD)")
			return nil
		}
		p.i = end
		return &operand{kind: valueOperand, values: []value{{p.s[at:end], false, at}}, at: at, end: end}
	case e.op.takesList():
		return p.list()
	}
	return p.single(e)
}
