package export

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// TestExportedFixesMend exports the fix of every rule that has one, each bound to a namespace of its own, and creates
// there every object that fails the rule. What the API server would store must have just those faults left for which
// the rule has no fix.
func TestExportedFixesMend(t *testing.T) {
	t.Parallel()
	bartizan := product.Build(t)
	policies := exportObjects(t, bartizan, "*", "--as", "map", "--unsafe", "--kube-version", exportVersion)
	rules := exportedRules(policies)
	c := cluster.Start(t, cluster.Hardened, cluster.PoliciesOnly())
	all := append(exampleObjects(t), generatedObjects(80)...)
	applyDefinitions(t, c, all)
	before := findings(t, bartizan, all)

	var trials []trial
	tried := map[string]int{}
	for i, o := range all {
		for _, id := range rules {
			if f := before[i][id]; f.faults > 0 && tried[id] < trialsPerRule {
				tried[id]++
				trials = append(trials, trial{rule: id, name: o.name, object: inNamespace(o.object, "fix-"+id), before: f})
			}
		}
	}
	applyPolicies(t, c, boundApart(t, policies))
	mend(t, c, trials)

	var mended []exportObject
	var of []trial
	for _, tr := range trials {
		if tr.invalid == "" {
			mended, of = append(mended, exportObject{tr.name, tr.stored}), append(of, tr)
		}
	}
	after := findings(t, bartizan, mended)
	proven := map[string]bool{}
	for i, tr := range of {
		if left := after[i][tr.rule].faults; left > tr.before.faults-tr.before.fixes {
			t.Errorf("%s on %s: %d faults, %d with a fix, and %d are left", tr.rule, tr.name, tr.before.faults, tr.before.fixes, left)
			continue
		}
		if tr.before.fixes > 0 {
			proven[tr.rule] = true
		}
	}
	var unproven []string
	for _, id := range rules {
		if !proven[id] {
			unproven = append(unproven, id)
		}
	}
	t.Logf("%d fixes exported, %d objects mended, %d not valid; no object proves %v", len(rules), len(of), len(trials)-len(of), unproven)
	for _, tr := range trials {
		if tr.invalid != "" {
			t.Logf("%s on %s: %.300s", tr.rule, tr.name, tr.invalid)
		}
	}
	if len(proven) < 20 || len(unproven)*5 > len(rules) {
		t.Errorf("only %d of %d fixes were seen to mend something", len(proven), len(rules))
	}
	if (len(trials)-len(of))*10 > len(trials)*3 {
		t.Errorf("%d of %d objects are not valid", len(trials)-len(of), len(trials))
	}
}

// trialsPerRule is how many objects each fix is tried on.
const trialsPerRule = 20

// trial is an object that fails a rule and is created under the policy of its fix.
type trial struct {
	rule, name string
	object     *unstructured.Unstructured
	before     faults
	stored     *unstructured.Unstructured
	invalid    string
}

// faults counts what a scan finds by a rule, and for how much of it the rule has a fix.
type faults struct{ faults, fixes int }

// findings scans each object as a file of its own and counts by rule.
func findings(t *testing.T, bartizan product.Binary, objects []exportObject) []map[string]faults {
	t.Helper()
	var report struct {
		Findings []struct {
			Rule     string
			Fix      json.RawMessage
			Evidence []struct{ File string }
		}
	}
	scanFiles(t, bartizan, objects).JSON(t, &report)
	out := make([]map[string]faults, len(objects))
	for i := range out {
		out[i] = map[string]faults{}
	}
	for _, f := range report.Findings {
		var i int
		if _, err := fmt.Sscanf(filepath.Base(f.Evidence[0].File), "%04d.json", &i); err != nil {
			t.Fatalf("a finding is of the file %q", f.Evidence[0].File)
		}
		n := out[i][f.Rule]
		n.faults++
		if len(f.Fix) > 0 && string(f.Fix) != "null" {
			n.fixes++
		}
		out[i][f.Rule] = n
	}
	return out
}

// scanFiles writes each object into a file named by its number, and scans them by every rule.
func scanFiles(t *testing.T, bartizan product.Binary, objects []exportObject) product.Result {
	t.Helper()
	dir := t.TempDir()
	for i, o := range objects {
		text, err := json.Marshal(o.object)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.json", i)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return bartizan.Run(t, nil, "scan", dir, "-o", "json", "--fail-on", "never", "--group", "security,reliability",
		"--kube-version", exportVersion)
}

// inNamespace moves an object; one outside of namespaces stays there.
func inNamespace(o *unstructured.Unstructured, namespace string) *unstructured.Unstructured {
	o = o.DeepCopy()
	if o.GetNamespace() != "" {
		o.SetNamespace(namespace)
	}
	return o
}

// boundApart binds each policy to the namespace of its rule.
func boundApart(t *testing.T, policies []*unstructured.Unstructured) []*unstructured.Unstructured {
	t.Helper()
	for _, p := range policies {
		if p.GetKind() != "MutatingAdmissionPolicyBinding" {
			continue
		}
		if strings.HasPrefix(p.GetName(), "bartizan-namespace-") {
			continue // a namespace is selected by its own labels
		}
		namespace := "fix-" + strings.TrimPrefix(p.GetName(), "bartizan-")
		selector := map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": namespace}}
		if err := unstructured.SetNestedMap(p.Object, selector, "spec", "matchResources", "namespaceSelector"); err != nil {
			t.Fatal(err)
		}
	}
	return policies
}

// mend asks the API server what it would store of each object.
func mend(t *testing.T, c *cluster.Cluster, trials []trial) {
	t.Helper()
	config := c.Admin().Config
	disc, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := restmapper.GetAPIGroupResources(disc)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	kinds := restmapper.NewDiscoveryRESTMapper(groups)
	var namespaces []string
	for _, tr := range trials {
		if ns := tr.object.GetNamespace(); ns != "" && !slices.Contains(namespaces, ns) {
			namespaces = append(namespaces, ns)
			object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace",
				"metadata": map[string]any{"name": ns}}}
			if err := c.Apply(t.Context(), object); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := make(chan *trial)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for tr := range next {
				kind := tr.object.GroupVersionKind()
				mapping, err := kinds.RESTMapping(kind.GroupKind(), kind.Version)
				if err != nil {
					tr.invalid = err.Error()
					continue
				}
				var client dynamic.ResourceInterface = objects.Resource(mapping.Resource)
				if mapping.Scope.Name() != meta.RESTScopeNameRoot {
					client = objects.Resource(mapping.Resource).Namespace(tr.object.GetNamespace())
				}
				if tr.stored, err = client.Create(t.Context(), tr.object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
					tr.invalid = err.Error()
				}
			}
		})
	}
	for i := range trials {
		next <- &trials[i]
	}
	close(next)
	wg.Wait()
}
