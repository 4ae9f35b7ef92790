package attack

import "github.com/bartizan-dev/bartizan/rule"

// NodeCertificate joins the cluster as a node.
var NodeCertificate = rule.Edge(`
id: attack-node-certificate
title: Ask for a node's client certificate, which is approved by itself
certainty: certain
cost: 1
maps: {attack: [T1078, T1552.004]}
why: |
  So that nodes can join, the controller manager approves requests for a node's client certificate by itself when
  their author may create certificatesigningrequests/nodeclient. It does not ask which node: the author chooses the name
  of one that exists and then reads what the pods on it may read. kubeadm gives these rights to bootstrap tokens.
detect: approved requests of the signer kube-apiserver-client-kubelet for a node that has joined long ago
mitigate: bind nodeclient to bootstrap tokens only, and let these expire after an hour
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
  - https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
-- yes/kubeadm.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: kubelet-bootstrap}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:node-bootstrapper}
subjects: [{kind: Group, name: "system:bootstrappers:kubeadm:default-node-token", apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: node-autoapprove-bootstrap}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:certificates.k8s.io:certificatesigningrequests:nodeclient}
subjects: [{kind: Group, name: "system:bootstrappers:kubeadm:default-node-token", apiGroup: rbac.authorization.k8s.io}]
# EDGE Group system:bootstrappers:kubeadm:default-node-token -> User system:node:n1
-- yes/own-role.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: join}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests, certificatesigningrequests/nodeclient], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: join}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: join}
subjects: [{kind: ServiceAccount, name: autoscaler, namespace: ops}]
# EDGE ServiceAccount ops/autoscaler -> User system:node:n1
-- no/own-certificate.yaml --
# A node renews its own certificate and gets none of another node.
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: join}
rules:
- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests, certificatesigningrequests/selfnodeclient], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: join}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: join}
subjects: [{kind: ServiceAccount, name: autoscaler, namespace: ops}]
# NO EDGE ServiceAccount ops/autoscaler -> User system:node:n1
-- no/half.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: kubelet-bootstrap}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:node-bootstrapper}
subjects: [{kind: Group, name: "system:bootstrappers:kubeadm:default-node-token", apiGroup: rbac.authorization.k8s.io}]
# NO EDGE Group system:bootstrappers:kubeadm:default-node-token -> User system:node:n1
`, deriveNodeCertificate)

func deriveNodeCertificate(a *rule.Attack) {
	request := rule.Right{Verb: "create", Group: certificatesGroup, Resource: "certificatesigningrequests", Cluster: true}
	approved := request
	approved.Sub = "nodeclient"
	for _, held := range a.Holding(request, approved) {
		for _, to := range nodeUsers(a) {
			a.Step(rule.Step{From: held, To: to, Text: "asks for a certificate of {to}"})
		}
	}
}
