package grant

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	w, _ := read(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: orders.shop.example.org}
spec: {group: shop.example.org, scope: Cluster, names: {plural: orders, singular: order, kind: Order, shortNames: [ord]}}
`)
	r := NewResources(w)
	for _, c := range strings.Split(strings.TrimSpace(`
pods -> "" pods "" "" true
po -> "" pods "" "" true
Pod -> "" pods "" "" true
pods/log -> "" pods "log" "" true
pods/web -> "" pods "" "web" true
pods.v1/web -> "" pods "" "web" true
deploy -> "apps" deployments "" "" true
deployments.apps/scale -> "apps" deployments "scale" "" true
deployments.v1.apps -> "apps" deployments "" "" true
deployments.extensions -> "extensions" deployments "" "" false
events -> "" events "" "" true
events.events.k8s.io -> "events.k8s.io" events "" "" true
nodes/proxy -> "" nodes "proxy" "" true
nodes/metrics -> "" nodes "metrics" "" true
ns/shop -> "" namespaces "" "shop" true
ord/status -> "shop.example.org" orders "status" "" true
order/17 -> "shop.example.org" orders "" "17" true
users/alice -> "" users "" "alice" true
userextras.authentication.k8s.io/scopes -> "authentication.k8s.io" userextras "scopes" "" true
* -> "*" * "" "" true
*/log -> "*" * "log" "" true
things.example.org/scale -> "example.org" things "scale" "" false
things -> "" things "" "" false
`), "\n") {
		text, want, _ := strings.Cut(c, " -> ")
		x := r.Parse(text)
		if got := fmt.Sprintf("%q %s %q %q %t", x.Resource.Group, x.Resource.Name, x.Sub, x.Name, x.Known); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if got := r.Parse("ns/shop").Request("get", ""); got.Namespace != "shop" {
		t.Errorf("a Namespace object is asked about in namespace %q, not its own", got.Namespace)
	}
	if got := r.Parse("ord/1").Request("get", "shop"); got.Namespace != "" {
		t.Errorf("a cluster-scoped resource is asked about in namespace %q", got.Namespace)
	}
}
