package attack

import (
	"iter"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// ConfigScript writes programs into ConfigMaps that pods run.
var ConfigScript = rule.Edge(`
id: attack-config-script
title: Change a script that a pod runs from a ConfigMap
certainty: likely
cost: 3
maps: {attack: [T1525, T1609]}
why: |
  Start scripts, hooks and plug-ins often lie in ConfigMaps. Whoever may change such a ConfigMap writes a program of
  theirs into it, and the pod that mounts it runs it the next time that it starts, with its token and its volumes. Taken
  here are ConfigMaps with keys that end as programs do.
detect: changes of ConfigMaps by identities that do not deploy
mitigate: put programs into images; set immutable on ConfigMaps; name the ConfigMaps that a role may change
references:
  - https://kubernetes.io/docs/concepts/configuration/configmap/
-- yes/script.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: start, namespace: shop}
data:
  start.sh: echo hello # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: web, image: web, volumeMounts: [{name: start, mountPath: /start}]}]
  volumes: [{name: start, configMap: {name: start}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: settings, namespace: shop}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: settings, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: settings}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/web
-- yes/e6-projected.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: hooks, namespace: shop}
data: {hook.py: print()}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: web, image: web, volumeMounts: [{name: all, mountPath: /all}]}]
  volumes: [{name: all, projected: {sources: [{configMap: {name: hooks}}]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: settings}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [update], resourceNames: [hooks]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: settings}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: settings}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Pod shop/web
-- no/settings.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {settings.ini: "colour = blue"}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: web, image: web, volumeMounts: [{name: s, mountPath: /s}]}]
  volumes: [{name: s, configMap: {name: settings}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: settings, namespace: shop}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: settings, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: settings}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/web
-- no/immutable.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: start, namespace: shop}
immutable: true
data: {start.sh: echo hello}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: web, image: web, volumeMounts: [{name: start, mountPath: /start}]}]
  volumes: [{name: start, configMap: {name: start}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: settings, namespace: shop}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [patch, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: settings, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: settings}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/web
`, deriveConfigScript)

// programs are how the names of files end that are run.
var programs = []string{".sh", ".bash", ".py", ".rb", ".pl", ".php", ".js", ".lua", ".groovy", ".ps1"}

func deriveConfigScript(a *rule.Attack) {
	scripts := map[bartizan.Ref]bartizan.Evidence{}
	owner := map[bartizan.Ref]*kube.Object{}
	for o := range objects(a, "ConfigMap") {
		if fixed, _ := o.Root.Get("immutable").Bool(); fixed {
			continue
		}
		for item := range o.Root.Get("data").Items() {
			if slices.ContainsFunc(programs, func(end string) bool { return strings.HasSuffix(item.Key(), end) }) {
				why := evidence(o, item)
				why.Value = item.Key()
				scripts[placed(o)], owner[placed(o)] = why, o
				break
			}
		}
	}
	for p := range a.Pods.All() {
		for ref, at := range mounted(p) {
			why, ok := scripts[ref]
			if !ok {
				continue
			}
			for _, verb := range changing {
				r, scope := core(verb, "configmaps"), rule.Scope{Namespace: ref.Namespace, Name: ref.Name}
				if covered(a.Access.Where(r), scope) {
					a.Step(rule.Step{
						From: []bartizan.Ref{a.Access.Can(r, scope)}, To: p.Ref, Text: "changes a script in the ConfigMap " + ref.Name + " that {to} runs",
						Why: append(p.Why(at), why),
						Fixes: []rule.Fix{{
							Target: owner[ref].Ref, Ops: []rule.Op{{Op: "set", Path: "/immutable", Value: true}}, Text: "make the ConfigMap immutable", Cost: 4,
							Unsafe: "know that nothing changes the ConfigMap in place: a new one is needed for each change",
						}},
					})
				}
			}
		}
	}
}

// mounted visits the ConfigMaps that containers of a pod mount, with where.
func mounted(p *rule.Pod) iter.Seq2[bartizan.Ref, tree.Node] {
	return func(yield func(bartizan.Ref, tree.Node) bool) {
		seen := map[string]bool{}
		visit := func(n tree.Node) bool {
			name := n.Get("name").Str()
			if name == "" || seen[name] {
				return true
			}
			seen[name] = true
			return yield(bartizan.Ref{Kind: "ConfigMap", Namespace: p.Ref.Namespace, Name: name}, n)
		}
		for i := range p.Containers {
			for _, m := range p.Containers[i].Mounts {
				if !visit(m.Volume.Get("configMap")) {
					return
				}
				for source := range m.Volume.At("projected", "sources").Items() {
					if !visit(source.Get("configMap")) {
						return
					}
				}
			}
		}
	}
}
