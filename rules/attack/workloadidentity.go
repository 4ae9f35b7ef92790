package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// WorkloadIdentity leads from a pod to the cloud identity that its service account is tied to.
var WorkloadIdentity = rule.Edge(`
id: attack-workload-identity
title: Use the cloud identity tied to a service account
certainty: likely
cost: 1
maps: {attack: T1078.004, ms-matrix: [MS-TA9020, MS-TA9028]}
why: |
  An annotation of the service account names a role of the cloud; its pods get credentials of that role, whether or not they
  mount the account's token for the API server. Whoever may ask for tokens of the account gets there, too: the token says
  for whom it is meant, and the asker chooses that.
detect: use of the role from another address, or tokens of the account asked for by anybody but the kubelet
mitigate: give the role little, and the account to one workload; tie the role's trust to the account by name
references:
  - https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
  - https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
-- yes/google.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  name: backup
  namespace: ops
  annotations:
    iam.gke.io/gcp-service-account: backup@p.iam.gserviceaccount.com # EVIDENCE
automountServiceAccountToken: false
---
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec: {serviceAccountName: backup, containers: [{name: b, image: b}]}
# EDGE Pod ops/backup -> Cloud backup@p.iam.gserviceaccount.com
-- yes/token-request.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: backup, namespace: ops, annotations: {iam.gke.io/gcp-service-account: backup@p.iam.gserviceaccount.com}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tokens, namespace: ops}
rules: [{apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tokens, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tokens}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Cloud backup@p.iam.gserviceaccount.com
-- no/other-account.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: backup, namespace: ops, annotations: {iam.gke.io/gcp-service-account: backup@p.iam.gserviceaccount.com}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: ops}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod ops/web -> Cloud backup@p.iam.gserviceaccount.com
-- no/azure-label.yaml --
# Azure gives the credentials to pods that ask for them by a label.
apiVersion: v1
kind: ServiceAccount
metadata: {name: backup, namespace: ops, annotations: {azure.workload.identity/client-id: c-1}}
---
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec: {serviceAccountName: backup, containers: [{name: b, image: b}]}
# NO EDGE Pod ops/backup -> Cloud c-1
`, deriveWorkloadIdentity)

// identityAnnotations name the cloud identity of a service account.
var identityAnnotations = []string{"eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id", "pod-identity.alibabacloud.com/role-name"}

func deriveWorkloadIdentity(a *rule.Attack) {
	accounts := map[bartizan.Ref]*kube.Object{}
	for o := range objects(a, "ServiceAccount") {
		for _, key := range identityAnnotations {
			at := o.Root.At("metadata", "annotations", key)
			if at.Str() == "" {
				continue
			}
			account := rule.Account(placed(o).Namespace, o.Ref.Name)
			accounts[account] = o
			a.Step(rule.Step{
				From: []bartizan.Ref{a.Access.Can(rule.Right{Verb: "create", Resource: "serviceaccounts", Sub: "token"}, rule.Scope{Namespace: account.Namespace, Name: account.Name})},
				To:   bartizan.Ref{Kind: rule.KindCloud, Name: at.Str()}, Text: "asks for a token of service account " + o.Ref.Name + " meant for the cloud",
				Why: []bartizan.Evidence{evidence(o, at)},
			})
		}
	}
	for p := range a.Pods.All() {
		o := accounts[p.Account]
		if o == nil {
			continue
		}
		for _, key := range identityAnnotations {
			at := o.Root.At("metadata", "annotations", key)
			if at.Str() == "" || strings.HasPrefix(key, "azure") && p.Labels["azure.workload.identity/use"] != "true" || strings.HasPrefix(key, "iam.gke") && p.HostNetwork {
				continue
			}
			a.Step(rule.Step{
				From: p.Vertex(), To: bartizan.Ref{Kind: rule.KindCloud, Name: at.Str()}, Text: "uses the {to} of its service account",
				Why: append(p.Why(p.Spec.Get("serviceAccountName")), evidence(o, at)),
			})
		}
	}
}
