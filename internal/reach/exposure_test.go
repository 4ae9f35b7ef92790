package reach

import (
	"fmt"
	"strings"
	"testing"
)

const wayBase = `
apiVersion: v1
kind: Namespace
metadata: {name: web, labels: {expose: "yes"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: infra}
---
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: web, labels: {app: app}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
status: {podIP: 10.1.0.1}
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: web}
spec: {selector: {app: app}, ports: [{name: main, port: 80, targetPort: http}]}
---
`

func gateway(listener string) string {
	return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: infra}\nspec: {gatewayClassName: c, listeners: [" + listener + "]}\n"
}

func route(kind, spec string) string {
	return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: r, namespace: web}\nspec: " + spec + "\n"
}

const backends = "rules: [{backendRefs: [{name: app, port: 80}]}]}"

// lineOf writes an exposure in one line.
func lineOf(e *Exposure) string {
	inside := ""
	if e.Internal {
		inside = " internal"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s:%s %s%s %s", e.Via, e.Port, e.To.Name, e.ToPort, e.Verdict, inside, strings.Join(e.Hosts, ",")))
}

func TestRoutes(t *testing.T) {
	all := "{name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"
	parent := "{parentRefs: [{name: gw, namespace: infra}], "
	for _, c := range []struct{ name, objects, want string }{
		{"a route through a listener that takes it", gateway(all) + route("HTTPRoute", parent+backends), "Gateway 80 app:8080 allowed"},
		{"other namespaces are not taken unless it says so", gateway("{name: web, port: 80, protocol: HTTP}") + route("HTTPRoute", parent+backends), ""},
		{"namespaces by their labels", gateway("{name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {expose: 'yes'}}}}}") + route("HTTPRoute", parent+backends), "Gateway 80 app:8080 allowed"},
		{"labels that it does not have", gateway("{name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {expose: 'no'}}}}}") + route("HTTPRoute", parent+backends), ""},
		{"one section of the Gateway", gateway(all+", {name: alt, port: 81, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}") + route("HTTPRoute", "{parentRefs: [{name: gw, namespace: infra, sectionName: alt}], "+backends), "Gateway 81 app:8080 allowed"},
		{"every section otherwise", gateway(all+", {name: alt, port: 81, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}") + route("HTTPRoute", parent+backends), "Gateway 80 app:8080 allowed; Gateway 81 app:8080 allowed"},
		{"one port of the Gateway", gateway(all) + route("HTTPRoute", "{parentRefs: [{name: gw, namespace: infra, port: 81}], "+backends), ""},
		{"a listener of another protocol", gateway("{name: web, port: 53, protocol: UDP, allowedRoutes: {namespaces: {from: All}}}") + route("HTTPRoute", parent+backends), ""},
		{"kinds that it takes", gateway("{name: web, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}], namespaces: {from: All}}}") + route("HTTPRoute", parent+backends), ""},
		{"GRPC", gateway(all) + route("GRPCRoute", parent+backends), "Gateway 80 app:8080 allowed"},
		{"TLS by the name asked for", gateway("{name: tls, port: 443, protocol: TLS, hostname: '*.example.org', allowedRoutes: {namespaces: {from: All}}}") + route("TLSRoute", "{parentRefs: [{name: gw, namespace: infra}], hostnames: [a.example.org, b.example.com], "+backends), "Gateway 443 app:8080 allowed a.example.org"},
		{"no name in common", gateway("{name: web, port: 80, protocol: HTTP, hostname: x.org, allowedRoutes: {namespaces: {from: All}}}") + route("HTTPRoute", "{parentRefs: [{name: gw, namespace: infra}], hostnames: [y.org], "+backends), ""},
		{"the listener's name if the route has none", gateway("{name: web, port: 80, protocol: HTTP, hostname: x.org, allowedRoutes: {namespaces: {from: All}}}") + route("HTTPRoute", parent+backends), "Gateway 80 app:8080 allowed x.org"},
		{"TCP", gateway("{name: tcp, port: 9000, protocol: TCP, allowedRoutes: {namespaces: {from: All}}}") + route("TCPRoute", parent+backends), "Gateway 9000 app:8080 allowed"},
		{"a Gateway that was not read", route("HTTPRoute", parent+backends), "Gateway TCP/* app:8080 unknown"},
		{"a route of the mesh", route("HTTPRoute", "{parentRefs: [{name: app, kind: Service, group: ''}], "+backends), ""},
		{"no share of the traffic", gateway(all) + route("HTTPRoute", parent+"rules: [{backendRefs: [{name: app, port: 80, weight: 0}]}]}"), ""},
		{"but a mirror of it", gateway(all) + route("HTTPRoute", parent+"rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: app, port: 80}}}]}]}"), "Gateway 80 app:8080 allowed"},
		{"a class of internal Gateways", strings.Replace(gateway(all), "gatewayClassName: c", "gatewayClassName: gke-l7-rilb", 1) + route("HTTPRoute", parent+backends), "Gateway 80 app:8080 allowed internal"},
		{"a policy that closes the pod", gateway(all) + route("HTTPRoute", parent+backends) + "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: web}\nspec: {podSelector: {}}\n", "Gateway 80 app:8080 denied"},
	} {
		t.Run(c.name, func(t *testing.T) { checkWays(t, wayBase+c.objects, Options{Complete: true}, c.want) })
	}
}

func checkWays(t *testing.T, text string, o Options, want string) {
	t.Helper()
	var got []string
	for _, e := range modelOf(t, text, o).Exposures() {
		got = append(got, lineOf(&e))
		if e.Verdict == Unknown && e.Reason == "" {
			t.Errorf("not known, and no reason: %+v", e)
		}
	}
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("ways in: %s\nwant %s", s, want)
	}
}

// TestReferenceGrant has routes refer to a Service of another namespace.
func TestReferenceGrant(t *testing.T) {
	objects := wayBase + gateway("{name: web, port: 80, protocol: HTTP}") +
		"---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: infra}\nspec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: app, namespace: web, port: 80}]}]}\n"
	grant := func(from, to string) string {
		return "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: web}\nspec: {from: [" + from + "], to: [" + to + "]}\n"
	}
	from := "{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra}"
	for _, c := range []struct {
		objects  string
		complete bool
		want     string
	}{
		{"", true, "Gateway 80 app:80 denied"},
		{"", false, "Gateway 80 app:8080 unknown"},
		{grant(from, "{group: '', kind: Service}"), true, "Gateway 80 app:8080 allowed"},
		{grant(from, "{group: '', kind: Service, name: app}"), true, "Gateway 80 app:8080 allowed"},
		{grant(from, "{group: '', kind: Service, name: other}"), true, "Gateway 80 app:80 denied"},
		{grant("{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: infra}", "{group: '', kind: Service}"), true, "Gateway 80 app:80 denied"},
		{grant("{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: web}", "{group: '', kind: Service}"), true, "Gateway 80 app:80 denied"},
	} {
		checkWays(t, objects+c.objects, Options{Complete: c.complete}, c.want)
	}
}

func balancer(annotations, spec string) string {
	return "---\napiVersion: v1\nkind: Service\nmetadata: {name: lb, namespace: web, annotations: {" + annotations + "}}\nspec: {selector: {app: app}, ports: [{port: 80, targetPort: 8080}], " + spec + "}\n"
}

func TestInternalBalancers(t *testing.T) {
	public, private := "LoadBalancer 80 app:8080 allowed", "LoadBalancer 80 app:8080 allowed internal"
	for _, c := range []struct{ annotations, spec, want string }{
		{"", "type: LoadBalancer", public},
		{"service.beta.kubernetes.io/aws-load-balancer-internal: 'true'", "type: LoadBalancer", private},
		{"service.beta.kubernetes.io/aws-load-balancer-internal: 'false'", "type: LoadBalancer", public},
		{"service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing", "type: LoadBalancer, loadBalancerClass: service.k8s.aws/nlb", public},
		{"", "type: LoadBalancer, loadBalancerClass: service.k8s.aws/nlb", private},
		{"service.beta.kubernetes.io/aws-load-balancer-type: external", "type: LoadBalancer", private},
		{"service.beta.kubernetes.io/azure-load-balancer-internal: 'true'", "type: LoadBalancer", private},
		{"networking.gke.io/load-balancer-type: Internal", "type: LoadBalancer", private},
		{"", "type: LoadBalancer, loadBalancerClass: networking.gke.io/l4-regional-internal", private},
		{"service.beta.kubernetes.io/do-loadbalancer-network: INTERNAL", "type: LoadBalancer", private},
		{"", "type: LoadBalancer, loadBalancerClass: tailscale", private},
		{"networking.gke.io/load-balancer-type: Internal", "type: NodePort", "NodePort TCP/* app:8080 allowed"},
		{"", "type: LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/24]", public},
	} {
		checkWays(t, wayBase+balancer(c.annotations, c.spec), Options{Complete: true}, c.want)
	}
	ingress := func(head, spec string) string {
		return "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: web, annotations: {" + head + "}}\nspec: {" + spec + "rules: [{host: h.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {name: main}}}}]}}]}\n"
	}
	checkWays(t, wayBase+ingress("", ""), Options{Complete: true}, "Ingress 80 app:8080 allowed h.org")
	checkWays(t, wayBase+ingress("", "tls: [{hosts: [h.org]}], "), Options{Complete: true}, "Ingress 443 app:8080 allowed h.org")
	checkWays(t, wayBase+ingress("", "ingressClassName: alb, "), Options{Complete: true}, "Ingress 80 app:8080 allowed internal h.org")
	checkWays(t, wayBase+ingress("alb.ingress.kubernetes.io/scheme: internet-facing", "ingressClassName: alb, "), Options{Complete: true}, "Ingress 80 app:8080 allowed h.org")
	checkWays(t, wayBase+ingress("'kubernetes.io/ingress.class': gce-internal", ""), Options{Complete: true}, "Ingress 80 app:8080 allowed internal h.org")
}

// TestNamespaceOfOnePod: that a pod reaches itself is nothing that its namespace reaches.
func TestNamespaceOfOnePod(t *testing.T) {
	policy := np("{podSelector: {}, ingress: [{ports: [{port: 443}]}], egress: [{ports: [{port: 443}], to: [{podSelector: {}}]}], policyTypes: [Ingress, Egress]}")
	pod := func(name string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: a, labels: {app: " + name + "}}\nspec: {containers: [{name: c}]}\nstatus: {podIP: 10.1.0." + fmt.Sprint(len(name)) + "}\n---\n"
	}
	if list := modelOf(t, pod("web")+policy, Options{}).NamespaceReaches(); len(list) > 0 {
		t.Errorf("one pod: %+v", list)
	}
	list := modelOf(t, pod("web")+pod("other")+policy, Options{}).NamespaceReaches()
	if len(list) != 1 || list[0].From != "a" || list[0].To != "a" || !list[0].Whole || PortsText(list[0].Ports) != "443" {
		t.Errorf("two pods: %+v", list)
	}
}
