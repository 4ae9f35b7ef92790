package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Anonymous asks the API server without a credential.
var Anonymous = rule.Edge(`
id: attack-anonymous
title: Ask the API server without a credential
certainty: conditional
cost: 3
maps: {attack: [T1133, T1190], ms-matrix: MS-TA9029}
why: |
  Unless anonymous-auth is off, a request without a credential is one of the user system:anonymous and the group
  system:unauthenticated. What is bound to them, everybody has who reaches the API server: on many managed clusters that
  is the internet. Whether it is here was not read.
detect: audit events of the user system:anonymous that were allowed, other than for health and version
mitigate: bind nothing to system:anonymous and system:unauthenticated; let only known networks reach the API server
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/authentication/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/group.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: open}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {kind: Group, name: "system:unauthenticated", apiGroup: rbac.authorization.k8s.io}
# EDGE Internet anyone -> Group system:unauthenticated
# EDGE Internet anyone -> Cluster admin
-- yes/user.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: open}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: "system:anonymous", apiGroup: rbac.authorization.k8s.io}]
# EDGE Internet anyone -> User system:anonymous
# EDGE Internet anyone -> Cluster admin
-- no/authenticated.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: open}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}]
# NO EDGE Internet anyone -> Group system:authenticated
# NO EDGE Internet anyone -> Cluster admin
-- no/named-user.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: anonymous, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE Internet anyone -> Cluster admin
`, deriveAnonymous)

func deriveAnonymous(a *rule.Attack) {
	a.Step(rule.Step{From: []bartizan.Ref{rule.Internet}, To: rule.User("system:anonymous"), Text: "asks the API server without a credential"})
}
