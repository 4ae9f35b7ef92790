package attack

import (
	"iter"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// UpdateWorkload changes the pods that a workload makes.
var UpdateWorkload = rule.Edge(`
id: attack-update-workload
title: Change a workload's pod template
certainty: certain
cost: 1
maps: {attack: [T1610, T1525], ms-matrix: MS-TA9012}
why: |
  A change of a workload's template replaces its pods: another image or command, another service account, any Secret of
  the namespace as a volume. Whoever may update or patch one workload holds what a creator of pods there holds. A Job's
  template cannot be changed, and a pod only its images.
detect: changes of workloads by identities that do not deploy; a template that differs from what is in Git
mitigate: let only the deployment pipeline change workloads; give others the subresource scale where that is enough
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
  - https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
-- yes/role.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: roll, namespace: shop}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: roll, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: roll}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Deployment shop/web
# EDGE ServiceAccount ci/builder -> ServiceAccount shop/admin
# EDGE ServiceAccount ci/builder -> Secret shop/db
-- yes/e6-named.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: shop}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: roll, namespace: shop}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [update], resourceNames: [web]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: roll, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: roll}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Deployment shop/web
# EDGE ServiceAccount ci/builder -> Secret shop/*
# NO EDGE ServiceAccount ci/builder -> Deployment shop/shop
-- yes/e4-other-namespace.yaml --
# A RoleBinding may name an account of another namespace.
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: prod}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: agent}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ci, namespace: prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> DaemonSet prod/agent
-- no/scale.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: scale, namespace: shop}
rules:
- {apiGroups: [apps], resources: [deployments/scale], verbs: [update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: scale, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: scale}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Deployment shop/web
-- no/nothing-to-change.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: agent}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: roll, namespace: shop}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: roll, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: roll}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> DaemonSet shop/agent
# NO EDGE ServiceAccount ci/builder -> Secret shop/*
`, deriveUpdateWorkload)

func deriveUpdateWorkload(a *rule.Attack) {
	for _, m := range makers {
		if m.fixed {
			continue
		}
		for _, verb := range changing {
			for o, from := range changeable(a, m, verb) {
				ref := placed(o)
				from = join(from, a.Admission.Admits(ref.Namespace, rule.LevelRestricted))
				a.Step(rule.Step{From: from, To: ref, Text: "changes the template of {to}"})
				a.Step(rule.Step{From: from, To: rule.AccountsIn(ref.Namespace), Text: "lets " + ref.Name + " run as {to}"})
				a.Step(rule.Step{From: from, To: rule.SecretsIn(ref.Namespace), Text: "lets " + ref.Name + " mount {to}"})
			}
		}
	}
}

// changeable visits the workloads of a kind that a right on some of them reaches, with the vertex of that right on
// them.
func changeable(a *rule.Attack, m maker, verb string) iter.Seq2[*kube.Object, []bartizan.Ref] {
	return func(yield func(*kube.Object, []bartizan.Ref) bool) {
		r := m.right(verb)
		where := a.Access.Where(r)
		for o := range objects(a, m.kind) {
			ref := placed(o)
			seen := map[rule.Scope]bool{}
			for _, s := range where {
				at := rule.Scope{Namespace: ref.Namespace}
				if s.Name != "" {
					at.Name = ref.Name
				}
				if seen[at] || !within(s, ref.Namespace, ref.Name) {
					continue
				}
				seen[at] = true
				if !yield(o, []bartizan.Ref{a.Access.Can(r, at)}) {
					return
				}
			}
		}
	}
}
