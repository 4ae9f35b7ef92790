package grant

import (
	"fmt"
	"slices"

	"github.com/bartizan-dev/bartizan"
)

// manyGroups is from how many groups on constrained impersonation asks for every group at once.
const manyGroups = 4

const authenticationGroup = "authentication.k8s.io"

// CanImpersonate says whether a subject may act as another. The target's groups are those asked for in headers: the
// groups of a service account need not be. With a request, the constrained forms of impersonation (Kubernetes
// 1.36) that allow just that request count as well.
func (m *Model) CanImpersonate(s, target Subject, on *Request) Answer {
	if !s.Exact {
		s = s.Expand()
	}
	if target.User == "" {
		return Answer{Verdict: Denied, Reason: "impersonation needs a user name; groups alone cannot be impersonated"}
	}
	a := m.allOf(s, legacyChecks(target))
	if a.Verdict == Allowed || on == nil {
		return a
	}
	for _, mode := range modesFor(target) {
		checks, ok := constrainedChecks(mode, target)
		if !ok || mode == "associated-node" && !m.associated(s, target) {
			continue
		}
		request := *on
		request.Verb = "impersonate-on:" + mode + ":" + on.Verb
		b := m.allOf(s, append(checks, request))
		if b.Verdict != Allowed && len(target.Groups) >= manyGroups {
			// Of many groups the server first asks for all at once.
			b = m.allOf(s, []Request{checks[0], {Verb: checks[0].Verb, Group: authenticationGroup, Resource: "groups", Name: all}, request})
		}
		if b.Verdict == Allowed {
			b.Reason = "by constrained impersonation, mode " + mode + ": " + b.Reason
			return b
		}
		if b.Verdict == Unknown {
			a = b
		}
	}
	return a
}

// allOf asks several questions that must all be allowed.
func (m *Model) allOf(s Subject, checks []Request) (out Answer) {
	out = Answer{Verdict: Allowed}
	for _, r := range checks {
		a := m.Can(s, r)
		what := fmt.Sprintf("%s %s %q", r.Verb, r.Resource, r.Name)
		switch {
		case a.Verdict == Denied:
			return Answer{Verdict: Denied, Reason: "it may not " + what + ": " + a.Reason}
		case a.Verdict == Unknown && out.Verdict == Allowed:
			out = Answer{Verdict: Unknown, Reason: "whether it may " + what + " is not known: " + a.Reason}
		case out.Verdict == Allowed:
			if out.Reason == "" {
				out.Reason = a.Reason
			}
			out.By = append(out.By, a.By...)
		}
	}
	return out
}

// legacyChecks are the questions of impersonation as it always was.
func legacyChecks(target Subject) []Request {
	user := Request{Verb: "impersonate", Resource: "users", Name: target.User}
	if ns, name, ok := target.ServiceAccount(); ok {
		user = Request{Verb: "impersonate", Resource: "serviceaccounts", Namespace: ns, Name: name}
	}
	checks := []Request{user}
	for _, g := range target.Groups {
		checks = append(checks, Request{Verb: "impersonate", Resource: "groups", Name: g})
	}
	return checks
}

// modesFor are the modes of constrained impersonation that fit a target.
func modesFor(target Subject) []string {
	if _, ok := target.Node(); ok {
		return []string{"associated-node", "arbitrary-node"}
	}
	if _, _, ok := target.ServiceAccount(); ok {
		return []string{"serviceaccount"}
	}
	return []string{"user-info"}
}

// constrainedChecks are the questions of a mode of constrained impersonation about the target.
func constrainedChecks(mode string, target Subject) (checks []Request, ok bool) {
	verb := "impersonate:" + mode
	if mode != "user-info" && len(target.Groups) > 0 {
		return nil, false // the server gives these their groups
	}
	switch mode {
	case "associated-node":
		return []Request{{Verb: verb, Group: authenticationGroup, Resource: "nodes", Name: all}}, true
	case "arbitrary-node":
		name, _ := target.Node()
		return []Request{{Verb: verb, Group: authenticationGroup, Resource: "nodes", Name: name}}, true
	case "serviceaccount":
		ns, name, _ := target.ServiceAccount()
		return []Request{{Verb: verb, Group: authenticationGroup, Resource: "serviceaccounts", Namespace: ns, Name: name}}, true
	}
	if slices.Contains(target.Groups, GroupMasters) || slices.Contains(target.Groups, "") {
		return nil, false
	}
	checks = []Request{{Verb: verb, Group: authenticationGroup, Resource: "users", Name: target.User}}
	for _, g := range target.Groups {
		checks = append(checks, Request{Verb: verb, Group: authenticationGroup, Resource: "groups", Name: g})
	}
	return checks, true
}

// associated says whether a service account runs in a pod on the node that it wants to be.
func (m *Model) associated(s, target Subject) bool {
	ns, name, ok := s.ServiceAccount()
	node, _ := target.Node()
	if !ok {
		return false
	}
	ref := bartizan.Ref{Kind: "ServiceAccount", Namespace: ns, Name: name}
	return slices.ContainsFunc(m.nodes.reads[ref], func(l link) bool { return l.node == node })
}
