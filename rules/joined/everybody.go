package joined

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// EverybodyCan finds strong rights that everybody with a login, or every pod, holds.
var EverybodyCan = rule.Go(`
id: rbac-everybody-can
title: Everybody may do what few should
severity: critical
on: [RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: [5.1.2, 5.1.4], nsa-cisa: [rbac, authentication], attack: [T1078, T1552.007], ms-matrix: MS-TA9019}
why: |
  The groups system:authenticated and system:serviceaccounts hold everybody who can log in and every pod with a
  token, and so whoever breaks into any of them. Bindings to these groups are judged where they stand; this says
  which of them give a namespace or the cluster away. With some clouds anybody with a mail account is
  authenticated.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/secrets.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
  - kind: Group
    apiGroup: rbac.authorization.k8s.io
    name: system:authenticated # FINDING
-- fail/pods.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
  - kind: Group
    apiGroup: rbac.authorization.k8s.io
    name: system:serviceaccounts # FINDING
-- pass/harmless.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
  - {apiGroups: [""], resources: [configmaps], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
  - {kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:authenticated"}
-- pass/one-namespace.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
  - {kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccounts:shop"}
-- pass/one-object.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: named}
rules:
  - {apiGroups: [""], resources: [secrets, pods/exec], verbs: [get, create], resourceNames: [public]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: named}
subjects: [{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}]
`, func(p *rule.Pass) {
	var done []bartizan.Ref
	for _, s := range strong() {
		for _, set := range s.sets {
			for _, h := range p.Joined.Rights.At(p.Entity, set...) {
				wide := h.Subject.Kind == "User" || !strings.HasPrefix(h.Subject.Name, "system:serviceaccounts:")
				if everyones(h.Subject) && wide && !slices.Contains(done, h.Subject) {
					done = append(done, h.Subject)
					reportHolder(p, &h, s.does)
				}
			}
		}
	}
})
