package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// ExternalSecret leads from the right to write ExternalSecrets to what a store for the whole cluster holds.
var ExternalSecret = rule.Edge(`
id: attack-external-secret
title: Have External Secrets fetch a foreign secret from a store for the whole cluster
certainty: likely
cost: 1
maps: {attack: T1552.007, ms-matrix: MS-TA9020}
why: |
  A ClusterSecretStore fetches with one identity for all namespaces. Whoever writes an ExternalSecret, and reads the Secret
  that it becomes or mounts it in a pod, gets any secret of the store, not only those of his namespace. Conditions in the
  store bound the namespaces; what the store's identity may read is up to the store.
detect: reads of the store for keys that no namespace's workload uses
mitigate: give each namespace a SecretStore of its own, or put conditions into the ClusterSecretStore
references:
  - https://external-secrets.io/latest/guides/multi-tenancy/
-- yes/read.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: external-secrets, namespace: eso}
spec:
  template:
    spec:
      containers:
      - name: c
        image: ghcr.io/external-secrets/external-secrets:v0.20.1
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: vault} # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules:
- {apiGroups: [external-secrets.io], resources: [externalsecrets], verbs: [create]}
- {apiGroups: [""], resources: [secrets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Cloud store vault
-- yes/all.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: external-secrets, namespace: eso}
spec:
  template:
    spec:
      containers:
      - name: c
        image: ghcr.io/external-secrets/external-secrets:v0.20.1
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: vault}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Cloud store vault
-- no/conditions.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: external-secrets, namespace: eso}
spec:
  template:
    spec:
      containers:
      - name: c
        image: ghcr.io/external-secrets/external-secrets:v0.20.1
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: vault}
spec: {conditions: [{namespaces: [payments]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Cloud store vault
-- no/write-only.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: external-secrets, namespace: eso}
spec:
  template:
    spec:
      containers:
      - name: c
        image: ghcr.io/external-secrets/external-secrets:v0.20.1
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: vault}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [external-secrets.io], resources: [externalsecrets], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Cloud store vault
`, deriveExternalSecret)

func deriveExternalSecret(a *rule.Attack) {
	for range running(a, "external-secrets/external-secrets") {
		for store := range objects(a, "ClusterSecretStore.external-secrets.io") {
			for _, read := range []string{"get", "list", "watch"} {
				rights := []rule.Right{{Verb: "create", Group: "external-secrets.io", Resource: "externalsecrets"}, {Verb: read, Resource: "secrets"}}
				for scope, held := range a.Holding(rights...) {
					if serves(store, scope.Namespace) {
						a.Step(rule.Step{
							From: append([]bartizan.Ref{}, held...), To: bartizan.Ref{Kind: rule.KindCloud, Name: "store " + store.Ref.Name},
							Text: "fetches any secret of the {to}", Why: []bartizan.Evidence{evidence(store, store.Root.At("metadata", "name"))},
						})
					}
				}
			}
		}
		return
	}
}

// serves says whether a store's conditions, if it has any, may hold for a namespace. By labels and patterns any may.
func serves(store *kube.Object, namespace string) bool {
	limited, fits := false, false
	for c := range store.Root.At("spec", "conditions").Items() {
		limited = true
		if namespace == "" || c.Get("namespaceSelector").Exists() || c.Get("namespaceRegexes").Exists() {
			fits = true
		}
		for n := range c.Get("namespaces").Items() {
			fits = fits || n.Str() == namespace
		}
	}
	return fits || !limited
}
