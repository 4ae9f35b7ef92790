package api

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// RemovedWorkload finds workloads of the API versions before apps/v1.
var RemovedWorkload = rule.Go(`id: api-removed-workload
title: Workload's API version is not served any more
severity: medium
on: [Deployment, StatefulSet, DaemonSet, ReplicaSet]
maps: {nsa-cisa: upgrades}
why: |
  The API server refuses the workload since Kubernetes 1.16: after an upgrade it cannot be applied or
  restored, and its security fixes do not arrive.
references:
  - https://kubernetes.io/docs/reference/using-api/deprecation-guide/#v1-16
fix: [{op: set, path: /apiVersion, value: apps/v1}]
unsafe: apps/v1 has other defaults (rolling updates, ten old revisions, a deadline) and a selector that cannot be changed
-- fail/deployment.yaml --
apiVersion: extensions/v1beta1 # FINDING
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
-- fixed/deployment.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
-- pass/deployment.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	if v, ok := find(byKind, o); ok && v.keeps == roughly && v.removedIn(p.Version) {
		report(p, o, v)
	}
}))
