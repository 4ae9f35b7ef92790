package attack

import "github.com/bartizan-dev/bartizan/rule"

// Unmasked leads from a container with an unmasked /proc to the node.
var Unmasked = rule.Edge(`
id: attack-proc-unmasked
title: Set the kernel's core_pattern through an unmasked /proc
certainty: likely
cost: 1
maps: {attack: T1611}
why: |
  procMount Unmasked leaves /proc/sys writable. Root names a program in core_pattern, lets a process crash, and the kernel
  runs the program as root of the node. It is meant for containers in a user namespace, where /proc/sys stays closed;
  clusters that know user namespaces refuse it to others. AppArmor's usual profile forbids the write.
detect: a write to /proc/sys/kernel/core_pattern
mitigate: take procMount away, or set hostUsers to false
references:
  - https://kubernetes.io/docs/concepts/security/pod-security-standards/
  - https://man7.org/linux/man-pages/man5/core.5.html
-- yes/builder.yaml --
apiVersion: v1
kind: Pod
metadata: {name: builder, namespace: ci}
spec:
  containers:
  - name: b
    image: b
    securityContext:
      procMount: Unmasked # EVIDENCE
# EDGE Pod ci/builder -> Node (worker)
-- yes/unconfined.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: builder
  namespace: ci
  annotations: {container.apparmor.security.beta.kubernetes.io/b: unconfined}
spec:
  containers: [{name: b, image: b, securityContext: {procMount: Unmasked, runAsUser: 0}}]
# EDGE Pod ci/builder -> Node (worker)
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: builder, namespace: ci}
spec:
  hostUsers: false
  containers: [{name: b, image: b, securityContext: {procMount: Unmasked}}]
# NO EDGE Pod ci/builder -> Node (worker)
-- no/not-root.yaml --
apiVersion: v1
kind: Pod
metadata: {name: builder, namespace: ci}
spec:
  containers: [{name: b, image: b, securityContext: {procMount: Unmasked, runAsUser: 1000, allowPrivilegeEscalation: false}}]
# NO EDGE Pod ci/builder -> Node (worker)
-- no/default.yaml --
apiVersion: v1
kind: Pod
metadata: {name: builder, namespace: ci}
spec:
  containers: [{name: b, image: b, securityContext: {procMount: Default}}]
# NO EDGE Pod ci/builder -> Node (worker)
`, deriveUnmasked)

func deriveUnmasked(a *rule.Attack) {
	for p, c := range a.Containers() {
		more, ok := asRoot(c)
		if !ok || !c.Unmasked || c.Privileged || !p.OnHost() {
			continue
		}
		fix := c.Fix(p, "mask /proc of container "+c.Name, 4, "know that no container is started inside this one",
			rule.Op{Op: "remove", Path: "securityContext/procMount"})
		onNodes(a, p, rule.Step{
			Text: "sets core_pattern of {to} from container " + c.Name, More: more + armour(p, c),
			Why: p.Why(c.Node.At("securityContext", "procMount")), Fixes: append([]rule.Fix{fix}, userNamespace(a, p)...),
		})
	}
}
