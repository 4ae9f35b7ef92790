package joined

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// IngressToNothing finds Ingresses and routes that lead to Services, or ports of them, that do not exist.
var IngressToNothing = rule.Go(`
id: reliability-route-to-nothing
title: Ingress or route leads to a Service that does not exist
severity: medium
group: reliability
on: [Ingress, HTTPRoute.gateway.networking.k8s.io, GRPCRoute.gateway.networking.k8s.io]
needs: pods
why: |
  Requests are answered with an error. If the Service was taken out and the name is free, whoever may create
  Services in the namespace gets the requests, with the host name and certificate of the Ingress. Of files it is
  judged where Services of the namespace stand beside it.
references:
  - https://kubernetes.io/docs/concepts/services-networking/ingress/
  - https://gateway-api.sigs.k8s.io/api-types/httproute/
-- fail/service.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: wbe # FINDING
                port: {number: 80}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- fail/port.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: web
                port: {number: 8080} # FINDING
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- fail/route.yaml --
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  rules:
    - backendRefs:
        - name: wbe # FINDING
          port: 80
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/good.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: web
                port: {name: http}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/resource.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              resource: {apiGroup: k8s.example.com, kind: Bucket, name: static}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/action.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service: {name: redirect, port: {name: use-annotation}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/half-a-cluster.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: wbe
                port: {number: 80}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/reference.yaml --
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  rules:
    - backendRefs:
        - {name: web, port: 80}
        - {group: multicluster.x-k8s.io, kind: ServiceImport, name: far, port: 80}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(checkRoute))

// backend is a Service, and its port by number or name, to which requests are sent.
type backend struct {
	namespace  string
	name, port tree.Node
}

func checkRoute(p *rule.Pass, o *kube.Object) {
	judged := false
	for _, b := range backends(o) {
		if !p.Joined.Complete && !besides(p, o, "Service", b.namespace) {
			continue
		}
		judged = true
		ref := bartizan.Ref{Kind: "Service", Namespace: b.namespace, Name: b.name.Text()}
		if !exists(p.World, ref) {
			p.Report(rule.Hit{Path: path(b.name, o), Message: ref.String() + " does not exist"})
		} else if s := service(p.World, ref); s != nil && b.port.Exists() && !opens(s, b.port) {
			p.Report(rule.Hit{Path: path(b.port, o), Message: ref.String() + " has no port " + b.port.Text()})
		}
	}
	if !judged {
		p.Abstain()
	}
}

// backends are the Services that an Ingress or a route names. A port called use-annotation is no port: the controller
// of a cloud answers by itself.
func backends(o *kube.Object) (out []backend) {
	ingress := func(n tree.Node) {
		name, port := n.At("service", "name"), n.At("service", "port", "number")
		if !port.Exists() {
			port = n.At("service", "port", "name")
		}
		if name.Text() != "" && port.Text() != "use-annotation" {
			out = append(out, backend{home(o), name, port})
		}
	}
	ingress(o.Root.At("spec", "defaultBackend"))
	for r := range o.Root.At("spec", "rules").Items() {
		for h := range r.At("http", "paths").Items() {
			ingress(h.Get("backend"))
		}
		for b := range r.Get("backendRefs").Items() {
			kind, ns := b.Get("kind").Text(), b.Get("namespace").Text()
			if ns == "" {
				ns = home(o)
			}
			if b.Get("group").Text() == "" && (kind == "" || kind == "Service") && b.Get("name").Text() != "" {
				out = append(out, backend{ns, b.Get("name"), b.Get("port")})
			}
		}
	}
	return out
}

// service is a Service that was read.
func service(w bartizan.World, r bartizan.Ref) *kube.Object {
	e, ok := w.Get(r)
	if !ok {
		r.Namespace = ""
		e, ok = w.Get(r)
	}
	o, _ := e.Value.(*kube.Object)
	if !ok || o == nil || o.Root.At("spec", "type").Text() == "ExternalName" {
		return nil
	}
	return o
}

// opens says whether a Service has a port, by number or by name.
func opens(s *kube.Object, port tree.Node) bool {
	for x := range s.Root.At("spec", "ports").Items() {
		if x.Get("port").Text() == port.Text() || x.Get("name").Text() == port.Text() {
			return true
		}
	}
	return false
}
