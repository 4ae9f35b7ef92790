package falco

import (
	"strconv"
	"strings"
)

// term is a field with its argument, a transformer with its arguments, or a constant. Equal terms of a source are
// one, so that their value is found once per event.
type term struct {
	key   string // what makes it equal to others
	names []string
	field *Field
	arg   argument
	fn    *transformer
	args  []*term
	typ   Type
	list  bool
	slot  int
	cost  int
	get   func(f *frame, v *Value) bool
}

// term resolves a side of a comparison.
func (k *checker) term(o *operand, from *script) (*term, *fault) {
	var t *term
	var f *fault
	switch o.kind {
	case fieldOperand:
		t, f = k.fieldTerm(o, from)
	case transformOperand:
		t, f = k.transformTerm(o, from)
	case argListOperand:
		t, f = k.listTerm(o, from)
	default:
		text := o.values[0].text
		t = &term{key: quote(text), typ: StringType, get: func(_ *frame, v *Value) bool { v.Text = text; return true }}
	}
	if f != nil {
		return nil, f
	}
	if before := k.terms[t.key]; before != nil {
		before.names = append(before.names, t.names...)
		return before, nil
	}
	t.slot = len(k.seq)
	k.seq = append(k.seq, t)
	k.terms[t.key] = t
	return t, nil
}

func (k *checker) fieldTerm(o *operand, from *script) (*term, *fault) {
	fd, ok := k.source.field(o.name)
	if !ok {
		hint := didYouMean(o.name, k.source.names())
		if other := k.otherSource(o.name); other != "" {
			hint = "it is a field of source " + other + ": give the rule source: " + other
		}
		return nil, faultAt(from, o.at, "unknown-field", o.name, hint, quoted(o.name)+" is no field of source "+k.source.Name)
	}
	t := &term{field: fd, typ: fd.Type, list: fd.List, arg: argument{index: -1}, cost: fieldCost(fd)}
	key, has := o.arg, o.hasArg
	if d, dynamic := k.source.dynamicKey(o.name); dynamic {
		if has {
			return nil, faultAt(from, o.at, "field-argument", o.arg, "", o.name+" takes no argument")
		}
		key, has = d, true
	}
	if f := t.argument(fd, key, has, from, o); f != nil {
		return nil, f
	}
	t.key = fd.Name
	if has {
		t.key += "[" + key + "]"
	}
	t.names = []string{t.key}
	if k.source.same != nil {
		if name, ok := k.source.same(fd.Name, key); ok {
			same, _ := k.source.field(name)
			*t = term{key: name, names: append(t.names, name), field: same, typ: same.Type, list: same.List, arg: argument{index: -1}, cost: fieldCost(same)}
		}
	}
	t.get = t.fromEvent
	return t, nil
}

func (k *checker) otherSource(field string) string {
	for _, s := range k.c.options.Sources {
		if _, ok := s.field(field); ok && s != k.source {
			return s.Name
		}
	}
	return ""
}

// argument prepares what stands in brackets.
func (t *term) argument(fd *Field, key string, has bool, from *script, o *operand) *fault {
	bad := func(message, hint string) *fault {
		return faultAt(from, o.at, "field-argument", o.arg, hint, message)
	}
	switch {
	case !has && fd.Arg == NeedsKey:
		return bad(fd.Name+" needs an argument", "write "+fd.Name+"[ARGUMENT]")
	case has && fd.Arg == NoArg:
		return bad(fd.Name+" takes no argument", "leave out ["+key+"]")
	case !has:
		return nil
	}
	t.arg.key = key
	if fd.Arg == MayIndex {
		n, err := strconv.ParseUint(key, 10, 31)
		if err != nil {
			return bad("the argument of "+fd.Name+" is a number from 0, not "+quoted(key), "")
		}
		t.arg.index = int(n)
	}
	if strings.HasSuffix(fd.Name, ".value") && strings.HasPrefix(key, "/") {
		for p := range strings.SplitSeq(key[1:], "/") {
			t.arg.pointer = append(t.arg.pointer, strings.NewReplacer("~1", "/", "~0", "~").Replace(p))
		}
	} else if fd.Name == "jevt.value" || fd.Name == "json.value" {
		return bad(quoted(key)+" is no JSON Pointer", "begin it with /")
	}
	return nil
}

// fromEvent finds a field in the event, whichever form it has.
func (t *term) fromEvent(f *frame, v *Value) bool {
	if f.record != nil {
		for _, name := range t.names {
			if f.given(name, t, v) {
				return true
			}
			v.reset()
		}
		return false
	}
	return f.audit != nil && t.field.get != nil && t.field.get(f, &t.arg, v)
}

// fieldCost orders fields by how far one has to look for them.
func fieldCost(fd *Field) int {
	switch {
	case fd.Needs == request || fd.Needs == response:
		return 20
	case strings.HasPrefix(fd.Name, "ka.auth") || strings.HasPrefix(fd.Name, "ka.response") || strings.HasPrefix(fd.Name, "jevt.") || strings.HasPrefix(fd.Name, "json."):
		return 8
	}
	return 2
}

func (k *checker) transformTerm(o *operand, from *script) (*term, *fault) {
	t := &term{fn: transformers(o.name), arg: argument{key: o.arg}}
	keys := make([]string, len(o.args))
	for i, a := range o.args {
		x, f := k.term(a, from)
		if f != nil {
			return nil, f
		}
		t.args = append(t.args, x)
		t.cost += x.cost + 5
		keys[i] = x.key
	}
	if bad := t.fn.types(t, o.hasArg); bad != "" {
		return nil, faultAt(from, o.at, "transformer-type", from.text[o.at:o.end], "", o.name+": "+bad)
	}
	t.key = o.name + "(" + strings.Join(keys, ", ") + ")"
	if o.hasArg {
		t.key += "[" + o.arg + "]"
	}
	t.get = func(f *frame, v *Value) bool { return t.fn.apply(f, t, v) }
	return t, nil
}

// listTerm is a list in a transformer's arguments.
func (k *checker) listTerm(o *operand, from *script) (*term, *fault) {
	t := &term{typ: StringType, list: true}
	keys := make([]string, len(o.args))
	for i, a := range o.args {
		x, f := k.term(a, from)
		if f != nil {
			return nil, f
		}
		if x.list || x.typ != StringType {
			return nil, faultAt(from, a.at, "transformer-type", from.text[a.at:a.end], "", "a list here holds texts, not "+x.what())
		}
		t.args = append(t.args, x)
		keys[i] = x.key
	}
	t.key = "(" + strings.Join(keys, ", ") + ")"
	t.get = func(f *frame, v *Value) bool {
		for _, a := range t.args {
			x := f.value(a.slot)
			if x == nil {
				return false
			}
			v.List = append(v.List, x.Text)
		}
		return true
	}
	return t, nil
}

func (t *term) what() string {
	if t.list {
		return "a list"
	}
	return "a field of type " + t.typ.String()
}

// fields adds the fields that a term reads.
func (t *term) fields(add func(*Field, string)) {
	if t.field != nil {
		add(t.field, t.key)
	}
	for _, a := range t.args {
		a.fields(add)
	}
}
