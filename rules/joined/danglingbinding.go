package joined

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// DanglingBinding finds bindings to roles that do not exist.
var DanglingBinding = rule.Go(`
id: rbac-dangling-binding
title: Binding to a role that does not exist
severity: low
on: [RoleBinding, ClusterRoleBinding]
needs: rights
maps: {nsa-cisa: rbac, attack: T1098.006}
why: |
  Today the binding grants nothing. Whoever may create a role of that name decides what its subjects may do from
  then on, without the right to bind anything. Of files it is judged where other roles stand beside the binding:
  the role may be in another repository.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/typo.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
  - {apiGroups: [""], resources: [configmaps], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: raeder # FINDING
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- fail/cluster.yaml --
# WHOLE CLUSTER
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: old}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: gone # FINDING
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- pass/exists.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
  - {apiGroups: [""], resources: [configmaps], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- pass/built-in.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
  - {apiGroups: [""], resources: [configmaps], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewer, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- pass/half-a-cluster.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: from-elsewhere}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- pass/other-file-of-roles.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
  - {apiGroups: [""], resources: [configmaps], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: from-elsewhere}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
`, rule.On(checkDangling))

// checkDangling believes files only where they hold roles of the kind that the binding names.
func checkDangling(p *rule.Pass, o *kube.Object) {
	kind := bartizan.Kind(o.Root.At("roleRef", "kind").Text())
	if !p.Joined.Complete && !besides(p, o, kind, namespaceOf(kind, o)) {
		p.Abstain()
		return
	}
	for _, f := range p.Joined.Rights.Faults(p.Entity) {
		if f.Code == "dangling-binding" {
			name := o.Root.At("roleRef", "name").Text()
			p.Report(rule.Hit{Path: f.Path, Message: "binds " + string(kind) + " " + name + ", which does not exist"})
		}
	}
}

// namespaceOf is where a role of a kind that an object names stands.
func namespaceOf(kind bartizan.Kind, o *kube.Object) string {
	if kind == "ClusterRole" {
		return ""
	}
	return home(o)
}
