package event

import (
	"fmt"
	"iter"
	"strings"
	"time"
)

// Key names a value of an audit record that is found while the record is checked.
type Key uint8

// The keys of an audit record (audit.k8s.io/v1 Event).
const (
	Level Key = iota
	AuditID
	Stage
	RequestURI
	Verb
	User
	ImpersonatedUser
	SourceIPs
	UserAgent
	ObjectRef
	ResponseStatus
	RequestObject
	ResponseObject
	RequestReceived
	StageTimestamp
	Annotations
	UserName   // user.username
	UserGroups // user.groups
	Resource   // objectRef.resource
	Namespace  // objectRef.namespace
	Name       // objectRef.name
	Subresource
	APIGroup
	RequestSpec // requestObject.spec
	RequestRules
	RequestSubjects
	RequestRoleRef
	RequestData
	ResponseCode   // responseStatus.code
	ResponseReason // responseStatus.reason
	keys
	none = keys // of a value that is not kept
)

// Audit is one audit record. It may be decoded into again and again; values of the record before are then still
// valid, as they stand in their own text.
type Audit struct {
	text   string
	root   span
	values [keys]span
}

// span is where a value stands in the text: no pointer, so that records are small and cost the garbage collector nothing.
type span struct{ start, end uint32 }

// A FaultError says where a record is not what it should be.
type FaultError struct {
	Offset int
	Reason string
}

// Error is the place and the reason in one line.
func (e *FaultError) Error() string {
	return fmt.Sprintf("decode audit record: byte %d: %s", e.Offset, e.Reason)
}

// Decode takes one record's JSON text. After an error the Audit is empty.
func (a *Audit) Decode(text string) error {
	a.values, a.root, a.text = [keys]span{}, span{}, ""
	if len(text) > MaxBytes {
		return &FaultError{MaxBytes, fmt.Sprintf("the record has %d bytes, more than %d", len(text), MaxBytes)}
	}
	start := space(text, 0)
	if start >= len(text) || text[start] != '{' {
		return &FaultError{start, "expected a JSON object"}
	}
	end, at := a.members(text, start, 1, record)
	if end < 0 {
		a.values = [keys]span{}
		return &FaultError{at, "faulty JSON, or nested too deeply"}
	}
	if i := space(text, end); i < len(text) {
		a.values = [keys]span{}
		return &FaultError{i, "text behind the end of the record"}
	}
	a.text, a.root = text, span{uint32(start), uint32(end)}
	return nil
}

// members checks the object that begins at s[i] and keeps the values whose keys are named. It is the index behind the
// object, or -1 and the place up to which the object is sound.
func (a *Audit) members(s string, i, depth int, names []known) (end, sound int) {
	if i = space(s, i+1); i < len(s) && s[i] == '}' {
		return i + 1, i
	}
	for next := 0; ; {
		at, n := follows(s, i, names, next)
		if at < 0 {
			if at, n, sound = search(s, i, names); at < 0 {
				return -1, sound
			}
		}
		id := none
		if n < len(names) {
			id, next = names[n].key, n+1
		}
		at = space(s, at)
		if end = a.member(s, at, depth, id); end < 0 {
			return -1, at
		}
		if id < keys {
			a.values[id] = span{uint32(at), uint32(end)}
		}
		i = space(s, end)
		switch {
		case i >= len(s):
			return -1, i
		case s[i] == '}':
			return i + 1, i
		case s[i] != ',':
			return -1, i
		}
		i = space(s, i+1)
	}
}

// follows says which of the names from one on stands at s[i], with its quotes and colon, and where its value begins: -1
// if none does. Most records have their keys in the order in which the API server writes them.
func follows(s string, i int, names []known, next int) (at, n int) {
	if i+2 > len(s) {
		return -1, len(names)
	}
	for rest := s[i:]; next < len(names); next++ {
		if w := names[next].written; rest[1] == w[1] && strings.HasPrefix(rest, w) {
			return i + len(w), next
		}
	}
	return -1, len(names)
}

// search reads the key that begins at s[i], whichever it is and however it is written, and says which of the names it is
// and what stands behind its colon. For a faulty one at is -1, and sound the place up to which it is none.
func search(s string, i int, names []known) (at, n, sound int) {
	if i >= len(s) || s[i] != '"' {
		return -1, 0, i
	}
	after := str(s, i)
	if after < 0 {
		return -1, 0, i
	}
	key := s[i+1 : after-1]
	if strings.IndexByte(key, '\\') >= 0 {
		key = resolve(s[i:after])
	}
	if after = space(s, after); after >= len(s) || s[after] != ':' {
		return -1, 0, after
	}
	for n < len(names) && names[n].written[1:len(names[n].written)-2] != key {
		n++
	}
	return after + 1, n, 0
}

// member checks one value; of those that have names inside it keeps the named ones.
func (a *Audit) member(s string, at, depth int, id Key) (end int) {
	in := &inside[id]
	if in.names == nil {
		return value(s, at, depth)
	}
	clear(a.values[in.first : in.last+1])
	if at >= len(s) || s[at] != '{' {
		return value(s, at, depth)
	}
	end, _ = a.members(s, at, depth+1, in.names)
	return end
}

// Get is a known value of the record.
func (a *Audit) Get(k Key) Value { return a.value(a.values[k]) }

// Root is the whole record.
func (a *Audit) Root() Value { return a.value(a.root) }

func (a *Audit) value(at span) Value { return Value{a.text[at.start:at.end]} }

// Spec is requestObject.spec.
func (a *Audit) Spec() Value { return a.Get(RequestSpec) }

// Time is when the stage was reached, or when the request was received where that is not written; the zero time if
// neither is.
func (a *Audit) Time() time.Time {
	for _, k := range [...]Key{StageTimestamp, RequestReceived} {
		v := a.Get(k)
		if v.Kind() != String {
			continue
		}
		if t, ok := stamp(v.raw[1 : len(v.raw)-1]); ok {
			return t
		}
		if t, err := time.Parse(time.RFC3339Nano, resolve(v.raw)); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Records visits the records in a JSON text: one, or the items of an EventList. A text that is no record at all is
// visited once with the error.
func Records(text string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var a Audit
		if err := a.Decode(text); err != nil {
			yield("", err)
			return
		}
		items := a.Root().Get("items")
		if items.Kind() != Array {
			yield(text, nil)
			return
		}
		for v := range items.Items() {
			if !yield(v.raw, nil) {
				return
			}
		}
	}
}
