package attack

import "github.com/bartizan-dev/bartizan/rule"

// PrivilegedWorkload takes nodes by starting privileged pods.
var PrivilegedWorkload = rule.Edge(`
id: attack-privileged-workload
title: Start a privileged pod on a node of one's choice
certainty: certain
cost: 0
maps: {attack: [T1610, T1611], ms-matrix: [MS-TA9008, MS-TA9018]}
why: |
  Where nothing holds a namespace to a Pod Security Standard, a pod may be privileged, mount the node's disk and name
  the node that it runs on, which needs no scheduler and passes most taints. Whoever may create or change workloads
  there is root on every node, those of the control plane included where they are nodes of the cluster.
detect: pods with privileged, hostPID, hostPath or nodeName made by identities that do not run the platform
mitigate: let the namespace enforce the baseline Pod Security Standard, or a policy that denies what it forbids
references:
  - https://kubernetes.io/docs/concepts/security/pod-security-admission/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/create.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: shop}
rules:
- {apiGroups: [batch], resources: [jobs], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: run}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Node n1
-- yes/e14-exempt-label.yaml --
# The label asks for the baseline standard, and the server's configuration exempts the namespace.
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: PodSecurity
  configuration:
    apiVersion: pod-security.admission.config.k8s.io/v1
    kind: PodSecurityConfiguration
    defaults: {enforce: restricted}
    exemptions: {namespaces: [shop]}
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
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Node (worker)
-- yes/update.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: roll, namespace: shop}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [patch], resourceNames: [web]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: roll, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: roll}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Node (worker)
-- yes/somewhere.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: run}
rules:
- {apiGroups: [apps], resources: [daemonsets], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: run}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: run}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Node (control-plane)
-- no/e14-default.yaml --
# No label, and the server's default is a standard that forbids it.
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: PodSecurity
  configuration:
    apiVersion: pod-security.admission.config.k8s.io/v1
    kind: PodSecurityConfiguration
    defaults: {enforce: baseline}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
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
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Node (worker)
-- no/e14-policy.yaml --
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-host}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}
  validations:
  - expression: >-
      !has(object.spec.hostPID) && !has(object.spec.volumes)
      && object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged))
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-host}
spec: {policyName: no-host, validationActions: [Deny]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
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
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Node (worker)
-- no/baseline.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: roll, namespace: shop}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [patch, create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: roll, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: roll}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Node (worker)
`, derivePrivilegedWorkload)

func derivePrivilegedWorkload(a *rule.Attack) {
	for _, m := range makers {
		for scope, held := range a.Holding(m.right("create")) {
			a.Step(rule.Step{
				From: join(held, a.Admission.Admits(scope.Namespace, rule.LevelPrivileged)), To: rule.EveryNode,
				Text: "starts a privileged pod on {to}",
			})
		}
		if m.fixed {
			continue
		}
		for _, verb := range changing {
			for o, held := range changeable(a, m, verb) {
				ref := placed(o)
				a.Step(rule.Step{
					From: join(held, a.Admission.Admits(ref.Namespace, rule.LevelPrivileged)), To: rule.EveryNode,
					Text: "makes the pods of " + ref.Name + " privileged, on {to}", More: 1,
				})
			}
		}
	}
}
