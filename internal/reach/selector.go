package reach

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// match is three-valued: whether a selector selects.
type match uint8

const (
	no match = iota
	maybe
	yes
)

func (m match) and(o match) match { return min(m, o) }

// operator compares a label with a requirement's values.
type operator uint8

const (
	opIn operator = iota
	opNotIn
	opExists
	opAbsent
	opNever  // selects nothing
	opBroken // selects nobody knows what: the API server would have refused it
)

type requirement struct {
	key    int32
	op     operator
	values []int32
}

// selector is a compiled label selector; without requirements it selects everything.
type selector struct {
	reqs   []requirement
	text   string // canonical: equal texts select the same
	broken string // why it cannot be read
}

// The values of a label as interned: absent, not known, or one that no selector names.
const (
	valueAbsent int32 = iota
	valueUnknown
	valueOther
	firstValue
)

// vocabulary interns the label keys and values that selectors speak of. Labels nobody asks about do not count.
type vocabulary struct {
	keys    map[string]int32
	names   []string // of keys
	values  map[string]int32
	texts   []string // of values, from firstValue on
	derived []derived
}

func newVocabulary() *vocabulary {
	return &vocabulary{keys: map[string]int32{}, values: map[string]int32{}}
}

func (v *vocabulary) key(s string) int32 {
	k, ok := v.keys[s]
	if !ok {
		k = int32(len(v.names))
		v.keys[s] = k
		v.names = append(v.names, s)
	}
	return k
}

func (v *vocabulary) value(s string) int32 {
	x, ok := v.values[s]
	if !ok {
		x = firstValue + int32(len(v.values))
		v.values[s] = x
		v.texts = append(v.texts, s)
	}
	return x
}

// clone is a copy to which more can be added.
func (v *vocabulary) clone() *vocabulary {
	return &vocabulary{keys: maps.Clone(v.keys), names: slices.Clone(v.names), values: maps.Clone(v.values), texts: slices.Clone(v.texts), derived: slices.Clone(v.derived)}
}

// label is a key and its value.
type label struct{ key, value string }

// vector is the labels as selectors see them, one value per key of the vocabulary.
func (v *vocabulary) vector(labels []label, unknown func(key string) bool) []int32 {
	return v.fill(make([]int32, len(v.names)), labels, unknown)
}

// fill is vector into a slice that is there already.
func (v *vocabulary) fill(out []int32, labels []label, unknown func(key string) bool) []int32 {
	clear(out)
	if unknown != nil {
		for i, name := range v.names {
			if unknown(name) {
				out[i] = valueUnknown
			}
		}
	}
	for _, l := range labels {
		k, ok := v.keys[l.key]
		if !ok {
			continue
		}
		if x, ok := v.values[l.value]; ok {
			out[k] = x
		} else {
			out[k] = valueOther
		}
	}
	return out
}

// matches judges a vector of labels.
func (s *selector) matches(labels []int32) match {
	result := yes
	for i := range s.reqs {
		result = result.and(s.reqs[i].matches(labels))
		if result == no {
			break
		}
	}
	return result
}

func (r *requirement) matches(labels []int32) match {
	switch r.op {
	case opBroken:
		return maybe
	case opNever:
		return no
	}
	have := valueAbsent
	if int(r.key) < len(labels) { // else nothing of the class has the label
		have = labels[r.key]
	}
	if have == valueUnknown {
		return maybe
	}
	hit := false
	switch r.op {
	case opExists:
		hit = have != valueAbsent
	case opAbsent:
		hit = have == valueAbsent
	case opIn, opNotIn:
		for _, v := range r.values {
			hit = hit || v == have
		}
		hit = hit == (r.op == opIn)
	}
	if hit {
		return yes
	}
	return no
}

// maxRequirements bounds a selector.
const maxRequirements = 1000

// selector compiles a LabelSelector. A node that does not exist or is null must be dealt with by the caller:
// what a missing selector means differs from place to place.
func (v *vocabulary) selector(n tree.Node) *selector {
	s := &selector{}
	if k := n.Kind(); k != tree.Map && k != tree.Null {
		return brokenSelector("the selector is a " + k.String() + ", not a map")
	}
	for l := range n.Get("matchLabels").Items() {
		if l.Kind() != tree.String || len(s.reqs) >= maxRequirements {
			return brokenSelector("the value of label " + l.Key() + " is not a string")
		}
		s.reqs = append(s.reqs, requirement{key: v.key(l.Key()), op: opIn, values: []int32{v.value(l.Str())}})
		s.text += "," + l.Key() + "=" + l.Str()
	}
	if k := n.Get("matchLabels").Kind(); k != tree.Map && k != tree.Null && k != tree.Invalid {
		return brokenSelector("matchLabels is not a map")
	}
	list := n.Get("matchExpressions")
	if k := list.Kind(); k != tree.List && k != tree.Null && k != tree.Invalid {
		return brokenSelector("matchExpressions is not a list")
	}
	for e := range list.Items() {
		if why := v.expression(s, e); why != "" {
			return brokenSelector(why)
		}
	}
	for c := range n.Items() {
		if k := c.Key(); k != "matchLabels" && k != "matchExpressions" {
			return brokenSelector("the selector has a field " + k + " that does not exist; labels stand under matchLabels")
		}
	}
	s.canonical()
	return s
}

// expression adds one of matchExpressions; it returns what is wrong with it.
func (v *vocabulary) expression(s *selector, e tree.Node) string {
	key := e.Get("key").Str()
	if key == "" {
		return "an expression has no key"
	}
	return v.expressionOn(s, e, v.key(key))
}

// expressionOn adds an expression on a key.
func (v *vocabulary) expressionOn(s *selector, e tree.Node, key int32) string {
	op, list := e.Get("operator").Str(), e.Get("values")
	if len(s.reqs) >= maxRequirements {
		return "it has too many expressions"
	}
	r := requirement{key: key}
	text := v.names[key]
	switch op {
	case "In", "NotIn":
		if list.Len() == 0 {
			return op + " needs values"
		}
		if op == "NotIn" {
			r.op = opNotIn
		}
		var values []string
		for x := range list.Items() {
			if x.Kind() != tree.String {
				return "a value of the expression on " + text + " is not a string"
			}
			r.values = append(r.values, v.value(x.Str()))
			values = append(values, x.Str())
		}
		sort.Strings(values)
		text += " " + strings.ToLower(op) + " (" + strings.Join(values, "|") + ")"
	case "Exists", "DoesNotExist":
		if list.Len() > 0 {
			return op + " takes no values"
		}
		if r.op = opExists; op == "DoesNotExist" {
			r.op, text = opAbsent, "!"+text
		}
	default:
		return "operator " + op + " does not exist; there are In, NotIn, Exists and DoesNotExist"
	}
	s.reqs = append(s.reqs, r)
	s.text += "," + text
	return ""
}

// canonical sorts the parts of the text.
func (s *selector) canonical() {
	parts := strings.Split(strings.TrimPrefix(s.text, ","), ",")
	sort.Strings(parts)
	s.text = strings.Join(parts, ",")
}

func brokenSelector(why string) *selector {
	return &selector{reqs: []requirement{{op: opBroken}}, text: "?" + why, broken: why}
}
