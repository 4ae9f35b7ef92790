package grant

import "github.com/bartizan-dev/bartizan"

// Attachment is a role that a binding gives to a principal.
type Attachment struct {
	Principal     Principal
	Binding, Role bartizan.Ref
	Namespace     string          // "" everywhere
	Bound         bartizan.Origin // where the binding stands
	Builtin       bool            // the binding was not read; every cluster has it
	Disputed      bool            // a duplicate definition of the binding says otherwise
}

// Attachments lists every role that reaches a principal through a binding, for those who follow bindings rather than
// ask questions. Bindings to roles that were not read are no attachments: see [Model.Faults].
func (m *Model) Attachments() (out []Attachment) {
	for i := range m.principals {
		p := &m.principals[i]
		for _, a := range p.attached {
			b := &m.bindings[a.binding]
			out = append(out, Attachment{
				Principal: p.name, Binding: b.ref, Role: b.role, Namespace: b.ref.Namespace, Bound: b.origin,
				Builtin: b.builtin, Disputed: a.disputed,
			})
		}
	}
	return out
}

// Effective is a rule that a role grants, and where it is from.
type Effective struct {
	Rule     Rule
	Source   bartizan.Ref // the role that the rule stands in; for an aggregated ClusterRole another one
	Builtin  bool         // the source was not read; every cluster has it
	Disputed bool         // a duplicate definition of the role does not have the rule
}

// Effective lists the rules of a role, aggregation done.
func (m *Model) Effective(role bartizan.Ref) (out []Effective) {
	i, ok := m.roles.byRef[role]
	if !ok {
		return nil
	}
	r := &m.roles.list[i]
	for _, x := range r.rules {
		from := r
		if x.source != unused {
			from = &m.roles.list[x.source]
		}
		out = append(out, Effective{Rule: *x.rule, Source: from.ref, Builtin: from.builtin, Disputed: x.disputed})
	}
	return out
}
