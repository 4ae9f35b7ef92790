package detect

import (
	"fmt"
	"slices"
	"strings"
)

// Working says how far a rule can work under an audit policy.
type Working uint8

// How far a rule can work: not at all, for some of the requests that it is about, for all.
const (
	Never Working = iota
	InPart
	InFull
)

// String is the word for it.
func (w Working) String() string { return [...]string{"never", "in part", "in full"}[min(w, InFull)] }

// Verdict is how far a rule works under a policy, and why no further.
type Verdict struct {
	Rule    *Rule
	Working Working
	Reasons []string
}

// Under says for each rule how far it works under an audit policy, in the order of the rules.
func (s *Set) Under(p *AuditPolicy) []Verdict {
	out := make([]Verdict, len(s.rules))
	for i, d := range s.rules {
		v := Verdict{Rule: d, Working: InFull}
		for step, n := range d.needs() {
			w, reasons := n.under(p)
			v.Working = min(v.Working, w)
			for _, r := range reasons {
				if step > 0 {
					r = fmt.Sprintf("step %d: %s", step+1, r)
				}
				if !slices.Contains(v.Reasons, r) {
					v.Reasons = append(v.Reasons, r)
				}
			}
		}
		out[i] = v
	}
	return out
}

// under tries requests of each sort that the condition is about. Of callers and namespaces any that is recorded will do.
func (n *need) under(p *AuditPolicy) (Working, []string) {
	var why complaints
	some, whole := false, true
	for _, r := range n.samples() {
		best, reason := Never, ""
		for _, who := range n.callers(p) {
			r.User, r.Groups = who.User, who.Groups
			for _, ns := range n.places(p, r) {
				r.Namespace = ns
				if w, why := n.judge(p, &r); w > best || reason == "" {
					best, reason = w, why
				}
			}
		}
		some = some || best > Never
		if best < InFull {
			whole = false
			why.add(&r, reason)
		}
	}
	switch {
	case whole:
		return InFull, nil
	case some:
		return InPart, why.lines()
	}
	return Never, why.lines()
}

// complaints are reasons, each with the verbs and resources of the requests that it is about.
type complaints struct {
	reasons          []string
	verbs, resources map[string][]string
}

func (c *complaints) add(r *Request, reason string) {
	if c.verbs == nil {
		c.verbs, c.resources = map[string][]string{}, map[string][]string{}
	}
	if !slices.Contains(c.reasons, reason) {
		c.reasons = append(c.reasons, reason)
	}
	if !slices.Contains(c.verbs[reason], r.Verb) {
		c.verbs[reason] = append(c.verbs[reason], r.Verb)
	}
	if name := r.what(); !slices.Contains(c.resources[reason], name) {
		c.resources[reason] = append(c.resources[reason], name)
	}
}

func (c *complaints) lines() (all []string) {
	for _, reason := range c.reasons {
		all = append(all, fmt.Sprintf("%s of %s: %s", someOf(c.verbs[reason], 4), someOf(c.resources[reason], 4), reason))
	}
	return all
}

// judge says how far the condition can be judged of one request.
func (n *need) judge(p *AuditPolicy, r *Request) (Working, string) {
	d := p.Decide(r)
	by := "no rule of the policy matches"
	if d.Rule != nil {
		by = fmt.Sprintf("the policy's rule on line %d says %s", d.Rule.Line, d.Level)
	}
	switch {
	case d.Level == LevelNone:
		return Never, "not recorded, as " + by
	case d.Level < n.least:
		return Never, fmt.Sprintf("level %s is needed, and %s", n.least, by)
	case !slices.ContainsFunc(n.stages, func(s string) bool { return !slices.Contains(d.OmitStages, s) }):
		return Never, fmt.Sprintf("stage %s is needed, and omitted by the policy", strings.Join(n.stages, " or "))
	case d.Level < n.level:
		return InPart, fmt.Sprintf("level %s is needed for %s, and %s", n.level, strings.Join(n.fieldsOver(d.Level), ", "), by)
	}
	return InFull, ""
}

// fieldsOver are the fields of the condition that a level does not have.
func (n *need) fieldsOver(l Level) (names []string) {
	for _, u := range n.cond.Fields {
		if levelOf(u) > l && len(names) < 3 {
			names = append(names, u.Name)
		}
	}
	return names
}

// what names what a request is about in a reason.
func (r *Request) what() string {
	switch {
	case r.Resource == "":
		return "paths"
	case r.Resource == strangeResource && r.Subresource == "":
		return "any resource"
	case r.Resource == strangeResource:
		return "*/" + r.Subresource
	case r.Subresource != "":
		return r.Resource + "/" + r.Subresource
	}
	return r.Resource
}

// strangeResource is a resource that no policy names.
const strangeResource = "things"

// verbs that requests for resources have, where a condition names none.
func commonVerbs() []string {
	return []string{"get", "list", "watch", "create", "update", "patch", "delete"}
}

// samples are requests of each sort that the condition is about, without callers.
func (n *need) samples() (all []Request) {
	verbs := n.verbs
	if verbs == nil {
		verbs = commonVerbs()
	}
	for _, verb := range verbs {
		if n.urls {
			all = append(all, Request{Verb: verb, Path: "/path"})
			continue
		}
		if n.resources == nil {
			r := Request{Verb: verb, Group: "things.example.com", Resource: strangeResource, Name: "thing"}
			if len(n.subs) > 0 {
				r.Subresource = n.subs[0]
			}
			all = append(all, r)
			continue
		}
		for _, name := range n.resources {
			group := knownResources[name].group
			subs := n.subs
			if subs == nil {
				subs = []string{""}
			}
			for _, sub := range subs {
				all = append(all, Request{Verb: verb, Group: group, Resource: name, Subresource: sub, Name: "thing"})
			}
		}
	}
	return all
}

// callers are those whom the condition names, or callers of each sort, and those whom the policy names.
func (n *need) callers(p *AuditPolicy) (all []Request) {
	for _, u := range n.users {
		all = append(all, Request{User: u, Groups: append([]string{"system:authenticated"}, n.groups...)})
	}
	if all != nil {
		return all
	}
	for _, g := range n.groups {
		all = append(all, Request{User: "somebody", Groups: []string{g}})
	}
	if all != nil {
		return all
	}
	all = []Request{
		{User: "somebody", Groups: []string{"system:authenticated"}},
		{User: "system:serviceaccount:things:thing", Groups: []string{"system:serviceaccounts", "system:serviceaccounts:things", "system:authenticated"}},
		{User: "system:node:thing", Groups: []string{"system:nodes", "system:authenticated"}},
	}
	for _, r := range p.Rules {
		if r.Level > LevelNone {
			for _, u := range r.Users {
				all = append(all, Request{User: u, Groups: []string{"system:authenticated"}})
			}
			for _, g := range r.UserGroups {
				all = append(all, Request{User: "somebody", Groups: []string{"system:authenticated", g}})
			}
		}
	}
	return all[:min(len(all), maxTried)]
}

// maxTried bounds the callers and the namespaces that are tried: a policy may name very many.
const maxTried = 200

// places are the namespaces that the condition names, or none, a strange one, and those that the policy names.
func (n *need) places(p *AuditPolicy, r Request) []string {
	if r.Resource == "" {
		return []string{""}
	}
	if n.namespaces != nil {
		return n.namespaces
	}
	all := []string{"things", ""}
	for _, r := range p.Rules {
		if r.Level > LevelNone {
			all = append(all, r.Namespaces...)
		}
	}
	return all[:min(len(all), maxTried)]
}
