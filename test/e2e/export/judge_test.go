package export

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// verdict is what the API server said of one object.
type verdict struct {
	invalid  string // why there is no verdict
	failed   []string
	cut      bool
	warnings []string
}

// brief makes policies warn in few words: the API server drops warnings beyond 4096 characters, and an object may fail
// many policies. What they match and what they test stays as it was exported.
func brief(t *testing.T, policies []*unstructured.Unstructured) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for i, p := range policies {
		p = p.DeepCopy()
		switch p.GetKind() {
		case "ValidatingAdmissionPolicy":
			validations, _, err := unstructured.NestedSlice(p.Object, "spec", "validations")
			if err != nil || len(validations) != 1 {
				t.Fatalf("%s has %d validations, not one: %v", p.GetName(), len(validations), err)
			}
			validation := validations[0].(map[string]any)
			validation["message"] = "-"
			delete(validation, "messageExpression")
			if err := unstructured.SetNestedSlice(p.Object, validations, "spec", "validations"); err != nil {
				t.Fatal(err)
			}
		case "ValidatingAdmissionPolicyBinding":
			p.SetName(fmt.Sprintf("b%d", i))
		}
		out = append(out, p)
	}
	return out
}

// applyPolicies applies policies as they were exported and waits until the last of them is in force.
func applyPolicies(t *testing.T, c *cluster.Cluster, policies []*unstructured.Unstructured) {
	t.Helper()
	for _, object := range policies {
		if err := c.Apply(t.Context(), object); err != nil {
			t.Fatalf("the API server does not accept an exported object: %v", err)
		}
	}
	applyFile(t, c, "testdata/canary.yaml")
	cluster.Eventually(t, 20*time.Second, func() error {
		canary := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{"name": "canary", "namespace": "default"}}}
		got, err := c.Admit(t.Context(), canary)
		if err == nil && !slices.Contains(got.Policies(), "zz-canary") {
			err = fmt.Errorf("the policy that was applied last is not in force: %+v", got)
		}
		return err
	})
}

// askAll asks the API server about every object, four at a time.
func askAll(t *testing.T, c *cluster.Cluster, objects []exportObject) []verdict {
	t.Helper()
	verdicts := make([]verdict, len(objects))
	next := make(chan int)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range next {
				verdicts[i] = ask(t, c, objects[i].object)
			}
		})
	}
	for i := range objects {
		next <- i
	}
	close(next)
	wg.Wait()
	return verdicts
}

func ask(t *testing.T, c *cluster.Cluster, object *unstructured.Unstructured) verdict {
	got, err := c.Admit(t.Context(), object)
	switch {
	case err == nil:
	case apierrors.IsInvalid(err):
		return verdict{invalid: object.GetKind() + " is not valid: " + err.Error()}
	default:
		return verdict{invalid: err.Error()}
	}
	v := verdict{cut: got.Cut(), warnings: got.Warnings}
	for _, name := range got.Policies() {
		v.failed = append(v.failed, strings.TrimPrefix(name, "bartizan-"))
	}
	return v
}

// about is what the API server said of one rule.
func (v verdict) about(id string) string {
	for _, w := range v.warnings {
		if strings.Contains(w, "'bartizan-"+id+"'") {
			return w
		}
	}
	return ""
}

// applyFile applies the objects of a file.
func applyFile(t *testing.T, c *cluster.Cluster, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.Objects(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(t.Context(), objects...); err != nil {
		t.Fatal(err)
	}
}
