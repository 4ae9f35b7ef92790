package joined

import (
	"slices"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// TokenUnused finds tokens that can do nothing.
var TokenUnused = rule.Go(`
id: workload-token-unused
title: Token of an account without rights is mounted
severity: low
on: Workload
needs: [rights, pods]
maps: {cis-1.12: 5.1.6, nsa-cisa: sa-tokens, attack: [T1528, T1552.007], ms-matrix: MS-TA9016}
why: |
  The account has no rights beyond what everybody has, so the application cannot need the token; an attacker can
  use it to look around, and gets whatever is bound to the account later. Of files it is judged where the account
  and some binding stand beside the workload, so that its rights would be there as well. Pods that name no account
  are judged by workload-token-automount.
references:
  - https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
fix: [{op: set, path: automountServiceAccountToken, value: false}]
unsafe: |
  The application must not call the Kubernetes API.
-- fail/beside.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: job
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: job, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: job, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web # FINDING
  containers: [{name: main, image: app}]
-- fixed/beside.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: job
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: job, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: job, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  automountServiceAccountToken: false
  containers: [{name: main, image: app}]
-- pass/used.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: main, image: app}]
-- pass/off.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: job
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: job, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: job, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  automountServiceAccountToken: false
  containers: [{name: main, image: app}]
-- pass/half-a-cluster.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: main, image: app}]
-- pass/account-elsewhere.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: job
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: job, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: job, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: main, image: app}]
-- pass/by-group.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccounts:shop"}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: main, image: app}]
-- pass/cloud.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop, annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/web"}}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: job
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: job, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: job, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: main, image: app}]
`, rule.On(checkUnused))

func checkUnused(p *rule.Pass, o *kube.Object) {
	judged := false
	for c := range p.Joined.Classes(object{o}) {
		if !c.Token || c.Account.Name == "default" || !c.TokenAt.Exists() || hasCloudIdentity(p.World, c) {
			continue
		}
		known := p.Joined.Complete || exists(p.World, c.Account) && beside(p.World, o, c.Account) &&
			(besides(p, o, "RoleBinding", c.Account.Namespace) || besides(p, o, "ClusterRoleBinding", ""))
		if !known {
			continue
		}
		judged = true
		own := slices.ContainsFunc(p.Joined.Rights.Of(c.Account), func(g rule.Granted) bool { return !g.Default })
		if !own {
			p.Report(rule.Hit{
				Path: path(c.TokenAt, o), Message: "mounts the token of " + c.Account.String() + ", which has no rights",
				Fix: []rule.Op{{Op: "set", Path: c.Prefix + "/automountServiceAccountToken", Value: false}},
			})
		}
	}
	if !judged {
		p.Abstain()
	}
}
