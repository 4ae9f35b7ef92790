package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// BootstrapToken makes a token with which nodes join.
var BootstrapToken = rule.Edge(`
id: attack-bootstrap-token
title: Make a bootstrap token
certainty: conditional
cost: 2
maps: {attack: [T1078, T1136.001]}
why: |
  A Secret of type bootstrap.kubernetes.io/token in kube-system is a credential of its own: whoever may create Secrets
  there chooses the token and the groups system:bootstrappers and below that it stands for. The API server must be
  started with enable-bootstrap-token-auth, as kubeadm does. What the groups may do, bindings say: as a rule, join as
  a node.
detect: audit events that create Secrets of type bootstrap.kubernetes.io/token
mitigate: keep creating Secrets in kube-system to administrators; switch bootstrap tokens off where nodes join otherwise
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
-- yes/role.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: store, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: store, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: store}
subjects: [{kind: ServiceAccount, name: backup, namespace: ops}]
# EDGE ServiceAccount ops/backup -> Group system:bootstrappers
-- yes/everywhere.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: store}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: store}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: store}
subjects: [{kind: ServiceAccount, name: backup, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: kubelet-bootstrap}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:node-bootstrapper}
subjects: [{kind: Group, name: "system:bootstrappers:kubeadm:default-node-token", apiGroup: rbac.authorization.k8s.io}]
# EDGE ServiceAccount ops/backup -> Group system:bootstrappers:kubeadm:default-node-token
-- no/other-namespace.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: store, namespace: ops}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: store, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: store}
subjects: [{kind: ServiceAccount, name: backup, namespace: ops}]
# NO EDGE ServiceAccount ops/backup -> Group system:bootstrappers
-- no/update.yaml --
# The type of a Secret that exists cannot be changed.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: store, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [update, get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: store, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: store}
subjects: [{kind: ServiceAccount, name: backup, namespace: ops}]
# NO EDGE ServiceAccount ops/backup -> Group system:bootstrappers
`, deriveBootstrapToken)

func deriveBootstrapToken(a *rule.Attack) {
	for scope, held := range a.Holding(core("create", "secrets")) {
		if !within(scope, "kube-system", scope.Name) || scope.Name != "" && !strings.HasPrefix(scope.Name, "bootstrap-token-") {
			continue
		}
		for _, g := range bootstrappers(a) {
			a.Step(rule.Step{From: held, To: rule.Group(g), Text: "makes a bootstrap token of {to}"})
		}
	}
}
