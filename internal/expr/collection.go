package expr

// list reads a list literal; the bracket is at hand.
func (p *parser) list() (*node, error) {
	n := node{op: opList, at: p.at()}
	err := p.items(']', &n, func() error {
		item, err := p.expression()
		n.args = append(n.args, item)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.node(n), nil
}

// entries reads a map literal, or the fields of a message; the brace is at hand.
func (p *parser) entries(n *node, fields bool) (*node, error) {
	err := p.items('}', n, func() error {
		if !fields {
			k, err := p.expression()
			if err != nil {
				return err
			}
			n.args = append(n.args, k)
		} else if p.tok.kind != tokQuoted && (p.tok.kind != tokIdent || keyword(p.tok.text)) {
			return p.unexpected()
		} else if err := p.advance(); err != nil {
			return err
		}
		if err := p.expect(':'); err != nil {
			return err
		}
		v, err := p.expression()
		n.args = append(n.args, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.node(*n), nil
}

// items reads items with commas between them up to the closing bracket. One comma may follow the last item,
// or stand alone (CEL spec, "Syntax").
func (p *parser) items(closing byte, n *node, item func() error) error {
	if err := p.advance(); err != nil {
		return err
	}
	for !p.is(closing) && !p.is(',') {
		optional, err := p.accept('?')
		if err != nil {
			return err
		}
		n.opt = append(n.opt, optional)
		if err := item(); err != nil {
			return err
		}
		if more, err := p.accept(','); err != nil {
			return err
		} else if !more || p.is(closing) {
			return p.expect(closing)
		} else if p.is(',') {
			return p.unexpected()
		}
	}
	if _, err := p.accept(','); err != nil {
		return err
	}
	return p.expect(closing)
}
