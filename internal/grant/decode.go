package grant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// decoder reads one RBAC object and collects what is wrong with it.
type decoder struct {
	object *kube.Object
	ref    bartizan.Ref
	faults []Fault
}

func (d *decoder) fault(code FaultCode, n tree.Node, format string, args ...any) {
	d.faults = append(d.faults, Fault{Code: code, Subject: d.ref, Message: fmt.Sprintf(format, args...), Origin: d.object.Place(n)})
}

// strings reads a list of strings. What is none is left out and faulted: the API server would refuse the object.
func (d *decoder) strings(code FaultCode, holder tree.Node, key string) []string {
	n := holder.Get(key)
	switch n.Kind() {
	case tree.Invalid, tree.Null:
		return nil
	case tree.List:
	default:
		d.fault(code, n, "%s is a %s, not a list of strings", key, n.Kind())
		return nil
	}
	out := make([]string, 0, n.Len())
	for c := n.First(); c.Exists(); c = c.Next() {
		if c.Kind() != tree.String {
			d.fault(code, c, "%s holds a %s where a string belongs: put it in quotes", key, c.Kind())
			continue
		}
		out = append(out, c.Text())
	}
	return out
}

// maps visits the items of a list of maps.
func (d *decoder) maps(code FaultCode, n tree.Node, what string, visit func(int, tree.Node)) {
	switch n.Kind() {
	case tree.Invalid, tree.Null:
		return
	case tree.List:
	default:
		d.fault(code, n, "%s is a %s, not a list", what, n.Kind())
		return
	}
	i := 0
	for c := n.First(); c.Exists(); c = c.Next() {
		if c.Kind() == tree.Map {
			visit(i, c)
		} else {
			d.fault(code, c, "item %d of %s is a %s, not a map", i+1, what, c.Kind())
		}
		i++
	}
}

// text reads a string.
func (d *decoder) text(code FaultCode, holder tree.Node, key string) string {
	n := holder.Get(key)
	switch n.Kind() {
	case tree.Invalid, tree.Null:
		return ""
	case tree.String:
		return n.Text()
	}
	d.fault(code, n, "%s is a %s, not a string", key, n.Kind())
	return ""
}

// fields finds keys that the API server does not know: it drops them with a warning, kubectl refuses the object.
func (d *decoder) fields(code FaultCode, n tree.Node, known ...string) {
	for c := n.First(); c.Exists(); c = c.Next() {
		if !slices.Contains(known, c.Key()) && c.Kind() != tree.Null {
			d.fault(code, c, "there is no field %q here: kubectl refuses the object, the API server ignores the field", c.Key())
		}
	}
}

// rules reads the rules of a Role or ClusterRole.
func (d *decoder) rules(namespaced bool) (out []Rule) {
	d.fields(FaultRule, d.object.Root, "apiVersion", "kind", "metadata", "rules", "aggregationRule")
	rules := d.object.Root.Get("rules")
	d.maps(FaultRule, rules, "rules", func(i int, n tree.Node) {
		before := len(d.faults)
		r := Rule{
			Verbs: d.strings(FaultRule, n, "verbs"), APIGroups: d.strings(FaultRule, n, "apiGroups"),
			Resources: d.strings(FaultRule, n, "resources"), ResourceNames: d.strings(FaultRule, n, "resourceNames"),
			NonResourceURLs: d.strings(FaultRule, n, "nonResourceURLs"),
			Index:           i, Origin: d.object.Place(n),
		}
		d.fields(FaultRule, n, "verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
		if why := refused(&r, namespaced); why != "" && len(d.faults) == before {
			d.fault(FaultRule, n, "rule %d: %s; the API server refuses it", i+1, why)
		}
		if out == nil {
			out = make([]Rule, 0, rules.Len())
		}
		out = append(out, r)
	})
	return out
}

// refused says why the API server's validation would not accept a rule.
func refused(r *Rule, namespaced bool) string {
	switch {
	case len(r.Verbs) == 0:
		return "it has no verbs"
	case len(r.NonResourceURLs) > 0 && namespaced:
		return "a Role in a namespace cannot have nonResourceURLs"
	case len(r.NonResourceURLs) > 0 && len(r.APIGroups)+len(r.Resources)+len(r.ResourceNames) > 0:
		return "it has both nonResourceURLs and resources"
	case len(r.NonResourceURLs) > 0:
		return ""
	case len(r.APIGroups) == 0:
		return "it has no apiGroups (the core group is \"\")"
	case len(r.Resources) == 0:
		return "it has no resources"
	}
	return ""
}

// roleRef reads to which role a binding binds. ok is false if the API server would refuse it.
func (d *decoder) roleRef(namespace string) (role bartizan.Ref, ok bool) {
	n := d.object.Root.Get("roleRef")
	kind, name := d.text(FaultBinding, n, "kind"), d.text(FaultBinding, n, "name")
	group := n.Get("apiGroup")
	switch {
	case n.Kind() != tree.Map || name == "":
		d.fault(FaultBinding, n, "roleRef names no role")
		return role, false
	case group.Exists() && group.Text() != rbacGroup && group.Text() != "":
		d.fault(FaultBinding, group, "roleRef.apiGroup is %q, not %s", group.Text(), rbacGroup)
		return role, false
	case kind == "ClusterRole":
		return bartizan.Ref{Kind: "ClusterRole", Name: name}, true
	case kind == "Role" && namespace != "":
		return bartizan.Ref{Kind: "Role", Namespace: namespace, Name: name}, true
	}
	d.fault(FaultBinding, n, "roleRef.kind is %q: a %s cannot bind that", kind, d.object.Kind)
	return role, false
}

const rbacGroup = "rbac.authorization.k8s.io"

// anybody says that a principal, the empty one, stands for whomever a malformed subject may be meant to name.
func (p Principal) anybody() bool { return p == Principal{} }

// subjects reads whom a binding binds to, and whom it may have been meant to bind to: the API server would refuse it as
// it is, and what it is to become is not known.
func (d *decoder) subjects(namespace string) (out, meant []Principal) {
	items := 0
	before := len(d.faults)
	d.fields(FaultBinding, d.object.Root, "apiVersion", "kind", "metadata", "roleRef", "subjects")
	d.maps(FaultSubject, d.object.Root.Get("subjects"), "subjects", func(i int, n tree.Node) {
		faults := len(d.faults)
		known, guesses := d.subject(i, n, namespace)
		out, meant = append(out, known...), append(meant, guesses...)
		items += len(d.faults) - faults
	})
	if len(d.faults) > before+items {
		meant = append(meant, Principal{})
	}
	return out, meant
}

// subject reads one subject, or guesses whom it is meant to be.
func (d *decoder) subject(i int, n tree.Node, namespace string) (known, meant []Principal) {
	kind, name, ns := d.text(FaultSubject, n, "kind"), d.text(FaultSubject, n, "name"), d.text(FaultSubject, n, "namespace")
	if name == "" {
		d.fault(FaultSubject, n, "subject %d has no name; the API server refuses it", i+1)
		return nil, []Principal{{}}
	}
	if ns == "" {
		ns = namespace
	}
	account := Principal{Name: serviceAccountPrefix + ns + ":" + name}
	if ns == "" {
		account = Principal{Group: true, Name: GroupServiceAccounts} // any of that name: one of them all
	}
	user, many := Principal{Name: name}, Principal{Group: true, Name: name}
	group, wanted := d.text(FaultSubject, n, "apiGroup"), rbacGroup
	switch strings.ToLower(kind) {
	case "user":
		known = []Principal{user}
	case "group":
		known = []Principal{many}
	case "serviceaccount":
		known, wanted = []Principal{account}, ""
	default:
		meant = []Principal{user, many, account}
	}
	switch {
	case kind != "User" && kind != "Group" && kind != "ServiceAccount":
		d.fault(FaultSubject, n, "subject %d, %s, is of kind %q, not User, Group or ServiceAccount; the API server refuses it", i+1, name, kind)
		return nil, append(known, meant...)
	case ns == "" && kind == "ServiceAccount":
		d.fault(FaultSubject, n, "subject %d, ServiceAccount %s, has no namespace; the API server refuses it", i+1, name)
		return nil, known
	}
	if group != "" && group != wanted {
		d.fault(FaultSubject, n.Get("apiGroup"), "subject %d, %s %s, has the apiGroup %q, not %q; the API server refuses it", i+1, kind, name, group, wanted)
	}
	return known, nil
}
