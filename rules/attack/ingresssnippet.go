package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// IngressSnippet leads from the right to write Ingresses to the account of an ingress-nginx that takes snippets.
var IngressSnippet = rule.Edge(`
id: attack-ingress-snippet
title: Read the ingress controller's token by a snippet in an Ingress
certainty: likely
cost: 1
maps: {attack: [T1528, T1068], ms-matrix: MS-TA9016}
why: |
  A snippet annotation is put into the settings of nginx as it stands, and nginx serves files when told to: the token of the
  controller's account among them, which reads Secrets in all namespaces. Before 1.9.0 snippets were taken unless a setting
  forbade it, since then only where allow-snippet-annotations allows it, and since 1.12.0 only if the allowed risk is Critical.
detect: Ingresses with an annotation that ends in -snippet
mitigate: take allow-snippet-annotations away, or set it to "false" before 1.9.0
references:
  - https://nvd.nist.gov/vuln/detail/CVE-2021-25742
  - https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/#allow-snippet-annotations
-- yes/default.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec:
  template:
    spec:
      serviceAccountName: ingress-nginx
      containers:
      - name: controller
        image: registry.k8s.io/ingress-nginx/controller:v1.8.1 # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount ingress-nginx/ingress-nginx
-- yes/allowed.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec:
  template:
    spec:
      serviceAccountName: ingress-nginx
      containers:
      - name: controller
        image: registry.k8s.io/ingress-nginx/controller:v1.11.5
---
apiVersion: v1
kind: ConfigMap
metadata: {name: controller, namespace: ingress-nginx}
data:
  allow-snippet-annotations: "true" # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount ingress-nginx/ingress-nginx
-- no/default-1.9.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec:
  template:
    spec:
      serviceAccountName: ingress-nginx
      containers:
      - name: controller
        image: registry.k8s.io/ingress-nginx/controller:v1.9.0
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount ingress-nginx/ingress-nginx
-- no/forbidden.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec:
  template:
    spec:
      serviceAccountName: ingress-nginx
      containers:
      - name: controller
        image: registry.k8s.io/ingress-nginx/controller:v1.8.1
---
apiVersion: v1
kind: ConfigMap
metadata: {name: controller, namespace: ingress-nginx}
data: {allow-snippet-annotations: "false"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount ingress-nginx/ingress-nginx
-- no/risk.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec:
  template:
    spec:
      serviceAccountName: ingress-nginx
      containers:
      - name: controller
        image: registry.k8s.io/ingress-nginx/controller:v1.12.1
---
apiVersion: v1
kind: ConfigMap
metadata: {name: controller, namespace: ingress-nginx}
data: {allow-snippet-annotations: "true"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount ingress-nginx/ingress-nginx
`, deriveIngressSnippet)

func deriveIngressSnippet(a *rule.Attack) {
	for p, c := range running(a, "ingress-nginx/controller") {
		_, tag := repository(c.Image)
		v, ok := numbers(tag)
		if !ok {
			continue
		}
		allowed, why, fixes := snippets(a, p, v)
		if !allowed {
			continue
		}
		for _, right := range writeRights("networking.k8s.io", "ingresses", false) {
			for _, held := range a.Holding(right) {
				a.Step(rule.Step{
					From: append([]bartizan.Ref{}, held...), To: p.Account, Text: "has nginx serve the token of {to} by a snippet",
					Why: append(p.Why(c.Node.Get("image")), why...), Fixes: fixes,
				})
			}
		}
	}
}

// snippets says whether an ingress-nginx of a version takes snippets, and what settings say so.
func snippets(a *rule.Attack, p *rule.Pod, version [3]int) (allowed bool, why []bartizan.Evidence, fixes []rule.Fix) {
	allowed = before(version, [3]int{1, 9, 0})
	var risk tree.Node
	for o := range objects(a, "ConfigMap") {
		if placed(o).Namespace != p.Ref.Namespace {
			continue
		}
		if r := o.Root.At("data", "annotations-risk-level"); r.Exists() {
			risk = r
		}
		at := o.Root.At("data", "allow-snippet-annotations")
		if !at.Exists() {
			continue
		}
		allowed = at.Text() == "true"
		why = append(why, evidence(o, at))
		fixes = []rule.Fix{{
			Target: o.Ref, Ops: []rule.Op{{Op: "set", Path: "/data/allow-snippet-annotations", Value: "false"}}, Cost: 10,
			Text: "take no snippets", Unsafe: "know that no Ingress needs one",
		}}
	}
	if !before(version, [3]int{1, 12, 0}) && risk.Text() != "Critical" {
		allowed = false
	}
	return allowed, why, fixes
}
