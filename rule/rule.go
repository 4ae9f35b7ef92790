// Package rule is the one declaration behind everything that Bartizan judges: a Rule holds its prose, its
// references, what it looks at, the test, the fix and the examples that prove it. Rules come from .rule
// files (Parse) or, where a test must join many objects, from Go (Go). Running them is internal/engine's
// job; rule/ruletest runs the examples.
package rule

import (
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/bartizan-dev/bartizan"
)

// Workload is the kind under which every object that holds a pod template is judged: Pod, Deployment,
// CronJob and the other built-in ones, and any custom resource whose shape shows a pod template.
const Workload = "Workload"

// AnyKind stands for every object.
const AnyKind = "*"

// The groups of rules. Rules of a group other than Security run only when asked for.
const (
	Security    = "security"
	Reliability = "reliability"
)

// Rule is one declared value. The zero Check with a Find is a rule in the expression language.
type Rule struct {
	ID, Title  string
	Severity   bartizan.Severity
	Group      string   // Security, unless the file says otherwise
	On         []string // Workload, AnyKind, or kinds as in bartizan.Kind
	Needs      []Need   // what of Pass.Joined a Go rule asks; it runs only where that was read
	Maps       []Mapping
	Params     []Param
	Why        string // Markdown
	References []string
	Variants   []Variant // in order of Since; the last that is not newer than the target version counts
	When       string    // expression; where it is false the rule does not apply
	At         string    // from the hit to the field to point at, "a/b"
	Message    string    // template
	Fix        []Op
	FixWhen    string // expression over hit; where it is false the fault has no fix
	Unsafe     string // what must be known of the application before the fix is applied
	SafeWhen   string // expression over hit; where it is true the fix is safe in spite of Unsafe
	Redact     bool   // never show the value that was found
	Over       *Over  // of a detection: several events over time; nil for one event
	Check      func(*Pass)
	Derive     func(*Attack) // of an edge: reports the attack steps; then Certainty to Mitigate are set
	GivesRoles bool          // of an edge: it asks Access.Held, so it is derived first to find out for which roles
	Certainty  Certainty
	Cost       int    // 0 to MaxCost: how unlikely the step is to succeed, as a negative logarithm
	Detect     string // how its use shows in logs
	Mitigate   string // what takes it away, in words
	File       string // where the rule was read from
	Line       int    // of a detection: where its condition begins in the file
	archive    string // what follows the header: the examples, as txtar
}

// Examples are the manifests that the rule carries; they are parsed when asked for, since a scan never asks.
func (r *Rule) Examples() []Example {
	var all []Example
	for _, f := range txtar.Parse([]byte(r.archive)).Files {
		all = append(all, Example{Name: f.Name, Text: string(f.Data)})
	}
	return all
}

// Mapping names a control of a framework that the rule serves.
type Mapping struct{ Framework, Control string }

// Param is a named value that users may set, with its default: a string, a bool, an int64 or a list of strings.
type Param struct {
	Name    string
	Default any
	Doc     string
}

// Variant is the test of a rule from a Kubernetes version on.
type Variant struct {
	Since Version
	Find  string
	// Gone says that from this version on the requirement does not exist.
	Gone bool
}

// Op is one step of a fix. Path leads from the hit ("securityContext/privileged") or, with a leading
// slash, from the object's root.
type Op struct {
	Op    string // "set" (makes what is missing on the way), "remove", "append" (to a list)
	Path  string
	Value any // nil, bool, int64, float64, string, []any, map[string]any
}

// Example is a manifest that the rule must fail, pass, or fix into another.
type Example struct {
	Name string // "fail/web.yaml"
	Text string
}

// Want is the verdict that the example's name promises: "fail", "pass", or "fixed" for what a fix must make
// of the failing example of the same file name.
func (e Example) Want() string {
	want, _, _ := strings.Cut(e.Name, "/")
	return want
}

// Pass is what the test of a Go rule is given: one entity in its world.
type Pass struct {
	Rule    *Rule
	World   bartizan.World
	Entity  bartizan.Entity
	Version Version // the target Kubernetes version
	Param   func(name string) any
	Report  func(Hit)
	// Abstain says that the rule cannot judge the entity: it neither passes nor fails.
	Abstain func()
	// Joined answers what takes many objects; nil for a rule that declares no Needs.
	Joined *Joined
	// Shared gives what was made for a key when a rule first asked for it on this entity: what several rules
	// need, made once. It may be nil where a rule runs alone; use Share.
	Shared func(key any, make func() any) any
}

// Share is what rules on the same entity have in common, made once. Keys are of types of the rules' own.
func Share[T any](p *Pass, key any, make func() T) T {
	if p.Shared == nil {
		return make()
	}
	return p.Shared(key, func() any { return make() }).(T)
}

// Hit is one place where a Go rule found its subject wanting.
type Hit struct {
	Path    string // JSON Pointer from the object's root
	Message string
	Value   string // shown as evidence; empty: what stands at Path, unless the rule redacts
	Fix     []Op
	Why     []bartizan.Evidence // what else decides, in other objects
}

// On makes a Check from a function of a typed value; entities that hold another type are not judged.
func On[T any](check func(*Pass, T)) func(*Pass) {
	return func(p *Pass) {
		if v, ok := p.Entity.Value.(T); ok {
			check(p, v)
		}
	}
}

// Serves says whether the rule is mapped to a control of the framework.
func (r *Rule) Serves(framework string) bool {
	for _, m := range r.Maps {
		if m.Framework == framework {
			return true
		}
	}
	return false
}

// Find is the expression for a target version; ok is false where the requirement does not exist in that version.
func (r *Rule) Find(target Version) (find string, ok bool) {
	for _, v := range r.Variants {
		if target.Less(v.Since) {
			break
		}
		find, ok = v.Find, !v.Gone
	}
	return find, ok
}
