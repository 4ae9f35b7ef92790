package kube_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

func decode(text string) (objects []*kube.Object, errs []error) {
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return objects, append(errs, err)
		}
		o, e := kube.Decode(doc, bartizan.Origin{Source: "test", File: "t.yaml"})
		objects, errs = append(objects, o...), append(errs, e...)
	}
	return objects, errs
}

// TestWorkloads finds the one privileged container in every shape that holds a pod template.
func TestWorkloads(t *testing.T) {
	pod := "containers: [{name: c, image: i}]"
	for name, text := range map[string]string{
		"Pod":                   "apiVersion: v1\nkind: Pod\nspec: {" + pod + "}",
		"init container only":   "apiVersion: v1\nkind: Pod\nspec: {initContainers: [{name: c}]}",
		"PodTemplate":           "apiVersion: v1\nkind: PodTemplate\ntemplate: {spec: {" + pod + "}}",
		"ReplicationController": "apiVersion: v1\nkind: ReplicationController\nspec: {template: {spec: {" + pod + "}}}",
		"Deployment":            "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {" + pod + "}}}",
		"old Deployment":        "apiVersion: extensions/v1beta1\nkind: Deployment\nspec: {template: {spec: {" + pod + "}}}",
		"CronJob":               "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {" + pod + "}}}}}",
		"List":                  "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod, spec: {" + pod + "}}]",
		"List in a List":        "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, spec: {" + pod + "}}]}]",
		"PodList":               "apiVersion: v1\nkind: PodList\nitems: [{apiVersion: v1, kind: Pod, spec: {" + pod + "}}]",
		"PodList of the API":    "apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}, spec: {" + pod + "}}]",
		"half a type":           "apiVersion: v1\nkind: PodList\nitems: [{kind: Pod, metadata: {name: a}, spec: {" + pod + "}}]",
		"list in a typed list":  "apiVersion: v1\nkind: PodList\nitems: [{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, spec: {" + pod + "}}]}]",
		"JSON":                  `{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c"}]}}`,
		"anchors and merge":     "apiVersion: v1\nkind: Pod\nx: &x {image: i}\nspec: {containers: [{<<: *x, name: c}]}",
		"Argo Rollout":          "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {template: {spec: {" + pod + "}}}",
		"Knative Service":       "apiVersion: serving.knative.dev/v1\nkind: Service\nspec: {template: {spec: {" + pod + "}}}",
		"deep in a resource":    "apiVersion: x.io/v1\nkind: X\nspec: {a: [{b: {podSpec: {" + pod + "}}}]}",
	} {
		objects, errs := decode(text)
		if len(errs) > 0 || len(objects) != 1 || len(objects[0].Workloads) != 1 {
			t.Errorf("%s: %d objects, errors %v; want one with one workload", name, len(objects), errs)
		}
	}
	for name, text := range map[string]string{
		"CustomResourceDefinition": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {" + pod + "}",
		"Service":                  "apiVersion: v1\nkind: Service\nspec: {" + pod + "}",
		"names without image":      "apiVersion: x.io/v1\nkind: X\nspec: {containers: [{name: c}]}",
		"texts":                    "apiVersion: x.io/v1\nkind: X\nspec: {containers: [a, b]}",
	} {
		objects, errs := decode(text)
		if len(errs) > 0 || len(objects) != 1 || len(objects[0].Workloads) != 0 {
			t.Errorf("%s: errors %v, objects %v; want one without a workload", name, errs, objects)
		}
	}
}

func TestRefs(t *testing.T) {
	for text, want := range map[string]string{
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}":                  "Deployment b/a",
		"apiVersion: argoproj.io/v1\nkind: Rollout\nmetadata: {name: a, namespace: b}":              "Rollout.argoproj.io b/a",
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: a}":                                      "Namespace a",
		"apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}":                             "Job a-*",
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: '1', namespace: x}": "Role x/1",
	} {
		objects, errs := decode(text)
		if len(errs) > 0 || len(objects) != 1 || objects[0].Ref.String() != want {
			t.Errorf("%s: %v %v, want %s", text, objects, errs, want)
		}
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1":                                   kube.ErrNotKubernetes.Error(),
		"[1]":                                    kube.ErrNotKubernetes.Error(),
		"kind: x":                                kube.ErrNotKubernetes.Error(),
		"kind: Pod\nmetadata: {}\nspec: {}":      "apiVersion or kind is missing",
		"kind: Role\nmetadata: {}\nrules: []":    "apiVersion or kind is missing",
		"apiVersion: 1\nkind: Pod":               "must be strings",
		"apiVersion: v1\nkind: [Pod]":            "must be strings",
		"apiVersion: v1\nkind: Pod\nmetadata: x": "metadata is a string",
	} {
		objects, errs := decode(text)
		if len(objects) != 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%s: %v %v, want %s", text, objects, errs, want)
		}
	}
	nested := strings.Repeat("{apiVersion: v1, kind: List, items: [", 20) + strings.Repeat("]}", 20)
	if _, errs := decode(nested); len(errs) != 1 || !strings.Contains(errs[0].Error(), "nested") {
		t.Errorf("lists in lists: %v", errs)
	}
	// One bad item does not take the others with it.
	objects, errs := decode("apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod}, 7, {apiVersion: v1, kind: Service}]")
	if len(objects) != 2 || len(errs) != 1 || !errors.Is(errs[0], kube.ErrNotKubernetes) {
		t.Errorf("%v %v", objects, errs)
	}
}

// TestTypedLists reads lists as the API server writes them: only the list says what the items are.
func TestTypedLists(t *testing.T) {
	text := "apiVersion: apps/v1\nkind: DeploymentList\nmetadata: {resourceVersion: '1'}\nitems:\n" +
		"- metadata: {name: a, namespace: ns}\n  spec: {template: {spec: {containers: [{name: c, image: i}]}}}\n" +
		"- apiVersion: v1\n  kind: Service\n  metadata: {name: b}\n" +
		"- 7\n" +
		"- metadata: {name: d}\n"
	objects, errs := decode(text)
	var got []string
	for _, o := range objects {
		got = append(got, fmt.Sprintf("%d %s %s/%s", o.Origin.Line, o.Ref, o.Group, o.Version))
	}
	want := "[5 Deployment ns/a apps/v1 7 Service b /v1 11 Deployment d apps/v1]"
	if fmt.Sprint(got) != want || len(errs) != 1 || !errors.Is(errs[0], kube.ErrNotKubernetes) {
		t.Errorf("%v %v, want %s", got, errs, want)
	}
	image := objects[0].Workloads[0].Pod.Lookup("/containers/0/image")
	line, _ := image.KeyPos()
	if file, at := objects[0].Provenance.At(line); file != "t.yaml" || at != 6 || objects[0].Root.Get("kind").Str() != "Deployment" {
		t.Errorf("the image stands at %s:%d", file, at)
	}
	// A List does not say what its items are, and a kind may merely be called a list.
	if objects, errs := decode("apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]"); len(objects) != 0 || len(errs) != 1 {
		t.Errorf("%v %v", objects, errs)
	}
	objects, errs = decode("apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: a}\nitems: [{cidr: 10.0.0.0/8}]")
	if len(errs) != 0 || len(objects) != 1 || objects[0].Ref.String() != "AllowList.x.io a" {
		t.Errorf("%v %v", objects, errs)
	}
}

// FuzzDecode looks for panics and for objects without a kind.
func FuzzDecode(f *testing.F) {
	f.Add("apiVersion: v1\nkind: List\nitems: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {containers: []}}}}]")
	f.Add("apiVersion: x.io/v1\nkind: X\nspec: {containers: [{image: a}]}")
	f.Fuzz(func(t *testing.T, text string) {
		objects, _ := decode(text)
		for _, o := range objects {
			if o.Ref.Kind == "" || o.Kind == "" || !o.Root.Exists() {
				t.Errorf("%q: %s", text, fmt.Sprint(o.Ref))
			}
		}
	})
}
