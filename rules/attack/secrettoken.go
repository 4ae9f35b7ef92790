package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// SecretToken uses a token that a Secret holds.
var SecretToken = rule.Edge(`
id: attack-secret-token
title: Use a service account's token from a Secret
certainty: certain
cost: 0
maps: {attack: [T1528, T1552.007], ms-matrix: MS-TA9025}
why: |
  A Secret of type kubernetes.io/service-account-token holds a token of the service account that its annotation names. It
  does not expire. Whoever reads the Secret is that service account, from anywhere.
detect: requests in the name of the service account from outside the cluster
mitigate: delete such Secrets and ask for short tokens instead
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/
  - https://kubernetes.io/docs/concepts/security/secrets-good-practices/
-- yes/token.yaml --
apiVersion: v1
kind: Secret
metadata:
  name: builder-token
  namespace: ci
  annotations:
    kubernetes.io/service-account.name: builder # EVIDENCE
type: kubernetes.io/service-account-token
# EDGE Secret ci/builder-token -> ServiceAccount ci/builder
-- yes/by-the-set.yaml --
# Whoever reads the Secrets of a namespace reads this one.
apiVersion: v1
kind: Secret
metadata: {name: admin-token, namespace: kube-system, annotations: {kubernetes.io/service-account.name: admin}}
type: kubernetes.io/service-account-token
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: admin, namespace: kube-system}]
# EDGE Secret kube-system/admin-token -> Cluster admin
-- no/other-type.yaml --
apiVersion: v1
kind: Secret
metadata: {name: note, namespace: ci, annotations: {kubernetes.io/service-account.name: builder}}
type: Opaque
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: builder, namespace: ci}
# NO EDGE Secret ci/note -> ServiceAccount ci/builder
-- no/other-account.yaml --
apiVersion: v1
kind: Secret
metadata: {name: builder-token, namespace: ci, annotations: {kubernetes.io/service-account.name: builder}}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: ci}
# NO EDGE Secret ci/builder-token -> ServiceAccount ci/admin
`, deriveSecretToken)

func deriveSecretToken(a *rule.Attack) {
	for o := range objects(a, "Secret") {
		at := o.Root.At("metadata", "annotations", "kubernetes.io/service-account.name")
		if o.Root.Get("type").Str() != "kubernetes.io/service-account-token" || at.Str() == "" {
			continue
		}
		ref := placed(o)
		a.Step(rule.Step{
			From: []bartizan.Ref{ref}, To: rule.Account(ref.Namespace, at.Str()), Text: "uses the token of {to} that is in the Secret",
			Why: []bartizan.Evidence{evidence(o, at)},
		})
	}
}
