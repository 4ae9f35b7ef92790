package attack

import "github.com/bartizan-dev/bartizan/rule"

// Attach types into the program that a pod runs.
var Attach = rule.Edge(`
id: attack-attach
title: Attach to a program that reads from its terminal
certainty: likely
cost: 2
maps: {attack: T1609}
why: |
  Whoever may create pods/attach is connected with the input and output of the container's first process. Only where
  the container keeps its input open (stdin) does that reach further than its output: an interpreter or a shell runs
  what is typed into it. Before 1.35 a WebSocket request was authorised as get.
detect: audit events for pods/attach (verb create; before 1.35 also get)
mitigate: take pods/attach out of the role, or stdin out of the container
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
  - https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/
-- yes/stdin.yaml --
apiVersion: v1
kind: Pod
metadata: {name: console, namespace: shop}
spec:
  containers:
  - name: console
    image: python
    tty: true
    stdin: true # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: attach, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods/attach], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: attach, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: attach}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/console
-- yes/e10-read-only.yaml --
# VERSION 1.34
apiVersion: apps/v1
kind: Deployment
metadata: {name: console, namespace: shop}
spec:
  selector: {matchLabels: {app: console}}
  template:
    metadata: {labels: {app: console}}
    spec: {containers: [{name: console, image: python, stdin: true}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
- {apiGroups: [""], resources: ["*"], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: Group, name: support, apiGroup: rbac.authorization.k8s.io}]
# EDGE Group support -> Deployment shop/console
-- no/e10-read-only.yaml --
# VERSION 1.35
apiVersion: v1
kind: Pod
metadata: {name: console, namespace: shop}
spec: {containers: [{name: console, image: python, stdin: true}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
- {apiGroups: [""], resources: ["*"], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: Group, name: support, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE Group support -> Pod shop/console
-- no/no-stdin.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: attach, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods/attach], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: attach, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: attach}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/db
`, deriveAttach)

func deriveAttach(a *rule.Attack) {
	verbs := []string{"create"}
	if a.Version.Less(rule.Version{Major: 1, Minor: 35}) {
		verbs = append(verbs, "get")
	}
	for p, c := range a.Containers() {
		at := c.Node.Get("stdin")
		if open, _ := at.Bool(); !open {
			continue
		}
		for _, verb := range verbs {
			for scope, held := range spread(a, rule.Right{Verb: verb, Resource: "pods", Sub: "attach"}) {
				if !within(scope, p.Ref.Namespace, p.Ref.Name) {
					continue
				}
				a.Step(rule.Step{
					From: held, To: p.Ref, Text: "types into container " + c.Name + " of {to}", Why: p.Why(at),
					Fixes: []rule.Fix{c.Fix(p, "close the input of container "+c.Name, 3, "know that nobody works with the container's terminal",
						rule.Op{Op: "remove", Path: "stdin"})},
				})
			}
		}
	}
}
