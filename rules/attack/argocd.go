package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// ArgoCD leads from the right to write Applications to what Argo CD may do.
var ArgoCD = rule.Edge(`
id: attack-argocd
title: Have Argo CD apply manifests with its own rights
certainty: likely
cost: 1
maps: {attack: [T1610, T1098.006]}
why: |
  An Application names a repository and a place to apply it to, and Argo CD applies it as its own service account, which
  mostly may do everything. Whoever writes Applications in its namespace, or the projects that bound them, has those rights.
  Projects that name repositories and destinations leave less; the default project leaves everything.
detect: Applications with a repository or a destination that nobody knows, or in the default project
mitigate: let nobody but Argo CD and its administrators write in its namespace; bound projects
references:
  - https://argo-cd.readthedocs.io/en/stable/user-guide/projects/
  - https://argo-cd.readthedocs.io/en/stable/operator-manual/security/
-- yes/application.yaml --
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller, namespace: argocd}
spec:
  template:
    spec:
      serviceAccountName: argocd-application-controller
      containers:
      - name: c
        image: quay.io/argoproj/argocd:v3.1.0 # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: argocd}
rules: [{apiGroups: [argoproj.io], resources: [applications], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: argocd}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount argocd/argocd-application-controller
-- yes/project.yaml --
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller, namespace: argocd}
spec:
  template:
    spec:
      serviceAccountName: argocd-application-controller
      containers:
      - name: c
        image: quay.io/argoproj/argocd:v3.1.0
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: default, namespace: argocd}
spec: {sourceRepos: [], destinations: []}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: argocd}
rules: [{apiGroups: [argoproj.io], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: argocd}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount argocd/argocd-application-controller
-- no/other-namespace.yaml --
# Argo CD follows the Applications of its own namespace only.
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller, namespace: argocd}
spec:
  template:
    spec:
      serviceAccountName: argocd-application-controller
      containers:
      - name: c
        image: quay.io/argoproj/argocd:v3.1.0
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [argoproj.io], resources: [applications], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount argocd/argocd-application-controller
-- no/read.yaml --
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller, namespace: argocd}
spec:
  template:
    spec:
      serviceAccountName: argocd-application-controller
      containers:
      - name: c
        image: quay.io/argoproj/argocd:v3.1.0
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: argocd}
rules: [{apiGroups: [argoproj.io], resources: [applications], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: argocd}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount argocd/argocd-application-controller
-- no/server.yaml --
# The API server of Argo CD applies nothing.
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-server, namespace: argocd}
spec: {template: {spec: {serviceAccountName: argocd-server, containers: [{name: s, image: "quay.io/argoproj/argocd:v3.1.0"}]}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: argocd}
rules: [{apiGroups: [argoproj.io], resources: [applications], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: argocd}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount argocd/argocd-server
`, deriveArgoCD)

func deriveArgoCD(a *rule.Attack) {
	for p, c := range running(a, "argocd", "argoproj/argocd") {
		if !strings.Contains(p.Ref.Name, "application-controller") && p.Labels["app.kubernetes.io/name"] != "argocd-application-controller" {
			continue
		}
		in, more := p.Ref.Namespace, 0
		if _, set := flag(c.Node.Get("args"), "--application-namespaces"); set != "" {
			in = ""
		}
		for o := range objects(a, "AppProject.argoproj.io") {
			if o.Ref.Name == "default" && bounded(o) {
				more = 4
			}
		}
		asController(a, p, c, writeRights("argoproj.io", "applications", false), in, "has Argo CD apply manifests as {to}", more)
		asController(a, p, c, writeRights("argoproj.io", "applicationsets", false), in, "has Argo CD apply manifests as {to} by an ApplicationSet", more)
	}
}

// bounded says whether a project bounds repositories or destinations.
func bounded(o *kube.Object) bool {
	all := func(n tree.Node) bool { return n.Text() == "*" }
	repositories, places := false, false
	for n := range o.Root.At("spec", "sourceRepos").Items() {
		repositories = repositories || all(n)
	}
	for n := range o.Root.At("spec", "destinations").Items() {
		places = places || all(n.Get("namespace"))
	}
	return !repositories || !places
}
