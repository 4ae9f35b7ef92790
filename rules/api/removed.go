package api

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// Removed finds objects of API versions that the target version does not serve.
var Removed = rule.Go(`id: api-removed
title: API version is not served any more
severity: medium
on: "*"
maps: {nsa-cisa: upgrades}
why: |
  The API server refuses the object: after an upgrade it cannot be applied or restored. A role, a network
  policy or a disruption budget that is not there protects nothing.
references:
  - https://kubernetes.io/docs/reference/using-api/deprecation-guide/
  - https://kubernetes.io/docs/reference/using-api/deprecation-policy/
-- fail/role.yaml --
apiVersion: rbac.authorization.k8s.io/v1beta1 # FINDING
kind: Role
metadata: {name: reader}
rules: []
-- fixed/role.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: []
-- fail/budget.yaml --
apiVersion: policy/v1beta1 # FINDING
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
-- fixed/budget.yaml --
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
-- fail/ingress.yaml --
apiVersion: extensions/v1beta1 # FINDING
kind: Ingress
metadata: {name: web}
spec: {backend: {serviceName: web, servicePort: 80}}
-- pass/new.yaml --
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
---
apiVersion: example.org/v1beta1
kind: CronJob
metadata: {name: other}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	if v, ok := find(byKind, o); ok && v.keeps != roughly && v.removedIn(p.Version) {
		report(p, o, v)
	}
}))
