package grant

import (
	"encoding/binary"
	"slices"
	"strings"
)

// vocabulary interns the words of all rules, so that a rule is a few bit masks and a question a few numbers. A
// word that no rule uses is number unused: only wildcards match it.
type vocabulary struct {
	verbs, groups, resources, namespaces words
	rules                                []compiled
	byText                               map[string]int32
	text                                 []byte // of the rule at hand
}

const (
	unused int32 = -1
	// wildBit of a mask is set for "*", which also sets all others.
	wildBit = 63
	all     = "*"
	subAll  = "*/"
)

// words numbers strings.
type words map[string]int32

func (w words) add(s string) int32 {
	if i, ok := w[s]; ok {
		return i
	}
	i := int32(len(w))
	w[s] = i
	return i
}

func (w words) find(s string) int32 {
	if i, ok := w[s]; ok {
		return i
	}
	return unused
}

func newVocabulary() *vocabulary {
	v := &vocabulary{
		verbs: words{}, groups: words{}, resources: words{}, namespaces: words{}, byText: map[string]int32{},
	}
	v.resources.add(all)
	return v
}

// anyResource is the number of the resource "*".
const anyResource int32 = 0

// mask is a set of words: the first 63 as bits, the rest as numbers.
type mask struct {
	bits uint64
	more []int32
}

func (v *vocabulary) mask(w words, list []string) (m mask) {
	for _, s := range list {
		i := w.add(s)
		switch {
		case s == all:
			m.bits = ^uint64(0)
		case i < wildBit:
			m.bits |= 1 << i
		default:
			m.more = append(m.more, i)
		}
	}
	return m
}

func (m *mask) has(i int32) bool {
	if i >= 0 && i < wildBit {
		return m.bits&(1<<i) != 0
	}
	return m.bits>>wildBit != 0 || i >= wildBit && slices.Contains(m.more, i)
}

// compiled is a rule as numbers. Its resources are where an index keeps it.
type compiled struct {
	verbs, groups mask
	resources     []int32
	names         []string // sorted; empty: every object
	urls          []string
}

// compile interns a rule; rules of the same content are one.
func (v *vocabulary) compile(r *Rule) int32 {
	v.text = r.key(v.text[:0])
	if i, ok := v.byText[string(v.text)]; ok {
		return i
	}
	c := compiled{
		verbs: v.mask(v.verbs, r.Verbs), groups: v.mask(v.groups, r.APIGroups),
		names: slices.Clone(r.ResourceNames), urls: r.NonResourceURLs,
	}
	slices.Sort(c.names)
	for _, s := range r.Resources {
		c.resources = append(c.resources, v.resources.add(s))
	}
	slices.Sort(c.resources)
	c.resources = slices.Compact(c.resources)
	i := int32(len(v.rules))
	v.rules = append(v.rules, c)
	v.byText[string(v.text)] = i
	return i
}

// key adds a rule's content as one text; words may hold any byte.
func (r *Rule) key(b []byte) []byte {
	for _, list := range [...][]string{r.Verbs, r.APIGroups, r.Resources, r.ResourceNames, r.NonResourceURLs} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
	}
	return b
}

// named says whether a rule covers an object of that name.
func (c *compiled) named(name string) bool {
	if len(c.names) == 0 {
		return true
	}
	if len(c.names) <= 8 {
		return slices.Contains(c.names, name)
	}
	_, ok := slices.BinarySearch(c.names, name)
	return ok
}

// url says whether a rule covers a path.
func (c *compiled) url(path string) bool {
	for _, u := range c.urls {
		if urlMatches(u, path) {
			return true
		}
	}
	return false
}

func urlMatches(rule, path string) bool {
	return rule == path || strings.HasSuffix(rule, all) && strings.HasPrefix(path, strings.TrimRight(rule, all))
}

// Query is a Request made ready for many subjects. It belongs to the Model that made it.
type Query struct {
	request   Request
	verb      int32
	group     int32
	resource  int32 // "pods/log"
	star      int32 // "*/log"
	namespace int32
	path      bool
	unnamed   bool // only rules without names count: for the check against escalation
	anything  bool // it is about any right, as far as doubts go
}

// Request is what the Query was made of.
func (q *Query) Request() Request { return q.request }

// query turns a request into numbers.
func (v *vocabulary) query(r Request) Query {
	q := Query{request: r, verb: v.verbs.find(r.Verb), group: unused, resource: unused, star: unused, namespace: unused}
	if r.Path != "" {
		q.path = true
		return q
	}
	q.group = v.groups.find(r.Group)
	q.resource = v.resources.join(r.Resource, r.Subresource)
	if r.Subresource != "" {
		q.star = v.resources.join(all, r.Subresource)
	}
	if r.Namespace != "" {
		q.namespace = v.namespaces.find(r.Namespace)
	}
	return q
}

// join finds "resource/sub" without making the string.
func (w words) join(resource, sub string) int32 {
	if sub == "" {
		return w.find(resource)
	}
	var buf [96]byte
	b := append(append(append(buf[:0], resource...), '/'), sub...)
	if i, ok := w[string(b)]; ok {
		return i
	}
	return unused
}

// allows says whether a rule that an index found by its resource, or by having URLs, allows a query.
func (c *compiled) allows(q *Query) bool {
	if !c.verbs.has(q.verb) {
		return false
	}
	if q.path {
		return c.url(q.request.Path)
	}
	if !c.groups.has(q.group) {
		return false
	}
	if q.unnamed {
		return len(c.names) == 0
	}
	return c.named(q.request.Name)
}

// matches says whether a rule allows a query, its resources included.
func (c *compiled) matches(q *Query) bool {
	if !q.path {
		found := false
		for _, i := range c.resources {
			found = found || i == anyResource || i == q.resource || i == q.star && q.star != unused
		}
		if !found {
			return false
		}
	}
	return c.allows(q)
}
