package falco

// single reads one value.
func (p *parser) single(e *expr) *operand {
	at := p.i
	v, ok := p.literal("a value behind " + e.op.String())
	if !ok {
		return nil
	}
	if !v.quoted {
		if all, named := p.lists(v.text); named {
			if len(all) != 1 {
				p.i = at
				p.fail("list-as-value", at, "use in ("+v.text+")", quoted(v.text)+" is a list, and "+e.op.String()+" compares with one value")
				return nil
			}
			v = value{all[0].text, all[0].quoted, at}
		}
	}
	return &operand{kind: valueOperand, values: []value{v}, at: at, end: p.i}
}

func (p *parser) literal(what string) (value, bool) {
	at := p.i
	if at < len(p.s) && (p.s[at] == '"' || p.s[at] == '\'') {
		text, ok := p.quotedText()
		return value{text, true, at}, ok
	}
	end := spanEnd(p.s, at, bareByte)
	if end == at {
		hint := ""
		if at < len(p.s) && p.s[at] == '(' {
			hint = "for a list use in, intersects, pmatch, or add oneof, anyof, allof"
		}
		p.expected(what, hint)
		return value{}, false
	}
	p.i = end
	return value{p.s[at:end], false, at}, true
}

// list reads values in parentheses, or the name of a list.
func (p *parser) list() *operand {
	o := &operand{kind: listOperand, at: p.i}
	if p.i >= len(p.s) || p.s[p.i] != '(' {
		end := wordEnd(p.s, p.i)
		if end == p.i {
			p.expected("a list in parentheses", "")
			return nil
		}
		v := value{p.s[p.i:end], false, p.i}
		p.i = end
		o.values, o.end = p.expand(o.values, v), end
		return o
	}
	open := p.i
	p.i++
	for first := true; ; first = false {
		p.blanks()
		if first && p.i < len(p.s) && p.s[p.i] == ')' {
			break
		}
		if p.i >= len(p.s) {
			p.fail("syntax", open, "add \")\"", "this list is never closed")
			return nil
		}
		v, ok := p.literal("a value in the list")
		if !ok {
			return nil
		}
		o.values = p.expand(o.values, v)
		p.blanks()
		if p.i < len(p.s) && p.s[p.i] == ',' {
			p.i++
			continue
		}
		if p.i < len(p.s) && p.s[p.i] == ')' {
			break
		}
		if p.i >= len(p.s) {
			p.fail("syntax", open, "add \")\"", "this list is never closed")
			return nil
		}
		p.expected("\",\" or \")\" in the list", "put a value with blanks, = or parentheses in quotes")
		return nil
	}
	p.i++
	o.end = p.i
	return o
}

// expand adds a value, or the values of the list that it names.
func (p *parser) expand(to []value, v value) []value {
	if !v.quoted {
		if all, named := p.lists(v.text); named {
			for _, x := range all {
				to = append(to, value{x.text, x.quoted, v.at})
			}
			return to
		}
	}
	return append(to, v)
}
