package falco

import "strings"

// operator is what a comparison does.
type operator uint8

const (
	noOperator operator = iota
	opExists
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opEqual
	opNotEqual
	opGlob
	opIGlob
	opContains
	opIContains
	opBContains
	opStartsWith
	opBStartsWith
	opEndsWith
	opRegex
	opIn
	opIntersects
	opPMatch
)

// operators lists what stands between a field and a value, the longer before what it begins with.
var operators = [...]struct {
	name string
	op   operator
}{
	{"<=", opLessEqual}, {"<", opLess}, {">=", opGreaterEqual}, {">", opGreater}, {"==", opEqual}, {"=", opEqual}, {"!=", opNotEqual},
	{"exists", opExists}, {"glob", opGlob}, {"iglob", opIGlob}, {"contains", opContains}, {"icontains", opIContains}, {"bcontains", opBContains},
	{"startswith", opStartsWith}, {"bstartswith", opBStartsWith}, {"endswith", opEndsWith}, {"regex", opRegex},
	{"intersects", opIntersects}, {"in", opIn}, {"pmatch", opPMatch},
}

func operatorNames() []string {
	var names []string
	for _, o := range operators {
		names = append(names, o.name)
	}
	return names
}

func (o operator) String() string {
	for _, x := range operators {
		if x.op == o && x.name != "==" {
			return x.name
		}
	}
	return "?"
}

func (o operator) takesList() bool   { return o == opIn || o == opIntersects || o == opPMatch }
func (o operator) takesNumber() bool { return o >= opLess && o <= opGreaterEqual }

// modifier says how many members of a list must compare.
type modifier uint8

const (
	noModifier modifier = iota
	oneOf               // exactly one
	anyOf               // at least one
	allOf               // each
)

var modifiers = [...]string{"", "oneof", "anyof", "allof"}

func (m modifier) String() string { return modifiers[m] }

func findModifier(s string) modifier {
	for i, name := range modifiers {
		if i > 0 && name == s {
			return modifier(i)
		}
	}
	return noModifier
}

// parseOperator reads an operator as it stands in comps, as "startswith anyof".
func parseOperator(s string) (operator, modifier, bool) {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 2 {
		return 0, 0, false
	}
	var op operator
	for _, o := range operators {
		if o.name == words[0] {
			op = o.op
		}
	}
	if op == noOperator || op == opExists {
		return op, 0, op == opExists && len(words) == 1
	}
	if len(words) == 1 {
		return op, noModifier, true
	}
	m := findModifier(words[1])
	return op, m, m != noModifier && !op.takesList() && !op.takesNumber()
}
