package policy

import (
	"errors"
	"fmt"
	"slices"

	admission "k8s.io/api/admissionregistration/v1"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// File is a text to read policies from, with its name for messages.
type File struct{ Name, Text string }

// Error is a fault in a file of policies.
type Error struct {
	File         string
	Line, Column int
	Reason       string
}

// Error is the fault with its place.
func (e *Error) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

const (
	group       = "admissionregistration.k8s.io"
	kindPolicy  = "ValidatingAdmissionPolicy"
	kindBinding = "ValidatingAdmissionPolicyBinding"
)

// maxPolicies bounds how many policies and bindings a run has.
const maxPolicies = 10_000

// Set is the policies of a run. It is safe for concurrent use.
type Set struct {
	policies []*definition
	params   []*kube.Object // everything else in the files
	env      *environments
}

// binding is a binding, made ready.
type binding struct {
	admission.ValidatingAdmissionPolicyBinding
	matcher    *matcher
	everyParam bool // stands for the binding that nobody wrote: take every param of the files
	at         bartizan.Origin
}

// Load reads policies, bindings and params. It stops at the first fault: half of somebody's policies would be
// a silent pass. Expressions are compiled when the first object comes by that a policy matches.
func Load(files []File, target rule.Version) (*Set, error) {
	set := &Set{env: newEnvironments(target)}
	var bindings []*binding
	for _, f := range files {
		objects, err := decode(f)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if o.Group != group || o.Kind != kindPolicy && o.Kind != kindBinding {
				set.params = append(set.params, o)
				continue
			}
			if o.Kind == kindBinding {
				b, err := newBinding(o)
				if err != nil {
					return nil, err
				}
				bindings = append(bindings, b)
				continue
			}
			d, err := newDefinition(o)
			if err != nil {
				return nil, err
			}
			if err := set.add(d); err != nil {
				return nil, err
			}
		}
	}
	return set, set.bind(files, bindings)
}

func (s *Set) add(d *definition) error {
	if other := s.find(d.Name); other != nil {
		return fault(d.object.Root, d.object, "policy %s is defined twice, first at %s:%d: give one another name",
			d.Name, other.object.Origin.File, other.object.Origin.Line)
	}
	if len(s.policies) >= maxPolicies {
		return fault(d.object.Root, d.object, "more than %d policies: split the run", maxPolicies)
	}
	s.policies = append(s.policies, d)
	return nil
}

// bind gives the policies the bindings of the files.
func (s *Set) bind(files []File, bindings []*binding) error {
	if len(s.policies) == 0 && len(files) > 0 {
		return fmt.Errorf("%s: no ValidatingAdmissionPolicy is in the rule files", files[0].Name)
	}
	for _, b := range bindings {
		d := s.find(b.Spec.PolicyName)
		if d == nil {
			return &Error{b.at.File, b.at.Line, b.at.Column, fmt.Sprintf(
				"binding %s binds policy %s, which is in no rule file: give that file, too", b.Name, b.Spec.PolicyName)}
		}
		if slices.ContainsFunc(d.bindings, func(o *binding) bool { return o.Name == b.Name }) {
			return &Error{b.at.File, b.at.Line, b.at.Column, fmt.Sprintf("binding %s is defined twice", b.Name)}
		}
		d.bindings = append(d.bindings, b)
	}
	for _, d := range s.policies {
		slices.SortFunc(d.bindings, func(a, b *binding) int { return compareNames(a.Name, b.Name) })
	}
	return nil
}

func (s *Set) find(name string) *definition {
	for _, d := range s.policies {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// decode makes objects of a file; every document must be one.
func decode(f File) ([]*kube.Object, error) {
	var all []*kube.Object
	for doc, err := range tree.Parse(f.Text, tree.Limits{Bytes: 4 << 20, Depth: 100, Nodes: 200_000}) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		root := doc.Root()
		if !root.Exists() || root.Kind() == tree.Null {
			continue
		}
		if len(doc.Duplicates) > 0 {
			d := doc.Duplicates[0]
			return nil, &Error{f.Name, d.Line, 0, fmt.Sprintf("%s is set twice, first in line %d: remove one", d.Key, d.First)}
		}
		objects, errs := kube.Decode(doc, bartizan.Origin{Source: "rules", File: f.Name})
		if len(errs) > 0 {
			line, _ := root.Pos()
			var at *kube.DecodeError
			if errors.As(errs[0], &at) {
				line = at.Line
			}
			return nil, &Error{f.Name, line, 0, errs[0].Error()}
		}
		all = append(all, objects...)
	}
	return all, nil
}

// fault is an Error at a value.
func fault(n tree.Node, o *kube.Object, format string, args ...any) error {
	if !n.Exists() {
		n = o.Root
	}
	line, column := n.Pos()
	return &Error{o.Origin.File, line, column, fmt.Sprintf(format, args...)}
}
