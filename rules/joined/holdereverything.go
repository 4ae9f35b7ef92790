package joined

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// HolderEverything finds who is an administrator of the cluster without being meant to: by whatever roles.
var HolderEverything = rule.Go(`
id: rbac-holder-everything
title: Account may do everything in the cluster
severity: critical
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: [5.1.1, 5.1.3], nsa-cisa: rbac, attack: [T1078.001, T1098.006], ms-matrix: MS-TA9019}
why: |
  Whoever gets a token of this account, from a pod that runs as it or from a Secret, owns the cluster. Roles that
  allow everything are judged where they stand, by rbac-wildcard-all; this says who has one in a way that the role
  and its binding do not show: through aggregated roles. Give the account the few rights that it uses: bartizan grant excess finds them in the audit log.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/aggregated.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sum}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {sum: "yes"}}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {sum: "yes"}}
rules:
  - {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sum}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- pass/told-of-the-role.yaml --
# rbac-wildcard-all judges the role where it stands, whoever is bound to it.
apiVersion: v1
kind: ServiceAccount
metadata: {name: operator, namespace: ops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all}
rules:
  - {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: devs}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: all}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
  - {kind: Group, apiGroup: rbac.authorization.k8s.io, name: developers}
-- fail/group-by-aggregation.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sum}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {sum: "yes"}}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {sum: "yes"}}
rules:
  - {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: devs}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sum}
subjects:
  - kind: Group
    apiGroup: rbac.authorization.k8s.io
    name: developers # FINDING
-- pass/one-namespace.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: operator, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- pass/by-name.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: devs} # rbac-cluster-admin judges it
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: Group, apiGroup: rbac.authorization.k8s.io, name: developers}
-- pass/masters.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cluster-admin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:masters"}
-- pass/one-object.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: sync, namespace: tools}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: named}
rules:
  - {apiGroups: ["*"], resources: ["*"], verbs: ["*"], resourceNames: [one]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sync}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: named}
subjects: [{kind: ServiceAccount, name: sync, namespace: tools}]
`, func(p *rule.Pass) {
	for _, h := range p.Joined.Rights.At(p.Entity, everything) {
		if h.Scope.Namespace == "" && !everyones(h.Subject) && !judgedElsewhere(p, &h) && !byItsRole(p, &h.By[0]) {
			reportHolder(p, &h, "do everything in the cluster")
		}
	}
})

// byItsRole says whether rbac-wildcard-all judges the role that gives everything: a ClusterRole of the cluster's own that says so
// itself.
func byItsRole(p *rule.Pass, g *rule.Granted) bool {
	of, ok := p.World.Get(g.Role)
	o, role := of.Value.(*kube.Object)
	return ok && role && g.Role.Kind == "ClusterRole" && o.Label("kubernetes.io/bootstrapping") == "" && o.Root.Get("rules").Len() > 0 &&
		strings.HasPrefix(g.Written.Value, g.Role.String()+":")
}
