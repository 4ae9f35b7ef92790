package path_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rules/attack"
)

const exposedWeb = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w, ports: [{containerPort: 80}]}]}
---
`

func service(name, annotations, spec string) string {
	return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + ", namespace: shop, annotations: {" + annotations + "}}\nspec: {selector: {app: web}, ports: [{port: 80}], " + spec + "}\n---\n"
}

// TestExposures counts the ways in from the internet, and carries all of their fixes out together.
func TestExposures(t *testing.T) {
	ingress := `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop, annotations: {NOTES}}
spec:
  rules:
  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: plain, port: {number: 80}}}}, {path: /x, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}]}
---
`
	host := strings.Replace(exposedWeb, "containerPort: 80", "containerPort: 80, hostPort: 80", 1)
	for name, c := range map[string]struct {
		text string
		ways int
	}{
		"none":             {exposedWeb + service("plain", "", "type: ClusterIP"), 0},
		"one":              {exposedWeb + service("lb", "", "type: LoadBalancer"), 1},
		"two":              {exposedWeb + service("lb", "", "type: LoadBalancer") + service("np", "", "type: NodePort"), 2},
		"service and path": {exposedWeb + service("plain", "", "type: NodePort") + strings.Replace(ingress, "NOTES", "", 1), 2},
		"host port":        {host, 1},
		"external address": {exposedWeb + service("plain", "", "externalIPs: [203.0.113.7]"), 1},
		"aws internal":     {exposedWeb + service("lb", `service.beta.kubernetes.io/aws-load-balancer-scheme: internal`, "type: LoadBalancer"), 0},
		"aws facing":       {exposedWeb + service("lb", `service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing`, "type: LoadBalancer"), 1},
		"gke internal":     {exposedWeb + service("lb", `networking.gke.io/load-balancer-type: Internal`, "type: LoadBalancer"), 0},
		"azure internal":   {exposedWeb + service("lb", `service.beta.kubernetes.io/azure-load-balancer-internal: "true"`, "type: LoadBalancer"), 0},
		"azure external":   {exposedWeb + service("lb", `service.beta.kubernetes.io/azure-load-balancer-internal: "false"`, "type: LoadBalancer"), 1},
		"private ranges":   {exposedWeb + service("lb", "", "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]"), 0},
		"all ranges":       {exposedWeb + service("lb", "", "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8, 0.0.0.0/0]"), 1},
		"internal ingress": {exposedWeb + service("plain", "", "type: ClusterIP") + strings.Replace(ingress, "NOTES", "alb.ingress.kubernetes.io/scheme: internal", 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := build(t, c.text, attack.Exposed)
			var steps []path.OwnStep
			for _, s := range g.Own(attack.Exposed) {
				if strings.HasPrefix(s.Key, "Internet") {
					steps = append(steps, s)
				}
			}
			if len(steps) != c.ways {
				t.Fatalf("%d ways in, want %d", len(steps), c.ways)
			}
			prior := g.Sources(path.SourcesWorkloads)[0].Prior
			if exposed := prior == 1; exposed != (c.ways > 0) {
				t.Errorf("the workload begins with %d", prior)
			}
			cut, err := g.Cut([]path.Source{{Ref: ref("Internet", "", "anyone")}}, []path.Target{path.NamedTarget("web", ref("Pod", "shop", "web"))}, nil)
			if err != nil || len(cut.Uncut) > 0 || len(cut.Fixes) != c.ways {
				t.Fatalf("%d fixes, %d ways are not cut: %v", len(cut.Fixes), len(cut.Uncut), err)
			}
			after, err := path.Apply(c.text, cut.Changes)
			if err != nil {
				t.Fatal(err)
			}
			if left := build(t, after, attack.Exposed).Own(attack.Exposed); slices.ContainsFunc(left, func(s path.OwnStep) bool { return strings.HasPrefix(s.Key, "Internet") }) {
				t.Errorf("it is exposed still:\n%s", after)
			}
		})
	}
}
