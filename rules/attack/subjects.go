package attack

import (
	"iter"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// mastersGroup is the group that may do everything, whatever the roles say.
const mastersGroup = "system:masters"

// adminsGroup is what kubeadm binds to cluster-admin: it puts administrators into it.
const adminsGroup = "kubeadm:cluster-admins"

// born are the users to whom every cluster gives rights.
var born = []string{"system:kube-controller-manager", "system:kube-proxy", "system:kube-scheduler"}

// bound lists the users or groups that some binding names, in order; nodes and service accounts are no users here.
func bound(a *rule.Attack, kind string) []string {
	var names []string
	if kind == "User" {
		names = append(names, born...)
	}
	for _, binding := range []bartizan.Kind{"ClusterRoleBinding", "RoleBinding"} {
		for o := range objects(a, binding) {
			for s := range o.Root.Get("subjects").Items() {
				name := s.Get("name").Str()
				if s.Get("kind").Str() != kind || name == "" || name == mastersGroup ||
					strings.HasPrefix(name, "system:serviceaccount:") || strings.HasPrefix(name, "system:node:") {
					continue
				}
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// bootstrappers are the groups that a bootstrap token may name.
func bootstrappers(a *rule.Attack) []string {
	groups := []string{"system:bootstrappers"}
	for _, g := range bound(a, "Group") {
		if strings.HasPrefix(g, "system:bootstrappers:") {
			groups = append(groups, g)
		}
	}
	return groups
}

// covered says whether a right is held in some scope that contains another.
func covered(where []rule.Scope, in rule.Scope) bool {
	return slices.ContainsFunc(where, func(s rule.Scope) bool { return within(s, in.Namespace, in.Name) })
}

// covering visits the scopes that contain another.
func covering(where []rule.Scope, in rule.Scope) iter.Seq[rule.Scope] {
	return func(yield func(rule.Scope) bool) {
		for _, s := range where {
			if within(s, in.Namespace, in.Name) && !yield(s) {
				return
			}
		}
	}
}

// rbacGroup is the API group of roles and bindings, certificatesGroup that of signing requests.
const (
	rbacGroup         = "rbac.authorization.k8s.io"
	certificatesGroup = "certificates.k8s.io"
)

// clusterAdminRole is the role that every cluster has and that grants everything.
var clusterAdminRole = bartizan.Ref{Kind: "ClusterRole", Name: "cluster-admin"}

// everything reports the steps of somebody who may do everything in a namespace, or everywhere.
func everything(a *rule.Attack, namespace string, s rule.Step) {
	if namespace == "" {
		s.To = rule.ClusterAdmin
		a.Step(s)
		return
	}
	for _, to := range []bartizan.Ref{rule.PodsIn(namespace), rule.AccountsIn(namespace), rule.SecretsIn(namespace)} {
		s.To = to
		a.Step(s)
	}
	s.To = a.Access.Held(rule.EveryRight, namespace) // and new pods
	a.Step(s)
}

// everywhere reports the steps of somebody who may do everything in each namespace, but nothing outside of them. Of the
// roles held, the one in the namespace of the cluster's own pods stands for all.
func everywhere(a *rule.Attack, s rule.Step) {
	for _, to := range []bartizan.Ref{rule.PodsIn(""), rule.AccountsIn(""), rule.SecretsIn(""), a.Access.Held(rule.EveryRight, "kube-system")} {
		s.To = to
		a.Step(s)
	}
}
