package attack

import "github.com/bartizan-dev/bartizan/rule"

// KubeadmConfig waits for the next upgrade with kubeadm.
var KubeadmConfig = rule.Edge(`
id: attack-kubeadm-config
title: Have the next upgrade with kubeadm start the control plane otherwise
certainty: conditional
cost: 9
maps: {attack: [T1562.001, T1525]}
why: |
  kubeadm keeps the settings of the control plane in the ConfigMap kubeadm-config and those of kubelets in
  kubelet-config, and uses them at the next upgrade and for every node that joins: with arguments and volumes of the
  attacker's choice for the API server, or a kubelet that asks nobody for a credential.
detect: audit events that change the ConfigMaps kubeadm-config and kubelet-config outside upgrades
mitigate: keep changing ConfigMaps of kube-system to administrators; name those that a role needs
references:
  - https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/
-- yes/control-plane.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: kubeadm-config, namespace: kube-system} # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tune, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tune, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tune}
subjects: [{kind: ServiceAccount, name: tuner, namespace: ops}]
# EDGE ServiceAccount ops/tuner -> Cluster admin
-- yes/kubelets.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kubelet-config, namespace: kube-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tune, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [patch], resourceNames: [kubelet-config]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tune, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tune}
subjects: [{kind: ServiceAccount, name: tuner, namespace: ops}]
# EDGE ServiceAccount ops/tuner -> Node n1
# NO EDGE ServiceAccount ops/tuner -> Cluster admin
-- no/not-kubeadm.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tune, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tune, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tune}
subjects: [{kind: ServiceAccount, name: tuner, namespace: ops}]
# NO EDGE ServiceAccount ops/tuner -> Cluster admin
-- no/read.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: kubeadm-config, namespace: kube-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tune, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tune, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tune}
subjects: [{kind: ServiceAccount, name: tuner, namespace: ops}]
# NO EDGE ServiceAccount ops/tuner -> Cluster admin
`, deriveKubeadmConfig)

func deriveKubeadmConfig(a *rule.Attack) {
	changeMap(a, "kubeadm-config", rule.Step{To: rule.ClusterAdmin, Text: "gives the API server other arguments at the next upgrade, and is {to}"})
	changeMap(a, "kubelet-config", rule.Step{To: rule.EveryNode, Text: "gives the kubelet of {to} other settings at the next upgrade"})
}
