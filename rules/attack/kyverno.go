package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Kyverno leads from the right to write Kyverno's policies to the pods that they change.
var Kyverno = rule.Edge(`
id: attack-kyverno
title: Change pods on their way in by a policy of Kyverno
certainty: likely
cost: 2
maps: {attack: [T1610, T1525], ms-matrix: MS-TA9015}
why: |
  A mutate rule changes every pod that it matches as it is created: another image, a container more. A ClusterPolicy does so
  in all namespaces, a Policy in its own. Kyverno is there already to carry it out; no webhook has to be set up.
detect: new mutate rules, or pods with containers that their template does not have
mitigate: let only the platform's team write policies
references:
  - https://kyverno.io/docs/policy-types/cluster-policy/mutate/
-- yes/cluster-policy.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: kyverno, namespace: kyverno}
spec:
  template:
    spec:
      containers:
      - name: c
        image: ghcr.io/kyverno/kyverno:v1.15.0 # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data}
spec: {containers: [{name: d, image: d}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: dev}
rules: [{apiGroups: [kyverno.io], resources: [clusterpolicies], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Pod data/db
-- yes/policy.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: kyverno, namespace: kyverno}
spec:
  template:
    spec:
      containers:
      - name: c
        image: ghcr.io/kyverno/kyverno:v1.15.0
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data}
spec: {containers: [{name: d, image: d}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: data}
rules: [{apiGroups: [kyverno.io], resources: [policies], verbs: [patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: data}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Pod data/db
# NO EDGE User jane -> Deployment kyverno/kyverno
-- no/role-binding.yaml --
# What has no namespace is not granted in one.
apiVersion: apps/v1
kind: Deployment
metadata: {name: kyverno, namespace: kyverno}
spec:
  template:
    spec:
      containers:
      - name: c
        image: ghcr.io/kyverno/kyverno:v1.15.0
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data}
spec: {containers: [{name: d, image: d}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: data}
rules: [{apiGroups: [kyverno.io], resources: [clusterpolicies], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: data}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Pod data/db
-- no/no-kyverno.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data}
spec: {containers: [{name: d, image: d}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: dev}
rules: [{apiGroups: [kyverno.io], resources: [clusterpolicies], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Pod data/db
`, deriveKyverno)

func deriveKyverno(a *rule.Attack) {
	for p, c := range running(a, "kyverno/kyverno", "nirmata/kyverno") {
		for _, right := range append(writeRights("kyverno.io", "clusterpolicies", true), writeRights("kyverno.io", "policies", false)...) {
			for scope, held := range a.Holding(right) {
				a.Step(rule.Step{
					From: append([]bartizan.Ref{}, held...), To: rule.PodsIn(scope.Namespace), Text: "changes {to} by a policy of Kyverno",
					Why: p.Why(c.Node.Get("image")),
				})
			}
		}
	}
}
