package joined

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// TokenStrong finds pods that hold the token of an account with rights over the cluster.
var TokenStrong = rule.Go(`
id: workload-token-strong
title: Pod holds a token with rights over the cluster
severity: high
on: Workload
needs: [rights, pods]
maps: {cis-1.12: [5.1.1, 5.1.2, 5.1.6], nsa-cisa: [sa-tokens, rbac], attack: [T1528, T1552.007], ms-matrix: MS-TA9016}
why: |
  Whoever runs code in one of the pods, through a fault in the application or its libraries, reads the token from
  a file and has these rights. Nothing further has to be broken. Take the rights from the account where it does
  not use them, keep the pods away from the network, or move what needs them into a pod of its own.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
  - https://kubernetes.io/docs/concepts/security/service-accounts/
-- fail/operator.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator, namespace: ops}
spec:
  selector: {matchLabels: {app: operator}}
  template:
    metadata: {labels: {app: operator}}
    spec:
      serviceAccountName: operator # FINDING
      containers: [{name: main, image: app}]
-- fail/default-account.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: x}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
  - {kind: ServiceAccount, name: default, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: # FINDING
  containers: [{name: main, image: app}]
-- pass/off.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: ops}
spec:
  serviceAccountName: operator
  automountServiceAccountToken: false
  containers: [{name: main, image: app}]
-- pass/off-by-account.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: ops}
spec:
  serviceAccountName: operator
  containers: [{name: main, image: app}]
-- pass/own-namespace.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: operator, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: ops}
spec:
  serviceAccountName: operator
  containers: [{name: main, image: app}]
-- pass/one-object.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: named}
rules:
  - {apiGroups: ["*"], resources: ["*"], verbs: ["*"], resourceNames: [app]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: app}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: named}
subjects: [{kind: ServiceAccount, name: app, namespace: shop}]
---
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: shop}
spec:
  serviceAccountName: app
  containers: [{name: main, image: app}]
`, rule.On(checkStrong))

// ability is something that few should be able to do, and the rights of which any set is enough.
type ability struct {
	does string
	sets [][]rule.Right
}

// strong lists what gives a cluster away when it is held everywhere; of sets of several rights all are needed.
func strong() []ability {
	read, write := []string{"get", "list", "watch"}, []string{"create", "update", "patch"}
	return []ability{
		{"do everything", [][]rule.Right{{everything}}},
		{"act as anybody", [][]rule.Right{{{Verb: "impersonate", Resource: "users"}}, {{Verb: "impersonate", Resource: "groups"}}}},
		{"read every Secret", anyOf(read, "", "secrets", "")},
		{"start pods", startsPods},
		{"run commands in pods", anyOf([]string{"create", "get"}, "", "pods", "exec")},
		{"speak to kubelets", anyOf([]string{"get", "create"}, "", "nodes", "proxy")},
		{"make tokens of service accounts", anyOf([]string{"create"}, "", "serviceaccounts", "token")},
		{"write admission webhooks", anyOf(write, "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "")},
	}
}

func checkStrong(p *rule.Pass, o *kube.Object) {
	for c := range p.Joined.Classes(object{o}) {
		if !c.Token {
			continue
		}
		can, by, why := abilities(p.Joined.Rights.Of(c.Account))
		if len(can) == 0 {
			continue
		}
		at := c.TokenAt
		if !at.Exists() {
			at = c.Spec
		}
		if can[0] == strong()[0].does {
			can = can[:1] // the rest goes without saying
		}
		p.Report(rule.Hit{
			Path: path(at, o), Value: c.Account.Name, Why: why,
			Message: "its token, of " + c.Account.String() + ", may " + strings.Join(can, ", ") + " everywhere, by " + by + note(c.Account),
		})
	}
}

// abilities are those of the strong ones that rules grant for the whole cluster, the role that gives the first, and what
// shows them.
func abilities(all []rule.Granted) (can []string, by string, why []bartizan.Evidence) {
	for _, s := range strong() {
		i := slices.IndexFunc(all, func(g rule.Granted) bool {
			return g.Namespace == "" && !g.Default && slices.ContainsFunc(s.sets, func(set []rule.Right) bool { return g.Gives(set[0]) })
		})
		if i < 0 {
			continue
		}
		if can = append(can, s.does); by == "" {
			by = all[i].Role.String()
		}
		for _, e := range all[i].Why() {
			if !slices.Contains(why, e) {
				why = append(why, e)
			}
		}
	}
	return can, by, why
}
