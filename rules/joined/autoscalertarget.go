package joined

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// AutoscalerTarget finds autoscalers of what does not exist.
var AutoscalerTarget = rule.Go(`
id: reliability-autoscaler-no-target
title: Autoscaler scales nothing
severity: medium
group: reliability
on: HorizontalPodAutoscaler
needs: pods
why: |
  The workload keeps the number of replicas that it has, whatever the load, and nobody is told. Mostly the
  workload was renamed, or its kind has changed. Of files it is judged where workloads of the namespace stand
  beside the autoscaler.
references:
  - https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
-- fail/renamed.yaml --
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: wbe # FINDING
  maxReplicas: 5
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: app}]
-- pass/good.yaml --
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: app}]
-- pass/custom.yaml --
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: example.com/v1, kind: Fleet, name: web}
  maxReplicas: 5
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: app}]
-- pass/half-a-cluster.yaml --
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: other}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: app}]
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	target := o.Root.At("spec", "scaleTargetRef")
	group, _, _ := strings.Cut(target.Get("apiVersion").Text(), "/")
	if group != "apps" || !p.Joined.Complete && !podsBeside(p, o) {
		p.Abstain()
		return
	}
	ref := bartizan.Ref{Kind: bartizan.Kind(target.Get("kind").Text()), Namespace: home(o), Name: target.Get("name").Text()}
	if !exists(p.World, ref) {
		p.Report(rule.Hit{Path: "/spec/scaleTargetRef/name", Message: ref.String() + " does not exist"})
	}
}))
