package falco

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// exception is one entry of a rule's exceptions.
type exception struct {
	name          string
	fields, comps entry
	values        []entry
	at            place
}

// entry is a text or a list of entries.
type entry struct {
	list  bool
	item  *origin
	items []entry
}

func (e entry) given() bool { return e.list || e.item != nil }

func (r *reader) exceptions(n tree.Node, item string, appends bool) ([]*exception, bool) {
	if n.Kind() == tree.Null {
		return nil, true
	}
	if n.Kind() != tree.List {
		r.rep.errorAt(r.at(n), "exception", item, "exceptions", "", "exceptions is a %s, not a list", n.Kind())
		return nil, false
	}
	var all []*exception
	for x := range n.Items() {
		e, ok := r.exception(x, item, appends)
		if !ok {
			return nil, false
		}
		for _, before := range all {
			if before.name == e.name {
				r.rep.errorAt(e.at, "exception", item, e.name, "give each exception its own name", "exception %s is given twice", quoted(e.name))
				return nil, false
			}
		}
		all = append(all, e)
	}
	return all, true
}

func (r *reader) exception(n tree.Node, item string, appends bool) (*exception, bool) {
	if n.Kind() != tree.Map {
		r.rep.errorAt(r.at(n), "exception", item, n.Text(), "write name:, fields:, comps: and values:", "an exception is a map, this is a %s", n.Kind())
		return nil, false
	}
	name, ok := r.scalar(n, "name", item, true)
	if !ok {
		return nil, false
	}
	r.unknownKeys(n, item+` exception "`+excerpt(name.text)+`"`, "name", "fields", "comps", "values")
	e := &exception{name: name.text, at: r.at(n)}
	if !n.Get("fields").Exists() && !appends {
		r.rep.errorAt(e.at, "exception", item, e.name, "", "exception %s has no fields", quoted(e.name))
		return nil, false
	}
	if e.fields, ok = r.entry(n.Get("fields"), item, 1); !ok {
		return nil, false
	}
	if e.comps, ok = r.entry(n.Get("comps"), item, 1); !ok {
		return nil, false
	}
	values := n.Get("values")
	if values.Exists() && values.Kind() != tree.List {
		r.rep.errorAt(r.at(values), "exception", item, e.name, "", "the values of exception %s are a %s, not a list", quoted(e.name), values.Kind())
		return nil, false
	}
	if !values.Exists() && appends {
		r.rep.warnAt(e.at, "exception", item, e.name, "add values:", "exception %s has no values to append", quoted(e.name))
	}
	for v := range values.Items() {
		x, ok := r.entry(v, item, 2)
		if !ok {
			return nil, false
		}
		if !x.given() {
			r.rep.errorAt(r.at(v), "exception", item, e.name, "", "a value of exception %s is empty", quoted(e.name))
			return nil, false
		}
		e.values = append(e.values, x)
	}
	return e, true
}

// entry reads a text, or a list of texts nested at most depth deep; the zero entry for nothing.
func (r *reader) entry(n tree.Node, item string, depth int) (entry, bool) {
	switch {
	case !n.Exists() || n.Kind() == tree.Null:
		return entry{}, true
	case n.Kind() == tree.Map || n.Kind() == tree.List && depth == 0:
		r.rep.errorAt(r.at(n), "exception", item, "", "", "expected a text, this is a %s", n.Kind())
		return entry{}, false
	case n.Kind() != tree.List:
		if n.Text() == "" {
			r.rep.errorAt(r.at(n), "exception", item, "", "", "a value is empty")
			return entry{}, false
		}
		return entry{item: &origin{file: r.file, node: n, text: n.Text()}}, true
	}
	e := entry{list: true}
	for c := range n.Items() {
		x, ok := r.entry(c, item, depth-1)
		if !ok {
			return entry{}, false
		}
		e.items = append(e.items, x)
	}
	return e, true
}

// complete gives comps their defaults and checks the exception against a rule's source, which may be nil.
func (c *collection) complete(e *exception, item string, s *Source) bool {
	bad := func(token, hint, format string, args ...any) bool {
		c.rep.errorAt(e.at, "exception", item, token, hint, "exception "+quoted(e.name)+": "+format, args...)
		return false
	}
	if !e.fields.given() {
		return bad(e.name, "add fields:", "there are no fields")
	}
	if !e.fields.list {
		if e.comps.list {
			return bad(e.name, "make both a text or both a list", "fields is one field, comps is a list")
		}
		op := "in"
		if e.comps.item != nil {
			op = e.comps.item.text
		}
		if o, mod, ok := parseOperator(op); !ok || mod == noModifier && !o.takesList() {
			return bad(op, "use in, pmatch, intersects, or an operator with oneof, anyof or allof", "%s cannot compare one field with a list", quoted(op))
		}
		return c.knownField(e, e.fields, item, s)
	}
	if e.comps.given() && !e.comps.list || e.comps.given() && len(e.comps.items) != len(e.fields.items) {
		return bad(e.name, "give one operator per field", "fields and comps differ in length")
	}
	for _, x := range e.comps.items {
		if x.item == nil {
			return bad(e.name, "", "an operator is missing")
		}
		if _, _, ok := parseOperator(x.item.text); !ok {
			return bad(x.item.text, didYouMean(x.item.text, operatorNames()), "%s is no operator", quoted(x.item.text))
		}
	}
	for _, x := range e.fields.items {
		if x.item == nil {
			return bad(e.name, "", "a field is missing")
		}
		if !c.knownField(e, x, item, s) {
			return false
		}
	}
	return true
}

func (c *collection) knownField(e *exception, f entry, item string, s *Source) bool {
	if s == nil {
		return true
	}
	name := f.item.text
	if i := strings.IndexByte(name, '['); i >= 0 {
		name = name[:i]
	}
	if _, ok := s.field(name); !ok {
		c.rep.errorAt(f.item.place(0), "unknown-field", item, name, didYouMean(name, s.names()), "exception %s: %s is no field of source %s", quoted(e.name), quoted(name), s.Name)
		return false
	}
	return true
}

// except adds a rule's exceptions to its condition: (condition) and not (...).
func (c *collection) except(d *ruleDef, cond *script) (*script, bool) {
	out := &script{}
	if len(d.exceptions) == 0 {
		return cond, true
	}
	first := cond.parts[0].from
	out.glue("(", first)
	out.join(cond)
	out.glue(")", first)
	for _, e := range d.exceptions {
		if len(e.values) == 0 {
			continue
		}
		ok := false
		if e.fields.list {
			ok = c.exceptMany(d, e, out)
		} else {
			ok = c.exceptOne(d, e, out)
		}
		if !ok {
			return nil, false
		}
	}
	return out, true
}

// exceptOne writes an exception of one field: and not (field in (values)).
func (c *collection) exceptOne(d *ruleDef, e *exception, out *script) bool {
	f := e.fields.item
	out.glue(" and not (", f)
	out.add(f)
	if e.comps.item != nil {
		out.glue(" ", f)
		out.add(e.comps.item)
		out.glue(" (", f)
	} else {
		out.glue(" in (", f)
	}
	for i, v := range e.values {
		if v.list {
			c.rep.errorAt(e.at, "exception", d.item(), e.name, "", "exception %s: fields is one field, so each value is one text", quoted(e.name))
			return false
		}
		if i > 0 {
			out.glue(", ", f)
		}
		out.value(v.item)
	}
	out.glue("))", f)
	return true
}

// exceptMany writes an exception of several fields: and not ((f op v and g op w) or ...).
func (c *collection) exceptMany(d *ruleDef, e *exception, out *script) bool {
	head := &origin{file: e.at.file}
	if len(e.fields.items) > 0 {
		head = e.fields.items[0].item
	}
	out.glue(" and not (", head)
	for i, v := range e.values {
		if !v.list || len(v.items) != len(e.fields.items) {
			c.rep.errorAt(e.at, "exception", d.item(), e.name, "give one value per field", "exception %s: fields and values differ in length", quoted(e.name))
			return false
		}
		if i > 0 {
			out.glue(" or ", head)
		}
		out.glue("(", head)
		for k, f := range e.fields.items {
			if k > 0 {
				out.glue(" and ", f.item)
			}
			out.add(f.item)
			op := "="
			out.glue(" ", f.item)
			if e.comps.list {
				op = e.comps.items[k].item.text
				out.add(e.comps.items[k].item)
			} else {
				out.glue(op, f.item)
			}
			out.glue(" ", f.item)
			if !out.comparand(v.items[k], op, f.item) {
				c.rep.errorAt(e.at, "exception", d.item(), e.name, "", "exception %s: a value is missing", quoted(e.name))
				return false
			}
		}
		out.glue(")", head)
	}
	out.glue(")", head)
	return true
}

// comparand writes the right side of a comparison in an exception.
func (s *script) comparand(v entry, op string, near *origin) bool {
	o, mod, _ := parseOperator(op)
	switch {
	case v.list:
		s.glue("(", near)
		for i, x := range v.items {
			if x.item == nil {
				return false
			}
			if i > 0 {
				s.glue(", ", near)
			}
			s.value(x.item)
		}
		s.glue(")", near)
	case v.item == nil:
		return false
	case !o.takesList() && mod == noModifier:
		s.value(v.item)
	case strings.HasPrefix(v.item.text, "("):
		s.add(v.item)
	default:
		s.glue("(", near)
		s.value(v.item)
		s.glue(")", near)
	}
	return true
}

// value writes a value of an exception, in quotes where it needs them.
func (s *script) value(o *origin) {
	if isBare(o.text) || o.text[0] == '"' || o.text[0] == '\'' {
		s.add(o)
		return
	}
	s.parts = append(s.parts, part{len(s.text), o})
	s.text += quote(o.text)
}
