package falco

import (
	"encoding/base64"
	"strings"
)

// transformer makes a value of others.
type transformer struct {
	name string
	// types finds the result's type, or says what is wrong with the arguments.
	types func(t *term, hasArg bool) (bad string)
	apply func(f *frame, t *term, v *Value) bool
}

func transformerNames() []string {
	return []string{"tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt"}
}

func transformers(name string) *transformer {
	switch name {
	case "tolower":
		return mapping(name, false, func(s string) (string, bool) { return lower(s), true })
	case "toupper":
		return mapping(name, false, func(s string) (string, bool) { return upper(s), true })
	case "basename":
		return mapping(name, false, func(s string) (string, bool) { return s[strings.LastIndexByte(s, '/')+1:], true })
	case "b64":
		return mapping(name, true, decode64)
	case "len":
		return &transformer{name, lenTypes, applyLen}
	case "join":
		return &transformer{name, joinTypes, applyJoin}
	case "concat":
		return &transformer{name, concatTypes, applyConcat}
	case "getopt":
		return &transformer{name, getoptTypes, applyGetopt}
	}
	return nil
}

// lower and upper change letters of ASCII, as the C locale does.
func lower(s string) string { return caseOf(s, 'A', 'Z') }
func upper(s string) string { return caseOf(s, 'a', 'z') }

func caseOf(s string, from, to byte) string {
	for i := range len(s) {
		if from <= s[i] && s[i] <= to {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if from <= b[j] && b[j] <= to {
					b[j] ^= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

func decode64(s string) (string, bool) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	return string(b), err == nil
}

// mapping is a transformer of one text, which goes over each text of a list.
func mapping(name string, bytes bool, do func(string) (string, bool)) *transformer {
	return &transformer{name, func(t *term, _ bool) string {
		if len(t.args) != 1 {
			return "it takes one argument"
		}
		a := t.args[0]
		if a.typ != StringType && !(bytes && a.typ == BytesType) {
			return "it takes a text, not " + a.what()
		}
		t.typ, t.list = a.typ, a.list
		return ""
	}, func(f *frame, t *term, v *Value) bool {
		x := f.value(t.args[0].slot)
		if x == nil {
			return false
		}
		for _, s := range x.List {
			s, ok := do(s)
			if !ok {
				return false
			}
			v.List = append(v.List, s)
		}
		at := v
		for ok := false; ; at = at.Alt {
			if at.Text, ok = do(x.Text); !ok {
				return false
			}
			if x = x.Alt; x == nil {
				return true
			}
			at.Alt = &Value{}
		}
	}}
}

func lenTypes(t *term, _ bool) string {
	if len(t.args) != 1 {
		return "it takes one argument"
	}
	if a := t.args[0]; !a.list && a.typ != StringType && a.typ != BytesType {
		return "it takes a text, bytes or a list, not " + a.what()
	}
	t.typ = UintType
	return ""
}

func applyLen(f *frame, t *term, v *Value) bool {
	x := f.value(t.args[0].slot)
	if x == nil {
		return false
	}
	if v.Num = uint64(len(x.Text)); t.args[0].list {
		v.Num = uint64(len(x.List))
	}
	return true
}

func joinTypes(t *term, _ bool) string {
	switch {
	case len(t.args) != 2:
		return "it takes a separator and a list"
	case t.args[0].list || t.args[0].typ != StringType:
		return "the separator is a single text, not " + t.args[0].what()
	case !t.args[1].list:
		return "the second argument is a list, not " + t.args[1].what()
	}
	t.typ = StringType
	return ""
}

func applyJoin(f *frame, t *term, v *Value) bool {
	sep := f.value(t.args[0].slot)
	list := f.value(t.args[1].slot)
	if sep == nil || list == nil {
		return false
	}
	v.Text = strings.Join(list.List, sep.Text)
	return true
}

func concatTypes(t *term, _ bool) string {
	if len(t.args) < 2 {
		return "it takes at least two arguments"
	}
	for _, a := range t.args {
		if a.list || a.typ != StringType {
			return "its arguments are texts, not " + a.what()
		}
	}
	t.typ = StringType
	return ""
}

func applyConcat(f *frame, t *term, v *Value) bool {
	parts := make([]string, len(t.args))
	for i, a := range t.args {
		x := f.value(a.slot)
		if x == nil {
			return false
		}
		parts[i] = x.Text
	}
	v.Text = strings.Join(parts, "")
	return true
}
