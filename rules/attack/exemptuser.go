package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// ExemptUser starts privileged pods as a user whom Pod Security does not look at.
var ExemptUser = rule.Edge(`
id: attack-exempt-user
title: Start a privileged pod as a user whom Pod Security exempts
certainty: certain
cost: 0
maps: {attack: [T1610, T1611], ms-matrix: MS-TA9018}
why: |
  The configuration of the Pod Security admission plugin may exempt users: what they create is admitted whatever the
  namespace enforces. Whoever acts as such a user and may create pods anywhere takes a node. Pods that a controller
  makes of a workload are the controller's, and not exempt.
detect: privileged pods in namespaces that enforce a standard
mitigate: exempt namespaces rather than users, or none
references:
  - https://kubernetes.io/docs/concepts/security/pod-security-admission/
  - https://kubernetes.io/docs/tasks/configure-pod-container/enforce-standards-admission-controller/
-- yes/e14-user.yaml --
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: PodSecurity
  configuration:
    apiVersion: pod-security.admission.config.k8s.io/v1
    kind: PodSecurityConfiguration
    defaults: {enforce: restricted}
    exemptions:
      usernames:
      - jane # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: run}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run-too, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run-too, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: run-too}
subjects: [{kind: User, name: carl, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Node (worker)
# NO EDGE User carl -> Node (worker)
-- yes/e14-account.yaml --
apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults: {enforce: restricted}
exemptions: {usernames: ["system:serviceaccount:ops:operator"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: run}
rules:
- {apiGroups: [""], resources: [pods], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: run}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: run}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> Node (worker)
-- no/no-right.yaml --
apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults: {enforce: restricted}
exemptions: {usernames: [jane]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: look, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: look}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Node (worker)
-- no/by-a-controller.yaml --
apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults: {enforce: restricted}
exemptions: {usernames: [jane]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: shop}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: run}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Node (worker)
`, deriveExemptUser)

func deriveExemptUser(a *rule.Attack) {
	for o := range objects(a, "AdmissionConfiguration.apiserver.config.k8s.io") {
		for plugin := range o.Root.Get("plugins").Items() {
			exempt(a, o, plugin.Get("configuration"))
		}
	}
	for o := range objects(a, "PodSecurityConfiguration.pod-security.admission.config.k8s.io") {
		exempt(a, o, o.Root)
	}
}

// exempt reports the steps of the users that a configuration of Pod Security exempts.
func exempt(a *rule.Attack, o *kube.Object, config tree.Node) {
	if config.Get("kind").Str() != "PodSecurityConfiguration" {
		return
	}
	for at := range config.At("exemptions", "usernames").Items() {
		user := rule.User(at.Str())
		if rest, ok := strings.CutPrefix(at.Str(), "system:serviceaccount:"); ok {
			ns, name, _ := strings.Cut(rest, ":")
			user = rule.Account(ns, name)
		}
		for _, held := range a.Holding(core("create", "pods")) {
			a.Step(rule.Step{
				From: join(held, user), To: rule.EveryNode, Text: "starts a privileged pod on {to}, whom nothing holds up",
				Why: []bartizan.Evidence{evidence(o, at)},
			})
		}
	}
}
