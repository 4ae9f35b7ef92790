package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// The texts in which the API server says that a policy failed.
var (
	warnedBy = regexp.MustCompile(`(?s)^Validation failed for ValidatingAdmissionPolicy '([^']+)' with binding '[^']+': (.*)$`)
	deniedBy = regexp.MustCompile(`(?s)ValidatingAdmissionPolicy '([^']+)' (?:with binding '[^']+' )?denied request: (.*)$`)
)

// fromDefaults are the differences that are left because the API server fills in more than bartizan does:
// "policy object" -> why. It is empty, and stays so while no policy of the matrix asks for such a field.
var fromDefaults = map[string]string{}

// matrixFile reads the objects of a file of internal/policy's matrix of policies and objects.
func matrixFile(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../internal/policy/testdata/matrix", name))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.Objects(text)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// TestPoliciesOffline holds the verdicts and messages of bartizan scan --rules against those of a real API server.
func TestPoliciesOffline(t *testing.T) {
	ctx, b := t.Context(), product.Build(t)
	c := cluster.Start(t, cluster.Hardened, cluster.PoliciesOnly())
	rules, objects := matrixFile(t, "policies.yaml"), matrixFile(t, "objects.yaml")
	policies := applyPolicies(ctx, t, c, rules, objects)

	var scan liveScan
	dir, err := filepath.Abs("../../internal/policy/testdata/matrix")
	if err != nil {
		t.Fatal(err)
	}
	r := b.Run(t, nil, "scan", filepath.Join(dir, "objects.yaml"), "--rules", filepath.Join(dir, "policies.yaml"), "-o", "json",
		"--kube-version", serverVersion, "--rule", "vap/*")
	if r.Code != 1 {
		t.Fatalf("scan ended with %d, want 1: %s", r.Code, r.Stderr)
	}
	r.JSON(t, &scan)
	offline := map[string]map[string]bool{}
	for _, f := range scan.Findings {
		name, ours := strings.CutPrefix(f.Rule, "vap/")
		if !ours {
			continue
		}
		key := objectKey(f.Subject.Kind, f.Subject.Namespace, f.Subject.Name)
		if offline[key] == nil {
			offline[key] = map[string]bool{}
		}
		offline[key][name+": "+f.Message] = true
	}
	var pairs, failures, invalid int
	cluster.Eventually(t, 40*time.Second, func() error {
		pairs, failures, invalid = 0, 0, 0
		var differences []string
		for _, o := range objects {
			key := objectKey(o.GetKind(), o.GetNamespace(), o.GetName())
			server, err := serverSays(ctx, c, o)
			if err != nil {
				invalid++
				t.Logf("skipped: %v", err)
				continue
			}
			pairs += policies
			failures += len(server)
			differences = append(differences, compare(key, offline[key], server)...)
		}
		if len(differences) > 0 {
			return fmt.Errorf("%d differences:\n%s", len(differences), strings.Join(differences, "\n"))
		}
		return nil
	})
	t.Logf("%d pairs of a policy and an object, %d failures with the same message, %d objects refused as invalid", pairs, failures, invalid)
	if pairs < 1000 || failures < 150 || invalid > 2 {
		t.Errorf("%d pairs, %d failures, %d invalid objects: too little was compared", pairs, failures, invalid)
	}
}

// applyPolicies puts namespaces, params, policies and bindings on the server, in the version that it serves.
func applyPolicies(ctx context.Context, t *testing.T, c *cluster.Cluster, rules, objects []*unstructured.Unstructured) (policies int) {
	t.Helper()
	var spaces, params, definitions, bindings []*unstructured.Unstructured
	for _, o := range objects {
		if o.GetKind() == "Namespace" {
			spaces = append(spaces, o)
		}
	}
	for _, o := range rules {
		switch o.GetKind() {
		case "ValidatingAdmissionPolicy":
			o.SetAPIVersion("admissionregistration.k8s.io/v1") // betas are not served
			definitions = append(definitions, o)
		case "ValidatingAdmissionPolicyBinding":
			o.SetAPIVersion("admissionregistration.k8s.io/v1")
			bindings = append(bindings, o)
		default:
			params = append(params, o)
		}
	}
	if err := c.Apply(ctx, slices.Concat(spaces, params, definitions, bindings)...); err != nil {
		t.Fatal(err)
	}
	return len(definitions)
}

func objectKey(kind, namespace, name string) string { return kind + " " + namespace + "/" + name }

// serverSays asks the server what all policies say of an object: "policy: message".
func serverSays(ctx context.Context, c *cluster.Cluster, o *unstructured.Unstructured) (map[string]bool, error) {
	answer, err := c.Admit(ctx, o)
	if err != nil {
		return nil, err
	}
	if answer.Cut() {
		return nil, fmt.Errorf("the server may have dropped warnings on %s", o.GetName())
	}
	said := map[string]bool{}
	for _, w := range answer.Warnings {
		if m := warnedBy.FindStringSubmatch(w); m != nil {
			said[m[1]+": "+m[2]] = true
		}
	}
	if m := deniedBy.FindStringSubmatch(answer.Message); m != nil {
		said[m[1]+": "+m[2]] = true
	} else if !answer.Allowed {
		return nil, fmt.Errorf("%s was refused by no policy: %s", o.GetName(), answer.Message)
	}
	return said, nil
}

// compare lists what only one of the two says.
func compare(key string, offline, server map[string]bool) []string {
	var differences []string
	for _, x := range slices.Sorted(maps.Keys(server)) {
		if policy, _, _ := strings.Cut(x, ": "); !offline[x] && fromDefaults[policy+" "+key] == "" {
			differences = append(differences, key+": only the server says "+x)
		}
	}
	for _, x := range slices.Sorted(maps.Keys(offline)) {
		if policy, _, _ := strings.Cut(x, ": "); !server[x] && fromDefaults[policy+" "+key] == "" {
			differences = append(differences, key+": only bartizan says "+x)
		}
	}
	return differences
}

// TestFaultyPoliciesAreRefused applies the policies whose expressions bartizan says do not compile: the API server
// does not take them either.
func TestFaultyPoliciesAreRefused(t *testing.T) {
	ctx, c := t.Context(), policies.Get(t)
	refused := 0
	for _, name := range []string{"syntax", "name", "block", "type", "message", "variable"} {
		text, err := os.ReadFile("../../internal/policy/testdata/bad-" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "-- policies.yaml --\n")
		faulty, want, _ := strings.Cut(rest, "-- objects.yaml --\n")
		if !strings.Contains(want, "\ngap policies.yaml:") {
			t.Errorf("bad-%s.txtar has no gap", name)
		}
		found, err := cluster.Objects([]byte(faulty))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range found {
			o.SetName("faulty-" + name)
			if answer, err := c.Admit(ctx, o); err == nil {
				t.Errorf("bad-%s.txtar: the API server takes the policy: %+v", name, answer)
				continue
			}
			refused++
		}
	}
	t.Logf("%d policies refused", refused)
}
