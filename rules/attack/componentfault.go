package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// ComponentFault leads from whoever reaches a component with a known fault to its pod.
var ComponentFault = rule.Edge(`
id: attack-component-cve
title: Use a known fault of a cluster component over the network
certainty: conditional
cost: 1
maps: {attack: [T1190, T1068], ms-matrix: [MS-TA9015, MS-TA9034]}
why: |
  Components of the cluster listen inside it and trust who calls them. The admission webhook of ingress-nginx is meant for
  the API server, but takes an Ingress from anybody who opens its port, and before 1.11.5 and 1.12.1 loads what stands in it:
  code runs in the controller, whose account reads the Secrets of all namespaces. The version is that of the image's tag.
detect: connections to the webhook's port that do not come from the API server
mitigate: patch the component; let only the API server open the webhook's port, or switch the webhook off
references:
  - https://nvd.nist.gov/vuln/detail/CVE-2025-1974
  - https://kubernetes.io/blog/2025/03/24/ingress-nginx-cve-2025-1974/
-- yes/webhook.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec:
  template:
    metadata: {labels: {app: ingress-nginx}}
    spec:
      containers:
      - name: controller
        image: registry.k8s.io/ingress-nginx/controller:v1.11.4@sha256:0000000000000000000000000000000000000000000000000000000000000000 # EVIDENCE
        args: [/nginx-ingress-controller, "--validating-webhook=:8443"]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Deployment ingress-nginx/ingress-nginx-controller
-- yes/own-registry.yaml --
apiVersion: v1
kind: Pod
metadata: {name: ingress, namespace: edge, labels: {app: ingress}}
spec: {containers: [{name: c, image: "registry.example.com/mirror/ingress-nginx/controller:v1.12.0", args: ["--validating-webhook=:8443"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Pod edge/ingress
-- no/patched.yaml --
apiVersion: v1
kind: Pod
metadata: {name: ingress, namespace: edge, labels: {app: ingress}}
spec: {containers: [{name: c, image: "registry.k8s.io/ingress-nginx/controller:v1.12.1", args: ["--validating-webhook=:8443"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Pod edge/ingress
-- no/no-webhook.yaml --
apiVersion: v1
kind: Pod
metadata: {name: ingress, namespace: edge, labels: {app: ingress}}
spec: {containers: [{name: c, image: "registry.k8s.io/ingress-nginx/controller:v1.11.0", args: [/nginx-ingress-controller]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Pod edge/ingress
-- no/policy.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: http, namespace: edge}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 80}, {port: 443}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ingress, namespace: edge, labels: {app: ingress}}
spec: {containers: [{name: c, image: "registry.k8s.io/ingress-nginx/controller:v1.11.0", args: ["--validating-webhook=:8443"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Pod edge/ingress
`, deriveComponentFault)

func deriveComponentFault(a *rule.Attack) {
	for _, f := range cvesFrom("network") {
		for q, c := range a.Containers() {
			name, tag := repository(c.Image)
			if name != f.component && !strings.HasSuffix(name, "/"+f.component) || !f.affects(tag) {
				continue
			}
			webhook, i := flag(c.Node.Get("args"), "--validating-webhook")
			if !webhook.Exists() {
				continue
			}
			fix := c.Fix(q, "switch the admission webhook of container "+c.Name+" off", 15,
				"take the ValidatingWebhookConfiguration away, too; Ingresses are then no longer checked before they are stored",
				rule.Op{Op: "remove", Path: "args/" + i})
			opened(a, q, f.port, rule.Step{
				To: q.Ref, Text: "has {to} run code by " + f.id + ": " + f.title, More: f.more, Why: q.Why(c.Node.Get("image"), webhook), Fixes: []rule.Fix{fix},
			})
		}
	}
}
