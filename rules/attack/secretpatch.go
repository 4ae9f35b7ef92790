package attack

import "github.com/bartizan-dev/bartizan/rule"

// SecretPatch reads Secrets from the answers to requests that write.
var SecretPatch = rule.Edge(`
id: attack-secret-write-read
title: Read a Secret from the answer to a patch or a delete
certainty: certain
cost: 1
maps: {attack: T1552.007, ms-matrix: MS-TA9025}
why: |
  The API server answers a patch with the whole object, a deletecollection with all that it deleted, and a delete in the
  foreground (propagationPolicy) with the object that waits for its end. A patch that changes nothing, and all three with
  dryRun, leave the Secrets as they are and print them. So roles that allow writing and not reading hide nothing. An
  update must send the content itself and learns nothing from the answer.
detect: audit events that patch Secrets with an empty patch, or delete or deletecollection of Secrets with dryRun
mitigate: treat patch, delete and deletecollection of Secrets like get and list
references:
  - https://kubernetes.io/docs/reference/using-api/api-concepts/
  - https://kubernetes.io/docs/concepts/security/secrets-good-practices/
-- yes/patch.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: v1
kind: Secret
metadata: {name: tls, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: rotate, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [patch], resourceNames: [db]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rotate, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: rotate}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Secret shop/db
# NO EDGE ServiceAccount ci/builder -> Secret shop/tls
-- yes/deletecollection.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: clean}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [deletecollection]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: clean}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: clean}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Secret shop/db
# EDGE User jane -> Secret *
-- no/update.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: rotate, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [update, create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rotate, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: rotate}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Secret shop/db
-- no/named-collection.yaml --
# A collection has no name.
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: clean, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [deletecollection], resourceNames: [db]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: clean, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: clean}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Secret shop/db
-- yes/delete.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: clean, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [delete], resourceNames: [db]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: clean, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: clean}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Secret shop/db
`, deriveSecretPatch)

func deriveSecretPatch(a *rule.Attack) {
	for _, verb := range []string{"patch", "delete", "deletecollection"} {
		for scope, held := range spread(a, core(verb, "secrets")) {
			a.Step(rule.Step{From: held, To: rule.In(rule.SecretsIn, scope), Text: "reads {to} from the answer"})
		}
	}
}
