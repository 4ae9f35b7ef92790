package joined

import (
	"strconv"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// ServicePortMissing finds Services whose port by name no pod has.
var ServicePortMissing = rule.Go(`
id: reliability-service-port-missing
title: Service names a port that its pods do not have
severity: medium
group: reliability
on: Service
needs: pods
why: |
  The Service has no endpoints for the port, and whoever calls it is refused. A port by name must be declared
  under that name by a container of each pod.
references:
  - https://kubernetes.io/docs/concepts/services-networking/service/
-- fail/typo.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
    - port: 80
      targetPort: htpp # FINDING
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app, ports: [{name: http, containerPort: 8080}]}]
-- pass/named.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app, ports: [{name: http, containerPort: 8080}]}]
-- pass/number.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/no-pods.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: other}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(checkServicePort))

func checkServicePort(p *rule.Pass, o *kube.Object) {
	pods := selected(p, o)
	if len(pods) == 0 {
		p.Abstain()
		return
	}
	i := -1
	for port := range o.Root.At("spec", "ports").Items() {
		i++
		target := port.Get("targetPort")
		if _, number := target.Int(); number || target.Kind() != tree.String {
			continue
		}
		if _, err := strconv.Atoi(target.Text()); err == nil {
			continue
		}
		for _, c := range pods {
			if !names(c, target.Text()) {
				p.Report(rule.Hit{
					Path:    "/spec/ports/" + strconv.Itoa(i) + "/targetPort",
					Message: "no container of " + c.Ref.String() + " has a port named " + target.Text(),
				})
				break
			}
		}
	}
}

// names says whether a container of the pods has a port of a name.
func names(c *rule.Pod, port string) bool {
	for i := range c.Containers {
		for n := range c.Containers[i].Node.Get("ports").Items() {
			if n.Get("name").Text() == port {
				return true
			}
		}
	}
	return false
}
