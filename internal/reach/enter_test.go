package reach

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
)

// TestAskFromOutside asks from outside for Services and pods: policies alone let nothing in.
func TestAskFromOutside(t *testing.T) {
	service := func(spec string) string {
		return "---\napiVersion: v1\nkind: Service\nmetadata: {name: lb, namespace: web}\nspec: {selector: {app: app}, ports: [{name: main, port: 443, targetPort: 8080, nodePort: 30443}], " + spec + "}\n"
	}
	deny := "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: web}\nspec: {podSelector: {}}\n"
	ranges := ", loadBalancerSourceRanges: [8.8.0.0/16, 10.0.0.0/8]"
	ingress := "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: web}\nspec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {name: main}}}}]}}]}\n"
	hosted := "---\napiVersion: v1\nkind: Pod\nmetadata: {name: host, namespace: web}\nspec: {containers: [{name: c, ports: [{containerPort: 9000, hostPort: 90}]}]}\n"
	node := "---\napiVersion: v1\nkind: Pod\nmetadata: {name: net, namespace: web}\nspec: {hostNetwork: true, containers: [{name: c}]}\n"
	six := "---\napiVersion: v1\nkind: Pod\nmetadata: {name: six, namespace: web}\nspec: {containers: [{name: c}]}\nstatus: {podIP: '2600:1f18::7'}\n"
	internal := strings.Replace(service("type: LoadBalancer"), "namespace: web}", "namespace: web, annotations: {networking.gke.io/load-balancer-type: Internal}}", 1)
	old := strings.Replace(service("type: LoadBalancer"), "namespace: web}", "namespace: web, annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: '8.8.0.0/16, 10.0.0.0/8'}}", 1)
	for _, c := range []struct {
		name, objects, from, to string
		port                    Port
		want                    Verdict
		says                    string
	}{
		{"a pod that nothing leads to", "", "internet", "app", Port{Number: 8080}, Denied, "policies let it through, but the address of a pod is not routed from outside, and no way in leads there"},
		{"the same of an address", "", "8.8.8.8", "app", Port{Number: 8080}, Denied, "no way in leads there"},
		{"an address inside is not asked for a way in", "", "10.9.9.9", "app", Port{Number: 8080}, Allowed, ""},
		{"a Service with a cluster address", "", "internet", "Service/app", Port{Number: 80}, Denied, "only a cluster address"},
		{"a load balancer", service("type: LoadBalancer"), "internet", "Service/lb", Port{Number: 443}, Allowed, "Way in: LoadBalancer web/lb, port 443: allowed."},
		{"to its pod", service("type: LoadBalancer"), "internet", "app", Port{Number: 8080}, Allowed, "Way in: LoadBalancer web/lb, port 443: allowed."},
		{"to another port of its pod", service("type: LoadBalancer"), "internet", "app", Port{Number: 22}, Denied, "no way in leads there"},
		{"to a range of ports of its pod", service("type: LoadBalancer"), "internet", "app", Port{Number: 8000, End: 9000}, Allowed, "LoadBalancer"},
		{"to a port by its name", service("type: LoadBalancer"), "internet", "app", Port{Name: "http"}, Allowed, "LoadBalancer"},
		{"to a port that the Service has not", service("type: LoadBalancer"), "internet", "Service/lb", Port{Number: 80}, Denied, "has no port 80"},
		{"a way in that policies close", service("type: LoadBalancer") + deny, "8.8.8.8", "Service/lb", Port{Number: 443}, Unknown, "externalTrafficPolicy"},
		{"and keeps the client's address", service("type: LoadBalancer, externalTrafficPolicy: Local") + deny, "8.8.8.8", "Service/lb", Port{Number: 443}, Denied, "LoadBalancer web/lb, port 443: denied"},
		{"source ranges that hold the client", service("type: LoadBalancer" + ranges), "8.8.8.8", "Service/lb", Port{Number: 443}, Allowed, "lets in 8.8.0.0/16, 10.0.0.0/8 only"},
		{"source ranges that do not", service("type: LoadBalancer" + ranges), "9.9.9.9", "Service/lb", Port{Number: 443}, Denied, "lets in 8.8.0.0/16, 10.0.0.0/8 only"},
		{"source ranges of the old form", old, "9.9.9.9", "Service/lb", Port{Number: 443}, Denied, "lets in 8.8.0.0/16, 10.0.0.0/8 only"},
		{"source ranges are for load balancers", service("type: NodePort" + ranges), "9.9.9.9", "Service/lb", Port{Number: 443}, Allowed, "addresses of nodes"},
		{"inside the provider's network", internal, "internet", "Service/lb", Port{Number: 443}, Denied, "inside the provider's network"},
		{"a port of the nodes", service("type: NodePort"), "internet", "Service/lb", Port{Number: 443}, Allowed, "NodePort web/lb, port 30443"},
		{"an external address", service("externalIPs: [8.1.1.1]"), "internet", "Service/lb", Port{Number: 443}, Allowed, "ExternalIP web/lb"},
		{"an Ingress before a cluster address", ingress, "internet", "Service/app", Port{Number: 80}, Allowed, "Ingress web/i, port 80: allowed"},
		{"and its pod", ingress, "internet", "app", Port{Number: 8080}, Allowed, "ends at the controller"},
		{"a port of the host", hosted, "internet", "host", Port{Number: 9000}, Allowed, "HostPort web/host, port 90"},
		{"another port", hosted, "internet", "host", Port{Number: 9001}, Denied, "no way in leads there"},
		{"the network of the node", node, "internet", "net", Port{Number: 22}, Allowed, "its node's addresses"},
		{"an address that is public itself", six, "2a00:1450::1", "six", Port{Number: 80}, Allowed, "2600:1f18::7 is a public one"},
		{"the address of a pod", service("type: LoadBalancer"), "internet", "10.1.0.1", Port{Number: 8080}, Denied, "Pod web/app within the cluster"},
		{"the cluster address of a Service", service("type: LoadBalancer, clusterIP: 10.96.0.9"), "internet", "10.96.0.9", Port{Number: 443}, Denied, "cluster address of Service web/lb"},
		{"nobody", "", "internet", "nobody", Port{Number: 80}, Unknown, "no pod or workload nobody was read"},
		{"no Service", "", "internet", "Service/nobody", Port{Number: 80}, Unknown, "was read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := modelOf(t, wayBase+c.objects, Options{Complete: true})
			from := Internet()
			if c.from != "internet" {
				from = Host(netip.MustParseAddr(c.from))
			}
			ref := bartizan.Ref{Namespace: "web", Name: c.to}
			if name, is := strings.CutPrefix(c.to, "Service/"); is {
				ref.Kind, ref.Name = "Service", name
			}
			to := Workload(ref)
			if a, err := netip.ParseAddr(c.to); err == nil {
				to = Host(a)
			}
			a := m.Ask(from, to, c.port)
			if text := a.Reason + "\n" + strings.Join(a.Notes, "\n"); a.Verdict != c.want || !strings.Contains(text, c.says) {
				t.Errorf("%v: %s\nwant %v: %s", a.Verdict, text, c.want, c.says)
			}
		})
	}
	m := modelOf(t, wayBase+service("type: LoadBalancer"+ranges), Options{Complete: true})
	if a := m.Ask(Internet(), Workload(bartizan.Ref{Kind: "Service", Namespace: "web", Name: "lb"}), Port{Number: 443}); !a.Partly {
		t.Errorf("from some of the internet only, and the answer does not say so: %+v", a)
	}
}
