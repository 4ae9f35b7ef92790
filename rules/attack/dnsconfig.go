package attack

import "github.com/bartizan-dev/bartizan/rule"

// DNSConfig answers names wrongly for the whole cluster.
var DNSConfig = rule.Edge(`
id: attack-dns-config
title: Answer the cluster's names through the ConfigMap of CoreDNS
certainty: conditional
cost: 12
maps: {attack: T1528, ms-matrix: MS-TA9035}
why: |
  CoreDNS reads its settings from a ConfigMap in kube-system and again whenever that changes. Whoever may change it sends
  each program of the cluster that asks for a name to an address of theirs. Programs that check certificates refuse it;
  what others send and load depends on them, hence the cost.
detect: audit events that change the ConfigMap coredns
mitigate: keep changing ConfigMaps of kube-system to administrators; name those that a role needs
references:
  - https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/
-- yes/named.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system} # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dns, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [update], resourceNames: [coredns]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dns, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dns}
subjects: [{kind: ServiceAccount, name: dns, namespace: ops}]
# EDGE ServiceAccount ops/dns -> Pod shop/web
-- yes/all.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: edit}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Pod *
-- no/other-namespace.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: edit, namespace: shop}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [patch, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: edit, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: edit}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Pod shop/web
-- no/create.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dns, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [create, get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dns, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dns}
subjects: [{kind: ServiceAccount, name: dns, namespace: ops}]
# NO EDGE ServiceAccount ops/dns -> Pod shop/web
`, deriveDNSConfig)

func deriveDNSConfig(a *rule.Attack) {
	changeMap(a, "coredns", rule.Step{To: rule.PodsIn(""), Text: "answers names for {to}"})
}
