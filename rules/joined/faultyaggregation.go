package joined

import (
	"github.com/bartizan-dev/bartizan/rule"
)

// FaultyAggregation finds ClusterRoles whose aggregation does not do what it says.
var FaultyAggregation = rule.Go(`
id: rbac-faulty-aggregation
title: Aggregation of a ClusterRole is in a circle or cannot be read
severity: medium
on: ClusterRole
needs: rights
maps: {nsa-cisa: rbac, attack: T1098.006}
why: |
  What such a role grants depends on the order in which the controller comes by, or is nothing at all, and nobody
  who reads it can say which. The next author widens a role beside it until things work.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/circle.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: a, labels: {to: b}}
aggregationRule: # FINDING
  clusterRoleSelectors: [{matchLabels: {to: a}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: b, labels: {to: a}}
aggregationRule: # FINDING
  clusterRoleSelectors: [{matchLabels: {to: b}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: x}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: a}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- pass/good.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: a}
aggregationRule:
  clusterRoleSelectors: [{matchLabels: {to: a}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: b, labels: {to: a}}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: x}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: a}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
`, func(p *rule.Pass) {
	for _, f := range p.Joined.Rights.Faults(p.Entity) {
		if f.Code == "cyclic-aggregation" || f.Code == "invalid-aggregation" {
			p.Report(rule.Hit{Path: f.Path, Message: f.Message})
		}
	}
})
