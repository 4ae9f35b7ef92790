package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// AWSAuth maps an identity of the cloud to the administrators.
var AWSAuth = rule.Edge(`
id: attack-aws-auth
title: Make oneself an administrator in the aws-auth ConfigMap
certainty: conditional
cost: 1
maps: {attack: T1098.006, ms-matrix: MS-TA9019}
why: |
  On EKS the ConfigMap aws-auth in kube-system says which roles and users of AWS are which users and groups here, as long
  as the cluster has not been switched to access entries alone. Whoever may change it maps any identity of theirs, of any
  AWS account, to system:masters.
detect: audit events that change the ConfigMap aws-auth
mitigate: use access entries alone (authentication mode API); keep changing the ConfigMap to administrators
references:
  - https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html
  - https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
-- yes/named.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system} # EVIDENCE
data: {mapRoles: "[]"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tune, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [patch], resourceNames: [aws-auth]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tune, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tune}
subjects: [{kind: ServiceAccount, name: nodes, namespace: ops}]
# EDGE ServiceAccount ops/nodes -> Group system:masters
# EDGE ServiceAccount ops/nodes -> Cluster admin
-- yes/everywhere.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: edit}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Group system:masters
-- no/other-name.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tune, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [patch, update], resourceNames: [coredns]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tune, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tune}
subjects: [{kind: ServiceAccount, name: nodes, namespace: ops}]
# NO EDGE ServiceAccount ops/nodes -> Group system:masters
-- no/not-eks.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tune, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [patch, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tune, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tune}
subjects: [{kind: ServiceAccount, name: nodes, namespace: ops}]
# NO EDGE ServiceAccount ops/nodes -> Group system:masters
`, deriveAWSAuth)

func deriveAWSAuth(a *rule.Attack) {
	changeMap(a, "aws-auth", rule.Step{To: rule.Group(mastersGroup), Text: "maps an identity of AWS to {to}"})
}

// changeMap reports a step for whoever may change a ConfigMap of kube-system that was read.
func changeMap(a *rule.Attack, name string, s rule.Step) {
	at := rule.Scope{Namespace: "kube-system", Name: name}
	for o := range objects(a, "ConfigMap") {
		if placed(o) != (bartizan.Ref{Kind: "ConfigMap", Namespace: at.Namespace, Name: at.Name}) {
			continue
		}
		s.Why = []bartizan.Evidence{evidence(o, o.Root.Get("metadata"))}
		for _, verb := range changing {
			if r := core(verb, "configmaps"); covered(a.Access.Where(r), at) {
				s.From = []bartizan.Ref{a.Access.Can(r, at)}
				a.Step(s)
			}
		}
	}
}
