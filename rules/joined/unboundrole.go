package joined

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// UnboundRole finds roles of a cluster that nobody has.
var UnboundRole = rule.Go(`
id: rbac-unbound-role
title: Role that nobody is bound to
severity: info
on: [Role, ClusterRole]
needs: rights
maps: {nsa-cisa: rbac, attack: T1098.006}
why: |
  Nobody uses what the role grants, but whoever may create bindings and holds the verb bind finds it ready. It is
  judged in a whole cluster only: the binding to a role in a file may be anywhere. Roles that others aggregate,
  and those that every cluster is born with, are left out.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/left-over.yaml --
# WHOLE CLUSTER
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  namespace: shop
  name: old # FINDING
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: used, namespace: shop}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: used, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: used}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- pass/files.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: old, namespace: shop}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: used, namespace: shop}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: used, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: used}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- pass/aggregated.yaml --
# WHOLE CLUSTER
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sum}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {sum: "yes"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {sum: "yes"}}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sum}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- pass/for-later.yaml --
# WHOLE CLUSTER
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view, labels: {kubernetes.io/bootstrapping: rbac-defaults}}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:auth-delegator", labels: {kubernetes.io/bootstrapping: rbac-defaults}}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
`, rule.On(checkUnbound))

func checkUnbound(p *rule.Pass, o *kube.Object) {
	born := o.Label("kubernetes.io/bootstrapping") != "" || strings.HasPrefix(o.Ref.Name, "system:")
	if !p.Joined.Complete || born {
		p.Abstain()
		return
	}
	if len(p.Joined.Rights.Bound(o.Ref)) == 0 && !aggregated(p, o) {
		p.Report(rule.Hit{Path: "/metadata/name", Message: "nobody is bound to " + o.Ref.String()})
	}
}

// aggregating is the key of the selectors by which ClusterRoles take over the rules of others.
type aggregating struct{}

// aggregated says whether some other role takes over the rules of a role.
func aggregated(p *rule.Pass, o *kube.Object) bool {
	selectors := rule.Once(p.Joined, aggregating{}, func() (all []tree.Node) {
		for e := range p.World.All("ClusterRole") {
			if r, ok := e.Value.(*kube.Object); ok {
				for s := range r.Root.At("aggregationRule", "clusterRoleSelectors").Items() {
					all = append(all, s)
				}
			}
		}
		return all
	})
	return o.Kind == "ClusterRole" && slices.ContainsFunc(selectors, func(s tree.Node) bool {
		for l := range s.Get("matchLabels").Items() {
			if o.Label(l.Key()) != l.Text() {
				return false
			}
		}
		return true // expressions are not looked at: such a role may well be taken over
	})
}
