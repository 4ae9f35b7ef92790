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
	keys
)

// Audit is one audit record. It may be decoded into again and again; values of the record before are then still
// valid, as they stand in their own text.
type Audit struct {
	text   string
	root   Value
	values [keys]Value
	// Text turns the record's values into strings.
	Text Text
}

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
	a.values, a.root, a.text = [keys]Value{}, Value{}, ""
	if len(text) > MaxBytes {
		return &FaultError{MaxBytes, fmt.Sprintf("the record has %d bytes, more than %d", len(text), MaxBytes)}
	}
	start := space(text, 0)
	if start >= len(text) || text[start] != '{' {
		return &FaultError{start, "expected a JSON object"}
	}
	end, at := a.members(text, start, 1, topKey)
	if end < 0 {
		a.values = [keys]Value{}
		return &FaultError{at, "faulty JSON, or nested too deeply"}
	}
	if i := space(text, end); i < len(text) {
		a.values = [keys]Value{}
		return &FaultError{i, "text behind the end of the record"}
	}
	a.text, a.root = text, Value{text[start:end]}
	return nil
}

// members checks the object that begins at s[i] and keeps the values whose keys are known. It is the index behind the
// object, or -1 and the place up to which the object is sound.
func (a *Audit) members(s string, i, depth int, known func(string) Key) (end, sound int) {
	if i = space(s, i+1); i < len(s) && s[i] == '}' {
		return i + 1, i
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return -1, i
		}
		after := str(s, i)
		if after < 0 {
			return -1, i
		}
		id := known(s[i+1 : after-1])
		if id == keys {
			id = escapedKey(s[i:after], known)
		}
		if after = space(s, after); after >= len(s) || s[after] != ':' {
			return -1, after
		}
		at := space(s, after+1)
		if end = a.member(s, at, depth, id); end < 0 {
			return -1, at
		}
		if id < keys {
			a.values[id] = Value{s[at:end]}
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

// escapedKey is a key that is known once its escapes are resolved.
func escapedKey(raw string, known func(string) Key) Key {
	if strings.IndexByte(raw, '\\') < 0 {
		return keys
	}
	return known(resolve(raw))
}

// member checks one value; within the user, the objectRef and the requestObject it keeps the known ones.
func (a *Audit) member(s string, at, depth int, id Key) (end int) {
	inner := userKey
	switch id {
	case User:
		clear(a.values[UserName : UserGroups+1])
	case ObjectRef:
		clear(a.values[Resource : APIGroup+1])
		inner = objectKey
	case RequestObject:
		clear(a.values[RequestSpec : RequestData+1])
		inner = requestKey
	default:
		return value(s, at, depth)
	}
	if at >= len(s) || s[at] != '{' {
		return value(s, at, depth)
	}
	end, _ = a.members(s, at, depth+1, inner)
	return end
}

func topKey(k string) Key {
	switch k {
	case "level":
		return Level
	case "auditID":
		return AuditID
	case "stage":
		return Stage
	case "requestURI":
		return RequestURI
	case "verb":
		return Verb
	case "user":
		return User
	case "impersonatedUser":
		return ImpersonatedUser
	case "sourceIPs":
		return SourceIPs
	case "userAgent":
		return UserAgent
	case "objectRef":
		return ObjectRef
	case "responseStatus":
		return ResponseStatus
	case "requestObject":
		return RequestObject
	case "responseObject":
		return ResponseObject
	case "requestReceivedTimestamp":
		return RequestReceived
	case "stageTimestamp":
		return StageTimestamp
	case "annotations":
		return Annotations
	}
	return keys
}

func userKey(k string) Key {
	switch k {
	case "username":
		return UserName
	case "groups":
		return UserGroups
	}
	return keys
}

func objectKey(k string) Key {
	switch k {
	case "resource":
		return Resource
	case "namespace":
		return Namespace
	case "name":
		return Name
	case "subresource":
		return Subresource
	case "apiGroup":
		return APIGroup
	}
	return keys
}

func requestKey(k string) Key {
	switch k {
	case "spec":
		return RequestSpec
	case "rules":
		return RequestRules
	case "subjects":
		return RequestSubjects
	case "roleRef":
		return RequestRoleRef
	case "data":
		return RequestData
	}
	return keys
}

// Get is a known value of the record.
func (a *Audit) Get(k Key) Value { return a.values[k] }

// Root is the whole record.
func (a *Audit) Root() Value { return a.root }

// Spec is requestObject.spec.
func (a *Audit) Spec() Value { return a.values[RequestSpec] }

// Time is when the stage was reached, or when the request was received where that is not written; the zero time if
// neither is.
func (a *Audit) Time() time.Time {
	for _, k := range [...]Key{StageTimestamp, RequestReceived} {
		if v := a.values[k]; v.Kind() == String {
			if t, err := time.Parse(time.RFC3339Nano, a.Text.Of(v)); err == nil {
				return t
			}
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
		items := a.root.Get("items")
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
