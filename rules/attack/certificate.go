package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Certificate has a client certificate signed.
var Certificate = rule.Edge(`
id: attack-client-certificate
title: Have a client certificate signed for another identity
certainty: certain
cost: 1
maps: {attack: [T1078, T1552.004]}
why: |
  Whoever may create signing requests, approve them and approve for the signer of client certificates has one issued for
  any user name and group. The API server refuses the group system:masters there, but not kubeadm:cluster-admins,
  which kubeadm binds to cluster-admin, nor any other group, user or node. The certificate cannot be revoked.
detect: audit events that change certificatesigningrequests/approval, by anyone but the controller manager
mitigate: take approve of signers out of the role, or name a signer whose certificates the API server does not trust
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/e13-kubeadm-admins.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approve}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}
- {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve], resourceNames: [kubernetes.io/kube-apiserver-client]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: approve}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approve}
subjects: [{kind: ServiceAccount, name: approver, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "kubeadm:cluster-admins", apiGroup: rbac.authorization.k8s.io}]
# EDGE ServiceAccount ops/approver -> Cluster admin
# NO EDGE ServiceAccount ops/approver -> Group system:masters
-- yes/e7-user-by-two-roles.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: request}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: request}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: request}
subjects: [{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approve}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [patch]}
- {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve], resourceNames: ["kubernetes.io/*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: approve}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approve}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: User, name: carl, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> User carl
# EDGE User jane -> User system:node:n1
-- yes/kubelet-signer.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approve}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}
- {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve], resourceNames: [kubernetes.io/kube-apiserver-client-kubelet]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: approve}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approve}
subjects: [{kind: ServiceAccount, name: approver, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: User, name: carl, apiGroup: rbac.authorization.k8s.io}]
# EDGE ServiceAccount ops/approver -> User system:node:n1
# NO EDGE ServiceAccount ops/approver -> User carl
-- no/e13-masters.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approve}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests, certificatesigningrequests/approval, signers], verbs: [create, update, approve]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: approve}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approve}
subjects: [{kind: ServiceAccount, name: approver, namespace: ops}]
# NO EDGE ServiceAccount ops/approver -> Group system:masters
# NO EDGE ServiceAccount ops/approver -> Cluster admin
-- no/other-signer.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approve}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}
- {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve], resourceNames: [example.com/mesh, kubernetes.io/kubelet-serving]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: approve}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approve}
subjects: [{kind: ServiceAccount, name: approver, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "kubeadm:cluster-admins", apiGroup: rbac.authorization.k8s.io}]
# NO EDGE ServiceAccount ops/approver -> Group kubeadm:cluster-admins
# NO EDGE ServiceAccount ops/approver -> User system:node:n1
-- no/no-signer.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approve}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: approve}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approve}
subjects: [{kind: ServiceAccount, name: approver, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "kubeadm:cluster-admins", apiGroup: rbac.authorization.k8s.io}]
# NO EDGE ServiceAccount ops/approver -> Cluster admin
-- no/sign.yaml --
# Whoever may sign writes a certificate into a request, but has not the key of the cluster's CA to make one with.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: signer}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/status], verbs: [update, patch]}
- {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [sign]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: signer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: signer}
subjects: [{kind: ServiceAccount, name: signer, namespace: ops}]
# NO EDGE ServiceAccount ops/signer -> Group kubeadm:cluster-admins
`, deriveCertificate)

func deriveCertificate(a *rule.Attack) {
	certificates := func(verb, resource, sub string) rule.Right {
		return rule.Right{Verb: verb, Group: certificatesGroup, Resource: resource, Sub: sub, Cluster: true}
	}
	all, nodes := anyIdentity(a), nodeUsers(a)
	for _, create := range a.Holding(certificates("create", "certificatesigningrequests", "")) {
		for _, verb := range changing {
			for _, approval := range a.Holding(certificates(verb, "certificatesigningrequests", "approval")) {
				for signer, approve := range a.Holding(certificates("approve", "signers", "")) {
					var to []bartizan.Ref
					switch signer.Name {
					case "", "kubernetes.io/*", "kubernetes.io/kube-apiserver-client":
						to = all
					case "kubernetes.io/kube-apiserver-client-kubelet":
						to = nodes
					}
					for _, ref := range to {
						a.Step(rule.Step{From: join(create, append(approval, approve...)...), To: ref, Text: "approves a certificate for {to}"})
					}
				}
			}
		}
	}
}

// anyIdentity lists the identities that a client certificate may be of and that have some right.
func anyIdentity(a *rule.Attack) []bartizan.Ref {
	out := []bartizan.Ref{rule.Group(adminsGroup)}
	for _, u := range bound(a, "User") {
		out = append(out, rule.User(u))
	}
	for _, g := range bound(a, "Group") {
		if g != adminsGroup && !strings.HasPrefix(g, "system:serviceaccounts") {
			out = append(out, rule.Group(g))
		}
	}
	return append(out, nodeUsers(a)...)
}

// nodeUsers lists the users as whom kubelets act.
func nodeUsers(a *rule.Attack) (out []bartizan.Ref) {
	for _, n := range a.Pods.Nodes() {
		out = append(out, rule.NodeUser(n.Ref.Name))
	}
	return out
}
