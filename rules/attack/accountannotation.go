package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// AccountAnnotation gives a service account another identity of the cloud.
var AccountAnnotation = rule.Edge(`
id: attack-account-annotation
title: Give a service account the cloud identity of another one
certainty: conditional
cost: 8
maps: {attack: [T1078.004, T1528], ms-matrix: [MS-TA9020, MS-TA9028]}
why: |
  Which role of the cloud a service account's pods are given stands in an annotation of the account. Whoever may change
  service accounts and start pods as them writes another account's role there. The cloud refuses it where the role's
  trust names the service account, and lets it pass where the trust names the cluster or uses a wildcard.
detect: audit events that change annotations of service accounts; tokens exchanged by an account that never did
mitigate: let the role's trust policy name the namespace and the service account; keep changing accounts to administrators
references:
  - https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
  - https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
-- yes/azure.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  name: backup
  namespace: ops
  annotations:
    azure.workload.identity/client-id: 00000000-0000-0000-0000-000000000001 # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: own, namespace: shop}
rules:
- {apiGroups: [""], resources: [serviceaccounts], verbs: [patch]}
- {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: own, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: own}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Cloud 00000000-0000-0000-0000-000000000001
-- yes/token.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: backup, namespace: ops, annotations: {iam.gke.io/gcp-service-account: backup@corp.iam.gserviceaccount.com}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: own}
rules:
- {apiGroups: [""], resources: [serviceaccounts], verbs: [update]}
- {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: own}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: own}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Cloud backup@corp.iam.gserviceaccount.com
-- no/annotate-only.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: backup, namespace: ops, annotations: {azure.workload.identity/client-id: 00000000-0000-0000-0000-000000000001}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: own, namespace: shop}
rules:
- {apiGroups: [""], resources: [serviceaccounts], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: own, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: own}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Cloud 00000000-0000-0000-0000-000000000001
-- no/no-identity.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: backup, namespace: ops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: own, namespace: shop}
rules:
- {apiGroups: [""], resources: [serviceaccounts], verbs: [patch]}
- {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: own, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: own}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Cloud 00000000-0000-0000-0000-000000000001
`, deriveAccountAnnotation)

func deriveAccountAnnotation(a *rule.Attack) {
	for o := range objects(a, "ServiceAccount") {
		for _, key := range identityAnnotations {
			at := o.Root.At("metadata", "annotations", key)
			if at.Str() == "" {
				continue
			}
			s := rule.Step{
				To: bartizan.Ref{Kind: rule.KindCloud, Name: at.Str()}, Why: []bartizan.Evidence{evidence(o, at)},
				Text: "gives a service account the {to} of " + o.Ref.Name + " and uses it",
			}
			uses := []rule.Right{{Verb: "create", Resource: "serviceaccounts", Sub: "token"}}
			for _, m := range makers {
				uses = append(uses, m.right("create"))
			}
			for _, verb := range changing {
				for _, use := range uses {
					for _, s.From = range a.Holding(core(verb, "serviceaccounts"), use) {
						a.Step(s)
					}
				}
			}
		}
	}
}
