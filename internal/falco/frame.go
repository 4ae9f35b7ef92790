package falco

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// Record is an event given as a map from fields, with their arguments, to values: texts, numbers, truths and lists.
// A list for a field that is none stands for several values of which any may match.
type Record map[string]any

// frame is one event under judgement, and what was found in it so far.
type frame struct {
	audit  *event.Audit
	text   event.Text // of its values
	record Record
	number uint64
	time   time.Time // zero: ask the event
	place  string    // the cluster's name
	now    uint64    // counts events, so that what was found before is not valid any more
	slots  []slot
	memos  []memo
	plan   *plan
}

// slot is a term's value in the event of a count.
type slot struct {
	at uint64
	ok bool
	v  Value
}

type memo struct {
	at    uint64
	truth bool
}

// value is a term's value; nil if the event has none. It is found once per event.
func (f *frame) value(i int) *Value {
	s := &f.slots[i]
	if s.at != f.now {
		s.at = f.now
		s.v.reset()
		s.ok = f.plan.terms[i].get(f, &s.v)
	}
	if !s.ok {
		return nil
	}
	return &s.v
}

// when is the event's time.
func (f *frame) when() time.Time {
	if f.time.IsZero() && f.audit != nil {
		f.time = f.audit.Time()
	}
	return f.time
}

// lookup finds a field's value in a Record: under its name, or, for one with an argument, in the other ways to write
// it, or as an item of the whole list.
func (f *frame) lookup(name string, t *term) (any, bool) {
	if x, ok := f.record[name]; ok || t.arg.key == "" {
		return x, ok && x != nil
	}
	for _, other := range [...]string{t.field.Name + "[" + t.arg.key + "]", t.field.Name + "." + t.arg.key} {
		if x, ok := f.record[other]; ok {
			return x, x != nil
		}
	}
	if list, ok := f.record[t.field.Name].([]any); ok && t.field.List && t.arg.index >= 0 && t.arg.index < len(list) {
		return list[t.arg.index], true
	}
	return nil, false
}

// given finds a field in a Record and converts it to the field's type.
func (f *frame) given(name string, t *term, v *Value) bool {
	x, ok := f.lookup(name, t)
	if !ok {
		return false
	}
	list, many := x.([]any)
	if !many {
		list = []any{x}
	}
	if t.field.List {
		for _, y := range list {
			v.List = append(v.List, cString(asText(y)))
		}
		return len(v.List) > 0
	}
	at := v
	for i, y := range list {
		if i > 0 {
			at.Alt = &Value{}
			at = at.Alt
		}
		if !convert(y, t.field.Type, at) {
			return false
		}
	}
	return len(list) > 0
}

func asText(x any) string {
	switch x := x.(type) {
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	}
	return fmt.Sprint(x)
}

func convert(x any, t Type, v *Value) bool {
	s := asText(x)
	var err error
	switch t {
	case StringType:
		v.Text = cString(s)
	case BytesType:
		v.Text = s
	case IntType:
		var n int64
		n, err = readInt(s)
		v.Num = uint64(n)
	case UintType:
		v.Num, err = readUint(s)
	case BoolType:
		var b bool
		b, err = strconv.ParseBool(s)
		if b {
			v.Num = 1
		}
	case IPType, NetType:
		v.Addr, err = netip.ParseAddr(s)
	}
	return err == nil
}
