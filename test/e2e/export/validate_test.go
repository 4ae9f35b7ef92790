package export

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// exportVersion is the version of the servers; rules differ between versions.
const exportVersion = "1.36"

// difference is one that is expected: the API server judges what it has filled in, a scan what was written.
type difference struct {
	rules  []string
	reason string
	holds  func(*unstructured.Unstructured) bool
}

var expectedDifferences = []difference{
	{[]string{"pss-volume-types", "workload-unlimited-empty-dir"},
		"the API server makes a volume that names no source an emptyDir", sourcelessVolume},
	{[]string{"pss-host-ports"},
		"the API server takes every port of a pod with hostNetwork as a port of the node", hostNetworkPort},
	{[]string{"workload-deprecated-service-account"},
		"the API server copies serviceAccount to serviceAccountName", oldServiceAccount},
	{[]string{"image-pull-policy"},
		"the API server sets imagePullPolicy IfNotPresent for every tag but latest, other moving ones included", unsaidPullPolicy},
}

// sourcelessVolume says whether a volume of the pod says nothing but its name, or null.
func sourcelessVolume(o *unstructured.Unstructured) bool {
	volumes, _, _ := unstructured.NestedSlice(map[string]any{"pod": podSpec(o)}, "pod", "volumes")
	return slices.ContainsFunc(volumes, func(v any) bool {
		for key, value := range v.(map[string]any) {
			if key != "name" && value != nil {
				return false
			}
		}
		return true
	})
}

// unsaidPullPolicy says whether a container leaves it open when its image is pulled.
func unsaidPullPolicy(o *unstructured.Unstructured) bool {
	for _, list := range []string{"containers", "initContainers"} {
		containers, _ := podSpec(o)[list].([]any)
		if slices.ContainsFunc(containers, func(c any) bool { return c.(map[string]any)["imagePullPolicy"] == nil }) {
			return true
		}
	}
	return false
}

// oldServiceAccount says whether the pod names its service account by the old field alone.
func oldServiceAccount(o *unstructured.Unstructured) bool {
	return podSpec(o)["serviceAccount"] != nil && podSpec(o)["serviceAccountName"] == nil
}

// hostNetworkPort says whether the object is a pod on the node's network with a container port and no host port.
func hostNetworkPort(o *unstructured.Unstructured) bool {
	if o.GetKind() != "Pod" || podSpec(o)["hostNetwork"] != true {
		return false
	}
	for _, list := range []string{"containers", "initContainers"} {
		containers, _ := podSpec(o)[list].([]any)
		for _, c := range containers {
			ports, _ := c.(map[string]any)["ports"].([]any)
			for _, p := range ports {
				if port := p.(map[string]any)["hostPort"]; port == nil || port == int64(0) {
					return true
				}
			}
		}
	}
	return false
}

// expected says whether a difference is on the list, and notes that it occurred.
func expected(id string, o *unstructured.Unstructured, used map[string]bool) bool {
	for _, d := range expectedDifferences {
		if slices.Contains(d.rules, id) && d.holds(o) {
			used[id] = true
			return true
		}
	}
	return false
}

// TestExportedPoliciesJudgeAsScanDoes exports every rule that can be, applies the policies, and asks the API server
// about every example of the rules and about generated objects. For each object, the rules whose policy failed must
// be the rules that a scan of the same object reports.
func TestExportedPoliciesJudgeAsScanDoes(t *testing.T) {
	t.Parallel()
	bartizan := product.Build(t)
	// The security rules: with every rule at once a bad pod would fail more policies than the API server has
	// room to warn of.
	policies := slices.DeleteFunc(exportAll(t, bartizan), func(o *unstructured.Unstructured) bool {
		return strings.HasPrefix(o.GetName(), "bartizan-reliability-")
	})
	c := cluster.Start(t, cluster.Hardened, cluster.PoliciesOnly())
	objects := append(exampleObjects(t), generatedObjects(120)...)
	applyDefinitions(t, c, objects)
	applyPolicies(t, c, brief(t, policies))

	started := time.Now()
	verdicts := askAll(t, c, objects)
	t.Logf("%d verdicts in %s", len(verdicts), time.Since(started).Round(time.Millisecond))
	scanned := scanObjects(t, bartizan, objects)
	exported := exportedRules(policies)

	judged, invalid, cut, differences := 0, 0, 0, 0
	used := map[string]bool{}
	failing := map[string]bool{}
	for i, object := range objects {
		if verdicts[i].invalid != "" {
			invalid++
			t.Logf("no verdict on %s: %.300s", object.name, verdicts[i].invalid)
			continue
		}
		judged++
		if verdicts[i].cut {
			cut++
			t.Logf("%s fails more policies than the API server warns of", object.name)
			continue
		}
		for _, id := range exported {
			admission, scan := slices.Contains(verdicts[i].failed, id), slices.Contains(scanned[i].failed, id)
			if scan {
				failing[id] = true
			}
			if admission == scan {
				continue
			}
			if expected(id, object.object, used) {
				continue
			}
			differences++
			if differences <= 60 {
				t.Errorf("%s on %s: the API server fails it: %v, a scan: %v (not evaluated: %v; %s)", id, object.name, admission, scan,
					scanned[i].gap, verdicts[i].about(id))
			}
		}
	}
	t.Logf("%d rules exported, %d objects judged, %d not valid or not served, %d rules failed by some object, %d differences",
		len(exported), judged, invalid, len(failing), differences)
	if cut*50 > judged {
		t.Errorf("of %d objects the warnings of %d were cut: shorten them", judged, cut)
	}
	if invalid*10 > len(objects)*3 {
		t.Errorf("%d of %d objects are not valid: too few are compared", invalid, len(objects))
	}
	if len(exported) < 150 || judged < 300 || len(failing) < len(exported)*2/3 {
		t.Errorf("only %d rules were exported, %d objects judged, %d rules ever failed", len(exported), judged, len(failing))
	}
	for _, d := range expectedDifferences {
		for _, id := range d.rules {
			if !used[id] {
				t.Errorf("%s: the expected difference does not occur (%s): take it off the list", id, d.reason)
			}
		}
	}
}

// exportAll exports every rule that can be exported, to warn.
func exportAll(t *testing.T, bartizan product.Binary) []*unstructured.Unstructured {
	t.Helper()
	return exportObjects(t, bartizan, "*", "--action", "warn", "--kube-version", exportVersion)
}

// exportObjects runs rule export and reads what it wrote.
func exportObjects(t *testing.T, bartizan product.Binary, args ...string) []*unstructured.Unstructured {
	t.Helper()
	result := bartizan.Run(t, nil, append([]string{"rule", "export"}, args...)...)
	if result.Code != 0 {
		t.Fatalf("rule export %q ends with code %d\n%s", args, result.Code, result.Stderr)
	}
	objects, err := cluster.Objects(result.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// exportedRules are the ids of the rules that the policies are made from.
func exportedRules(policies []*unstructured.Unstructured) []string {
	var ids []string
	for _, p := range policies {
		if strings.HasSuffix(p.GetKind(), "AdmissionPolicy") {
			ids = append(ids, strings.TrimPrefix(p.GetName(), "bartizan-"))
		}
	}
	return ids
}

// scanned is what a scan says of one object.
type scanned struct {
	failed []string
	gap    string
}

// scanObjects scans each object as a file of its own, by every rule.
func scanObjects(t *testing.T, bartizan product.Binary, objects []exportObject) []scanned {
	t.Helper()
	var report struct {
		Findings []struct {
			Rule     string
			Evidence []struct{ File string }
		}
		Gaps []struct{ File, Reason string }
	}
	scanFiles(t, bartizan, objects).JSON(t, &report)
	out := make([]scanned, len(objects))
	at := func(file string) *scanned {
		var i int
		if _, err := fmt.Sscanf(filepath.Base(file), "%04d.json", &i); err != nil || i >= len(out) {
			t.Fatalf("a finding is of the file %q", file)
		}
		return &out[i]
	}
	for _, f := range report.Findings {
		s := at(f.Evidence[0].File)
		s.failed = append(s.failed, f.Rule)
	}
	for _, g := range report.Gaps {
		at(g.File).gap += g.Reason
	}
	return out
}
