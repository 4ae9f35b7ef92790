package falco

import (
	"net/netip"
	"strconv"
	"strings"
)

// format is a rule's output: texts and terms by turns.
type format struct {
	pieces []piece
}

// piece is a text, or a term with its name as the rule has it.
type piece struct {
	text  string
	term  *term
	name  string
	width int
}

// output reads a rule's output: %field, %field[arg], %transformer(field) and %{...}.
func (k *checker) output(s *script) (*format, *fault) {
	o := &format{}
	text := s.text
	i := len(text) - len(trimLeft(text))
	if strings.HasPrefix(text[i:], "*") {
		i++ // Falco's sign that fields may be missing, which they may always
	}
	for i < len(text) {
		j := strings.IndexByte(text[i:], '%')
		if j < 0 {
			o.plain(text[i:])
			break
		}
		o.plain(text[i : i+j])
		i += j + 1
		if i < len(text) && text[i] == '%' {
			o.plain("%")
			i++
			continue
		}
		end, f := k.token(o, s, i)
		if f != nil {
			return nil, f
		}
		i = end
	}
	return o, nil
}

func (o *format) plain(s string) {
	if n := len(o.pieces); n > 0 && o.pieces[n-1].term == nil {
		o.pieces[n-1].text += s
	} else if s != "" {
		o.pieces = append(o.pieces, piece{text: s})
	}
}

// token reads what follows a %.
func (k *checker) token(o *format, s *script, i int) (end int, f *fault) {
	text, width := s.text, 0
	digits := spanEnd(text, i, isDigit)
	if digits > i {
		width, _ = strconv.Atoi(text[i:min(digits, i+3)])
		i = digits
	}
	p := &parser{from: s, s: text, i: i, lists: func(string) ([]value, bool) { return nil, false }}
	braces := i < len(text) && text[i] == '{'
	if braces {
		p.i++
		p.blanks()
	}
	from := p.i
	if word := text[from:wordEnd(text, from)]; strings.HasPrefix(text[from:], "container.info") && word == "container" {
		return closing(p, from+len("container.info"), braces), nil
	}
	operand := p.operand()
	if p.err != nil {
		return 0, faultAt(s, p.err.at, p.err.code, p.err.token, p.err.hint_, p.err.message)
	}
	if operand == nil {
		return 0, faultAt(s, i, "syntax", "%"+p.token(i), "write %% for a percent sign", "expected a field behind %")
	}
	t, f := k.term(operand, s)
	if f != nil {
		return 0, f
	}
	o.pieces = append(o.pieces, piece{term: t, name: text[from:p.i], width: width})
	end = closing(p, p.i, braces)
	if end < 0 {
		return 0, faultAt(s, i, "syntax", "%{", "add }", "this %{ is never closed")
	}
	return end, nil
}

// closing is the index behind a } where one must stand; -1 if it does not.
func closing(p *parser, i int, braces bool) int {
	if !braces {
		return i
	}
	p.i = i
	p.blanks()
	if p.i >= len(p.s) || p.s[p.i] != '}' {
		return -1
	}
	return p.i + 1
}

// OutputField is a field of an alert. Value is nil if the event did not have it; otherwise a string, uint64, int64,
// bool or []string.
type OutputField struct {
	Name  string
	Value any
}

// notThere stands for a field that the event does not have.
const notThere = "<NA>"

// write writes an output and collects its fields.
func (o *format) write(f *frame) (string, []OutputField) {
	var b strings.Builder
	b.Grow(256)
	fields := make([]OutputField, 0, len(o.pieces)/2+1)
	for _, p := range o.pieces {
		if p.term == nil {
			b.WriteString(p.text)
			continue
		}
		v := f.value(p.term.slot)
		s := notThere
		if v != nil {
			s = p.term.textOf(v)
		}
		if p.width > 0 {
			s = fit(s, p.width)
		}
		b.WriteString(s)
		if !named(fields, p.name) {
			fields = append(fields, OutputField{p.name, p.term.plain(v)})
		}
	}
	return b.String(), fields
}

func named(fields []OutputField, name string) bool {
	for _, f := range fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// fit cuts or fills a text to a width.
func fit(s string, width int) string {
	if len(s) > width {
		return s[:width]
	}
	return s + strings.Repeat(" ", width-len(s))
}

func (t *term) textOf(v *Value) string {
	if t.list {
		return "(" + strings.Join(v.List, ",") + ")"
	}
	switch t.typ {
	case IntType:
		return strconv.FormatInt(int64(v.Num), 10)
	case UintType:
		return strconv.FormatUint(v.Num, 10)
	case BoolType:
		return strconv.FormatBool(v.Num != 0)
	case IPType, NetType:
		return address(v.Addr)
	}
	return v.Text
}

func address(a netip.Addr) string { return a.Unmap().String() }

// plain is a value that does not change with the next event.
func (t *term) plain(v *Value) any {
	switch {
	case v == nil:
		return nil
	case t.list:
		list := make([]string, len(v.List))
		for i, s := range v.List {
			list[i] = strings.Clone(s)
		}
		return list
	}
	switch t.typ {
	case IntType:
		return int64(v.Num)
	case UintType:
		return v.Num
	case BoolType:
		return v.Num != 0
	}
	return strings.Clone(t.textOf(v))
}
