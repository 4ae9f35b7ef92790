package joined

import (
	"slices"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// UnusedAccount finds accounts with rights that nothing runs as.
var UnusedAccount = rule.Go(`
id: rbac-unused-account
title: Service account with rights that no workload uses
severity: low
on: ServiceAccount
needs: [rights, pods]
maps: {nsa-cisa: [rbac, sa-tokens], attack: T1078, ms-matrix: MS-TA9019}
why: |
  Nothing in the cluster needs the rights, and nobody would notice that they are used: whoever can make a token of
  the account, or start a pod in its namespace, gets them. It may be used from outside the cluster; then its
  tokens should be short-lived. It is judged in a whole cluster only.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/left-over.yaml --
# WHOLE CLUSTER
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: old # FINDING
---
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: old, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
  - {kind: ServiceAccount, name: old, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: main, image: app}]
-- pass/files.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: old
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: old, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
  - {kind: ServiceAccount, name: old, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: main, image: app}]
-- pass/used.yaml --
# WHOLE CLUSTER
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: main, image: app}]
-- pass/controller.yaml --
# WHOLE CLUSTER
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: kube-system
  name: job-controller
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: job}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
  - {kind: ServiceAccount, name: job-controller, namespace: kube-system}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: main, image: app}]
`, rule.On(checkAccountUse))

func checkAccountUse(p *rule.Pass, o *kube.Object) {
	if !p.Joined.Complete || home(o) == systemNamespace || o.Ref.Name == "default" {
		p.Abstain()
		return
	}
	for _, c := range p.Joined.In(home(o)) {
		if c.Account.Name == o.Ref.Name {
			return
		}
	}
	who := rule.Account(home(o), o.Ref.Name)
	all := p.Joined.Rights.Of(who)
	if i := slices.IndexFunc(all, func(g rule.Granted) bool { return !g.Default && !g.ViaGroup }); i >= 0 {
		p.Report(rule.Hit{Path: "/metadata/name", Message: "no workload runs as " + who.String() + ", but it has rights", Why: all[i].Why()})
	}
}
