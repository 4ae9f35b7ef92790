package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// ServiceSelectsNothing finds Services without pods.
var ServiceSelectsNothing = rule.Go(`
id: reliability-service-selects-nothing
title: Service selects no pod
severity: medium
group: reliability
on: Service
needs: pods
why: |
  Whoever calls the Service gets no answer. Mostly the labels of the workload have changed, or one of the two is
  misspelt. Of files it is judged where workloads of the namespace stand beside the Service, and Services without
  selector are left out.
references:
  - https://kubernetes.io/docs/concepts/services-networking/service/
-- fail/typo.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: # FINDING
    app: wbe
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/selects.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
spec:
  containers: [{name: main, image: app}]
-- pass/no-selector.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/external.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: ExternalName
  selector: {app: web}
  externalName: db.example.com
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/half-a-cluster.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: elsewhere, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(checkServiceEmpty))

func checkServiceEmpty(p *rule.Pass, o *kube.Object) {
	selector := o.Root.At("spec", "selector")
	if selector.Len() == 0 || o.Root.At("spec", "type").Text() == "ExternalName" || !p.Joined.Complete && !podsBeside(p, o) {
		p.Abstain()
		return
	}
	if len(selected(p, o)) == 0 {
		p.Report(rule.Hit{Path: "/spec/selector", Message: "no workload of namespace " + home(o) + " has these labels"})
	}
}

// selected are the classes of pods that a Service selects, of files those beside it.
func selected(p *rule.Pass, o *kube.Object) (out []*rule.Pod) {
	selector := o.Root.At("spec", "selector")
	if selector.Len() == 0 {
		return nil
	}
	for _, c := range p.Joined.In(home(o)) {
		if e, ok := p.World.Get(c.Object.Ref()); !p.Joined.Complete && (!ok || directory(e.Origin) != directory(o.Origin)) {
			continue // another application's, in a repository of several
		}
		fits := true
		for l := range selector.Items() {
			v, ok := c.Labels[l.Key()]
			fits = fits && ok && v == l.Text()
		}
		if fits {
			out = append(out, c)
		}
	}
	return out
}
