package attack

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// ConversionWebhook changes custom resources on their way to a controller.
var ConversionWebhook = rule.Edge(`
id: attack-conversion-webhook
title: Change what a controller reads through a conversion webhook
certainty: conditional
cost: 4
maps: {attack: [T1525, T1610]}
why: |
  A custom resource definition may name a webhook that converts its objects between versions. It sees and rewrites each
  of them, whoever wrote it, past their admission policies. Whoever may change the definition tells the controller behind
  it what to do: the tools that deploy from Git or install charts do it with rights of their own, often all of them.
detect: audit events that change spec.conversion of customresourcedefinitions
mitigate: keep writing of customresourcedefinitions to administrators, and name those that an operator owns
references:
  - https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
-- yes/argo.yaml --
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller, namespace: argocd}
spec:
  template: {spec: {serviceAccountName: controller, containers: [{name: c, image: argocd}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: definitions}
rules:
- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: definitions}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: definitions}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> ServiceAccount argocd/controller
-- yes/e6-named-flux.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: helm-controller, namespace: flux-system}
spec:
  selector: {matchLabels: {app: helm-controller}}
  template:
    metadata: {labels: {app: helm-controller}}
    spec: {containers: [{name: helm-controller, image: helm-controller}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: kustomize-controller, namespace: flux-system}
spec:
  selector: {matchLabels: {app: kustomize-controller}}
  template:
    metadata: {labels: {app: kustomize-controller}}
    spec: {containers: [{name: kustomize-controller, image: kustomize-controller}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: definitions}
rules:
- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [patch], resourceNames: [helmreleases.helm.toolkit.fluxcd.io]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: definitions}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: definitions}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount flux-system/default
-- no/other-definition.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: helm-controller, namespace: flux-system}
spec:
  selector: {matchLabels: {app: helm-controller}}
  template:
    metadata: {labels: {app: helm-controller}}
    spec: {containers: [{name: helm-controller, image: helm-controller}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: definitions}
rules:
- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [patch], resourceNames: [things.example.com]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: definitions}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: definitions}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount flux-system/default
-- no/no-controller.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: definitions}
rules:
- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [create, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: definitions}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: definitions}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/default
`, deriveConversionWebhook)

// deployers are controllers that make workloads or roles of custom resources, by the API group of these.
var deployers = map[string][]string{
	"argoproj.io":                 {"argocd-application-controller", "argocd-applicationset-controller", "workflow-controller", "argo-rollouts"},
	"kustomize.toolkit.fluxcd.io": {"kustomize-controller"},
	"helm.toolkit.fluxcd.io":      {"helm-controller"},
	"tekton.dev":                  {"tekton-pipelines-controller"},
	"external-secrets.io":         {"external-secrets"},
	"operators.coreos.com":        {"olm-operator", "catalog-operator"},
	"pkg.crossplane.io":           {"crossplane"},
	"monitoring.coreos.com":       {"prometheus-operator"},
	"kyverno.io":                  {"kyverno-background-controller"},
	"bitnami.com":                 {"sealed-secrets-controller"},
}

func deriveConversionWebhook(a *rule.Attack) {
	for _, verb := range changing {
		for scope, held := range a.Holding(rule.Right{Verb: verb, Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions", Cluster: true}) {
			_, group, _ := strings.Cut(scope.Name, ".")
			for p := range a.Pods.All() {
				if scope.Name == "" && deploys(p, "") || scope.Name != "" && deploys(p, group) {
					a.Step(rule.Step{
						From: held, To: p.Account, Text: "rewrites what " + p.Ref.Name + " reads, which acts as {to}",
						Why: p.Why(p.Spec.Get("serviceAccountName")),
					})
				}
			}
		}
	}
}

// deploys says whether a pod is a known controller for an API group, or for some if there is none.
func deploys(p *rule.Pod, group string) bool {
	for g, names := range deployers {
		if (group == "" || group == g) && slices.ContainsFunc(names, func(name string) bool {
			return p.Ref.Name == name || strings.HasSuffix(p.Ref.Name, "-"+name)
		}) {
			return true
		}
	}
	return false
}
