package joined

import "github.com/bartizan-dev/bartizan/rule"

// certificates is the API group of signing requests.
const certificates = "certificates.k8s.io"

// HolderCertificates finds who may issue themselves client certificates.
var HolderCertificates = rule.Go(`
id: rbac-holder-certificates
title: Account may issue itself the certificate of an administrator
severity: critical
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.11, nsa-cisa: [rbac, authentication], attack: T1078, ms-matrix: MS-TA9019}
why: |
  It takes three rights, which may come from three roles: to request a certificate, to approve a request, and to
  approve for the signer. With all of them the account has itself signed a certificate for any user but
  system:masters, which nobody can revoke before it expires.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/three-roles.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: pki
  name: issuer # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: request}
rules:
  - {apiGroups: ["certificates.k8s.io"], resources: [certificatesigningrequests], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approve}
rules:
  - {apiGroups: ["certificates.k8s.io"], resources: [certificatesigningrequests/approval], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sign}
rules:
  - {apiGroups: ["certificates.k8s.io"], resources: [signers], verbs: [approve]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: request}
subjects:
  - {kind: ServiceAccount, name: issuer, namespace: pki}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approve}
subjects:
  - {kind: ServiceAccount, name: issuer, namespace: pki}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: c}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sign}
subjects:
  - {kind: ServiceAccount, name: issuer, namespace: pki}
-- pass/no-signer.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: pki
  name: issuer
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: request}
rules:
  - {apiGroups: ["certificates.k8s.io"], resources: [certificatesigningrequests], verbs: [create]}
  - {apiGroups: ["certificates.k8s.io"], resources: [certificatesigningrequests/approval], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: request}
subjects:
  - {kind: ServiceAccount, name: issuer, namespace: pki}
-- pass/approver-only.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: pki
  name: issuer
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approve}
rules:
  - {apiGroups: ["certificates.k8s.io"], resources: [certificatesigningrequests/approval], verbs: [update]}
  - {apiGroups: ["certificates.k8s.io"], resources: [signers], verbs: [approve]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approve}
subjects:
  - {kind: ServiceAccount, name: issuer, namespace: pki}
`, func(p *rule.Pass) {
	judgeHolders(p, "request a client certificate and approve it", false, clusterWide([][]rule.Right{
		{{Verb: "create", Group: certificates, Resource: "certificatesigningrequests"},
			{Verb: "update", Group: certificates, Resource: "certificatesigningrequests", Sub: "approval"},
			{Verb: "approve", Group: certificates, Resource: "signers"}},
		{{Verb: "create", Group: certificates, Resource: "certificatesigningrequests"},
			{Verb: "patch", Group: certificates, Resource: "certificatesigningrequests", Sub: "approval"},
			{Verb: "approve", Group: certificates, Resource: "signers"}},
	}))
})
