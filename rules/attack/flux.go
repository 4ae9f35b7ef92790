package attack

import "github.com/bartizan-dev/bartizan/rule"

// Flux leads from the right to write Kustomizations or HelmReleases to what Flux may do.
var Flux = rule.Edge(`
id: attack-flux
title: Have Flux apply manifests with its own rights
certainty: likely
cost: 1
maps: {attack: [T1610, T1098.006]}
why: |
  A Kustomization or a HelmRelease that names no service account is applied as the controller's own, which by default may do
  everything, wherever the object lies. Only the controller's --default-service-account puts another one in its place.
detect: Kustomizations and HelmReleases without spec.serviceAccountName that no pipeline made
mitigate: run the controllers with --default-service-account and --no-cross-namespace-refs
references:
  - https://fluxcd.io/flux/installation/configuration/multitenancy/
-- yes/kustomization.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: kustomize-controller, namespace: flux-system}
spec:
  template:
    spec:
      serviceAccountName: kustomize-controller
      containers:
      - name: manager
        image: ghcr.io/fluxcd/kustomize-controller:v1.6.1 # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [kustomize.toolkit.fluxcd.io], resources: [kustomizations], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount flux-system/kustomize-controller
-- yes/release.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: helm-controller, namespace: flux-system}
spec:
  template:
    spec:
      serviceAccountName: helm-controller
      containers:
      - name: manager
        image: ghcr.io/fluxcd/helm-controller:v1.6.1
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [helm.toolkit.fluxcd.io], resources: [helmreleases], verbs: [patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount flux-system/helm-controller
-- no/default-account.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: kustomize-controller, namespace: flux-system}
spec:
  template:
    spec:
      serviceAccountName: kustomize-controller
      containers:
      - name: manager
        image: ghcr.io/fluxcd/kustomize-controller:v1.6.1
        args: [--default-service-account=default]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [kustomize.toolkit.fluxcd.io], resources: [kustomizations], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount flux-system/kustomize-controller
-- no/other-controller.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: kustomize-controller, namespace: flux-system}
spec:
  template:
    spec:
      serviceAccountName: kustomize-controller
      containers:
      - name: manager
        image: ghcr.io/fluxcd/kustomize-controller:v1.6.1
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [helm.toolkit.fluxcd.io], resources: [helmreleases], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount flux-system/kustomize-controller
`, deriveFlux)

func deriveFlux(a *rule.Attack) {
	for _, f := range []struct{ image, group, resource string }{
		{"fluxcd/kustomize-controller", "kustomize.toolkit.fluxcd.io", "kustomizations"},
		{"fluxcd/helm-controller", "helm.toolkit.fluxcd.io", "helmreleases"},
	} {
		for p, c := range running(a, f.image) {
			if at, _ := flag(c.Node.Get("args"), "--default-service-account"); !at.Exists() {
				asController(a, p, c, writeRights(f.group, f.resource, false), "", "has Flux apply manifests as {to}", 0)
			}
		}
	}
}
