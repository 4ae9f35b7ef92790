package bartizan

import (
	"context"
	"iter"
	"time"
)

// Kind names a sort of thing. Kinds of the Kubernetes API's own groups go by their bare name
// ("Deployment"); kinds of any other group carry the group ("Rollout.argoproj.io").
type Kind string

// Ref names one thing. It is comparable: the key of every map.
type Ref struct {
	Kind            Kind
	Namespace, Name string
}

// String writes a Ref as people name it: Kind NAMESPACE/NAME, without the namespace where there is none.
func (r Ref) String() string {
	if r.Namespace == "" {
		return string(r.Kind) + " " + r.Name
	}
	return string(r.Kind) + " " + r.Namespace + "/" + r.Name
}

// Origin leads back to the place something was read from. Line and Column count from 1; 0 is unknown.
type Origin struct {
	// Source is the reader: "manifest", "helm", "kustomize", "cluster".
	Source string
	// File is the file as the user named it; for a chart the template, for a kustomization the base file.
	File         string
	Line, Column int
	// Rendered is the line in the rendered output for what a chart or a kustomization produced, else 0.
	Rendered int
}

// Entity is a thing that exists, with what was read of it in Value.
type Entity struct {
	Ref    Ref
	Value  any
	Origin Origin
}

// Event is a thing that happened.
type Event struct {
	Kind    Kind
	Time    time.Time
	Subject Ref
	Value   any
	Origin  Origin
}

// Gap is what could not be read, and why. A Gap with Skip set was passed over on purpose (a template, a
// file that is not Kubernetes): it is counted and does not make the run incomplete.
type Gap struct {
	Origin Origin
	Reason string
	Skip   bool
}

// World is everything that was read, immutable and indexed.
type World interface {
	// Get finds the first entity of that name.
	Get(Ref) (Entity, bool)
	// All visits every entity of a kind in the order it was read; two files may hold the same Ref.
	All(Kind) iter.Seq[Entity]
	// Edges visits the attack steps that start at a thing.
	Edges(from Ref) iter.Seq[Edge]
}

// Edge says that whoever holds From can take To.
type Edge struct {
	From, To Ref
	Rule     string
	Why      []Evidence
}

// Verdict is three-valued: what was not evaluated is never shown as a pass.
type Verdict uint8

// The verdicts. NotEvaluated is the zero value.
const (
	NotEvaluated Verdict = iota
	Pass
	Fail
)

// Severity orders findings by the harm that an attacker who uses them can do.
type Severity uint8

// The severities, from a remark to the loss of a node or of the cluster.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

// Evidence points at one place that supports a finding. Path is a JSON Pointer (RFC 6901) into the
// object; Value is what stands there, shortened, and never a secret.
type Evidence struct {
	Path, Value string
	Origin      Origin
}

// Finding is a rule's verdict on a subject.
type Finding struct {
	Rule     string
	Subject  Ref
	Verdict  Verdict
	Severity Severity
	Message  string
	Evidence []Evidence
	Fix      *Change
	Time     time.Time
}

// Change is what can be done about a finding. Do and Undo are JSON Patches (RFC 6902) on Target. An empty
// Undo means that it cannot be undone, and Reason says so.
type Change struct {
	Target   Ref
	Do, Undo []byte
	Reason   string
	// Unsafe says what must be known of the application before this is applied; empty for a safe change.
	Unsafe string
}

// Item is one thing that a Source emits; exactly one field is set.
type Item struct {
	Entity *Entity
	Event  *Event
	Gap    *Gap
}

// Source reads things and emits them in a stable order. It returns an error only when it cannot go on;
// what it could not read on the way is emitted as a Gap. An error from emit ends it and is returned.
type Source interface {
	Read(ctx context.Context, emit func(Item) error) error
}

// Sink takes findings. Close writes what has to wait for the last of them.
type Sink interface {
	Write(context.Context, Finding) error
	Close() error
}

// Receipt is what a Responder needs to undo what it did.
type Receipt struct {
	Change Change
	Time   time.Time
	// Before is the state replaced, as the responder recorded it.
	Before []byte
}

// Responder carries out a Change and can take it back.
type Responder interface {
	Do(context.Context, Change) (Receipt, error)
	Undo(context.Context, Receipt) error
}
