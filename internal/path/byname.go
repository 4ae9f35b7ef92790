package path

import "github.com/bartizan-dev/bartizan/rule"

// puts are the resources of which an update makes the object that it names when there is none, as the registry of each
// in the API server says (1.36). Any other kind, those of CustomResourceDefinitions too, answers that it is not found.
var puts = map[[2]string]bool{
	{"", "endpoints"}: true, {"", "events"}: true, {"", "limitranges"}: true, {"", "services"}: true,
	{"coordination.k8s.io", "leasecandidates"}: true, {"coordination.k8s.io", "leases"}: true,
	{"events.k8s.io", "events"}:        true,
	{"node.k8s.io", "runtimeclasses"}:  true,
	{rbacGroup, "clusterrolebindings"}: true, {rbacGroup, "clusterroles"}: true,
	{rbacGroup, "rolebindings"}: true, {rbacGroup, "roles"}: true,
}

const rbacGroup = "rbac.authorization.k8s.io"

// nameless says whether a request carries no name, so that a rule with names never matches it.
func nameless(r rule.Right) bool { return r.Sub == "" && r.Verb == "deletecollection" }

// byName says whether a right in a scope is to create an object by its name. A POST carries no name. A server-side apply
// of what does not exist does: it is asked whether it may patch, and then whether it may create. An update is, of some
// kinds.
func byName(r rule.Right, s rule.Scope) bool {
	return s.Name != "" && r.Sub == "" && r.Verb == "create"
}

// alongside are the rights of which one is needed beside create to make an object by its name.
func alongside(r rule.Right) []rule.Right {
	r.Verb = "patch"
	out := []rule.Right{r}
	if puts[[2]string{r.Group, r.Resource}] {
		r.Verb = "update"
		out = append(out, r)
	}
	return out
}

// created keeps, of the scopes in which objects may be created by name, those in which somebody may patch or update them,
// too. A name that counts in every namespace counts in those where they may.
func (a *access) created(r rule.Right, p *places) {
	may, narrower := map[rule.Scope]bool{}, map[string][]string{} // narrower: the namespaces for each name, or for all names
	for _, also := range alongside(r) {
		for _, s := range a.places(also).scopes {
			if may[s] {
				continue
			}
			may[s] = true
			if s.Namespace != "" {
				narrower[s.Name] = append(narrower[s.Name], s.Namespace)
			}
		}
	}
	scopes := p.scopes
	p.scopes = nil
	for _, s := range scopes {
		if s.Name == "" || may[s] || may[rule.Scope{}] || may[rule.Scope{Namespace: s.Namespace}] || may[rule.Scope{Name: s.Name}] {
			p.scopes = append(p.scopes, s)
		}
	}
	for _, s := range scopes {
		if s.Name == "" || s.Namespace != "" {
			continue
		}
		for _, name := range []string{"", s.Name} {
			for _, ns := range narrower[name] {
				if name != "" && may[rule.Scope{Namespace: ns}] {
					continue // filed already
				}
				if len(p.scopes) > maxScopes {
					a.b.full = true
					return
				}
				in := rule.Scope{Namespace: ns, Name: s.Name}
				for _, g := range p.by[s] {
					p.file(in, g)
				}
			}
		}
	}
}
