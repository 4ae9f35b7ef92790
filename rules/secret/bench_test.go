package secret_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// workloads makes Deployments of two containers with ten variables each time, and no credential.
func workloads(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web-%d, namespace: shop, labels: {app: web}}\nspec:\n  template:\n"+
			"    metadata: {labels: {app: web}, annotations: {checksum/config: 5f2c1e0a9b8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e}}\n    spec:\n      containers:\n", i)
		for _, c := range []string{"app", "sidecar"} {
			fmt.Fprintf(&b, "        - name: %s\n          image: registry.example.org/shop/%s:v1.%d\n          args: [--listen=:8080, --log-level=info]\n          env:\n", c, c, i)
			for e := range 5 {
				fmt.Fprintf(&b, "            - {name: SETTING_%d, value: 'https://service-%d.example.org/v%d'}\n", e, i, e)
			}
			b.WriteString("          resources: {requests: {cpu: 500m, memory: 128Mi}}\n          readinessProbe: {httpGet: {path: /healthz, port: 8080}}\n")
		}
	}
	return b.String()
}

// secretRules are the built-in rules of this folder.
func secretRules(tb testing.TB) []*rule.Rule {
	tb.Helper()
	all, err := rules.Builtin()
	if err != nil {
		tb.Fatal(err)
	}
	var own []*rule.Rule
	for _, r := range all {
		if strings.HasPrefix(r.ID, "secret-") && r.Check != nil {
			own = append(own, r)
		}
	}
	return own
}

// TestRedacted checks that no rule here lets a value through.
func TestRedacted(t *testing.T) {
	own := secretRules(t)
	if len(own) < 12 {
		t.Fatalf("there are %d rules on credentials", len(own))
	}
	for _, r := range own {
		if !r.Redact {
			t.Errorf("%s must have redact: true", r.ID)
		}
	}
}

// BenchmarkRules judges workloads by all rules on credentials; ns/op divided by the number of workloads is
// what one costs.
func BenchmarkRules(b *testing.B) {
	const n = 1000
	var objects []*kube.Object
	var entities []bartizan.Entity
	for doc, err := range tree.Parse(workloads(n), tree.DefaultLimits()) {
		if err != nil {
			b.Fatal(err)
		}
		found, errs := kube.Decode(doc, bartizan.Origin{Source: "manifest"})
		if len(errs) > 0 {
			b.Fatal(errs)
		}
		for _, o := range found {
			objects, entities = append(objects, o), append(entities, o.Entity())
		}
	}
	e, err := engine.New(secretRules(b), engine.Config{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	w := world.New(entities)
	for b.Loop() {
		if _, err := e.Run(context.Background(), w, objects, func(f bartizan.Finding) error { return fmt.Errorf("%s", f.Message) }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/workload")
}
