package attack

import (
	"iter"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// NodeSteal drives pods to a node that the attacker has.
var NodeSteal = rule.Edge(`
id: attack-node-steal
title: Drive pods to a node that one has
certainty: likely
cost: 3
maps: {attack: T1528, ms-matrix: MS-TA9040}
why: |
  Whoever has one node waits until something worth having runs there, or helps: taints or cordons the other nodes and
  deletes or evicts the pods of others, which their controllers then make again, on the node that is left. Whoever may
  bind pods needs no taint: he is the scheduler. Three things are needed, and each of them alone looks harmless; several
  identities may hold them.
detect: several nodes cordoned or tainted at once, with evictions that no upgrade explains
mitigate: take update and patch of nodes away from what runs on nodes; keep the NodeRestriction admission plugin on
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/node/
  - https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
-- yes/one-role.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {nodeName: n2, containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: drain}
rules:
- {apiGroups: [""], resources: [nodes], verbs: [patch]}
- {apiGroups: [""], resources: [pods/eviction], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: drain}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: drain}
subjects: [{kind: Group, name: "system:nodes", apiGroup: rbac.authorization.k8s.io}]
# EDGE User system:node:n1 -> Pod shop/db
-- yes/e7-split.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: status}
rules:
- {apiGroups: [""], resources: [nodes/status], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: status}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: status}
subjects: [{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: clean, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: clean, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: clean}
subjects: [{kind: User, name: "system:node:n1", apiGroup: rbac.authorization.k8s.io}]
# EDGE User system:node:n1 -> Pod shop/db
-- no/no-node.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: drain}
rules:
- {apiGroups: [""], resources: [nodes], verbs: [patch]}
- {apiGroups: [""], resources: [pods], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: drain}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: drain}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Pod shop/db
-- no/nothing-moves.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: drain}
rules:
- {apiGroups: [""], resources: [nodes], verbs: [patch, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: drain}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: drain}
subjects: [{kind: Group, name: "system:nodes", apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User system:node:n1 -> Pod shop/db
-- yes/binding.yaml --
# Whoever binds pods is the scheduler: the new pod is put on the own node before another one is chosen.
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {nodeName: n2, containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: place}
rules:
- {apiGroups: [""], resources: [pods/binding], verbs: [create]}
- {apiGroups: [""], resources: [pods/eviction], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: place, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: place}
subjects: [{kind: Group, name: "system:nodes", apiGroup: rbac.authorization.k8s.io}]
# EDGE User system:node:n1 -> Pod shop/db
-- no/binding-elsewhere.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {nodeName: n2, containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: place}
rules:
- {apiGroups: [""], resources: [pods/binding, bindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: place, namespace: test}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: place}
subjects: [{kind: Group, name: "system:nodes", apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: clean, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: clean, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: clean}
subjects: [{kind: Group, name: "system:nodes", apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User system:node:n1 -> Pod shop/db
`, deriveNodeSteal)

func deriveNodeSteal(a *rule.Attack) {
	// One vertex for "the scheduler has no choice", or there would be a step for each node and each namespace.
	alone := bartizan.Ref{Kind: rule.KindRight, Name: "leave the scheduler no other node"}
	for _, verb := range changing {
		for _, sub := range []string{"", "status"} {
			for scope, held := range a.Holding(rule.Right{Verb: verb, Resource: "nodes", Sub: sub, Cluster: true}) {
				if scope.Name != "" {
					continue
				}
				for _, n := range a.Pods.Nodes() {
					if !n.ControlPlane {
						a.Step(rule.Step{
							From: join(held, rule.NodeUser(n.Ref.Name)), To: alone, More: -a.Rule.Cost,
							Text: "makes every node but its own unschedulable",
						})
					}
				}
			}
		}
	}
	for scope, held := range driving(a) {
		a.Step(rule.Step{From: join(held, alone), To: rule.In(rule.PodsIn, scope), Text: "has {to} started again on its node"})
	}
	bindToOwn(a)
}

// bindToOwn reports the steps of somebody who may bind pods to nodes and has one.
func bindToOwn(a *rule.Attack) {
	place := bartizan.Ref{Kind: rule.KindRight, Name: "be the kubelet of some node"}
	for _, bind := range []rule.Right{{Verb: "create", Resource: "pods", Sub: "binding"}, core("create", "bindings")} {
		for in, binds := range a.Holding(bind) {
			if in.Name != "" {
				continue // a pod that is made again has another name
			}
			for scope, held := range driving(a) {
				if scope.Namespace == "" {
					scope.Namespace = in.Namespace
				}
				if within(in, scope.Namespace, "") {
					a.Step(rule.Step{
						From: join(held, append(binds, place)...), To: rule.In(rule.PodsIn, scope), More: 1,
						Text: "has {to} started again and binds the new pod to its node before the scheduler does",
					})
				}
			}
		}
	}
	for _, n := range a.Pods.Nodes() {
		a.Step(rule.Step{From: []bartizan.Ref{rule.NodeUser(n.Ref.Name)}, To: place, More: -a.Rule.Cost, Text: "has a node of its own"})
	}
}

// driving visits the scopes in which somebody may end pods that are then made again.
func driving(a *rule.Attack) iter.Seq2[rule.Scope, []bartizan.Ref] {
	return func(yield func(rule.Scope, []bartizan.Ref) bool) {
		for _, r := range []rule.Right{core("delete", "pods"), core("deletecollection", "pods"), {Verb: "create", Resource: "pods", Sub: "eviction"}} {
			for scope, held := range spread(a, r) {
				if !yield(scope, held) {
					return
				}
			}
		}
	}
}
