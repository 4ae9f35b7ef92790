package export

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// exportObject is an object to be judged, with a name to find it by.
type exportObject struct {
	name   string
	object *unstructured.Unstructured
}

func sorted(texts []string) []string {
	slices.Sort(texts)
	return texts
}

// examplesPerRule is how many examples of a rule are read, and one object of each, unless BARTIZAN_E2E_FULL is set.
const examplesPerRule = 2

// exampleObjects reads examples of every rule in the tree, failing and passing ones in turn. A namespaced object without a namespace goes to
// "examples", in the text that is scanned as well.
func exampleObjects(t *testing.T) []exportObject {
	t.Helper()
	files, err := filepath.Glob("../../../rules/*/*.rule")
	if err != nil || len(files) == 0 {
		t.Fatalf("finding the rules: %d files, %v", len(files), err)
	}
	var all []exportObject
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, example := range examples(string(text)) {
			title, body, _ := strings.Cut(example, " --\n")
			objects, err := cluster.Objects([]byte(body))
			if err != nil {
				continue // not everything that a rule must survive is YAML that an API server reads
			}
			for i, o := range objects {
				if o.GetKind() == "" || o.GetAPIVersion() == "" || o.IsList() || onlyFile(o) || exempt(o) {
					continue
				}
				if o.GetNamespace() == "" && !clusterScoped[o.GetKind()] {
					o.SetNamespace("examples")
				}
				nameImages(o.Object)
				nameAccount(o)
				all = append(all, exportObject{fmt.Sprintf("%s %s#%d", filepath.Base(file), title, i), o})
				if os.Getenv("BARTIZAN_E2E_FULL") == "" {
					break
				}
			}
		}
	}
	return all
}

// examples are the texts of the examples in a rule file, each with its name; a failing one, a passing one, and so on.
func examples(text string) []string {
	var failing, passing, all []string
	for example := range strings.SplitSeq("\n"+text, "\n-- ") {
		switch {
		case strings.HasPrefix(example, "fail/"):
			failing = append(failing, example)
		case strings.HasPrefix(example, "pass/"):
			passing = append(passing, example)
		}
	}
	for i := range max(len(failing), len(passing)) {
		if i < len(failing) {
			all = append(all, failing[i])
		}
		if i < len(passing) {
			all = append(all, passing[i])
		}
	}
	if os.Getenv("BARTIZAN_E2E_FULL") == "" {
		all = all[:min(len(all), examplesPerRule)]
	}
	return all
}

// nameImages gives every container an image, without which an API server takes no pod and many an example does.
func nameImages(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			if list, ok := item.([]any); ok && strings.HasSuffix(strings.ToLower(key), "containers") {
				for _, c := range list {
					if c, ok := c.(map[string]any); ok && c["name"] != nil && c["image"] == nil {
						c["image"] = "registry.example.test/app:1"
					}
				}
			}
			nameImages(item)
		}
	case []any:
		for _, item := range v {
			nameImages(item)
		}
	}
}

// nameAccount gives a pod with a token of its own making a service account, without which an API server takes it not.
func nameAccount(o *unstructured.Unstructured) {
	volumes, _, _ := unstructured.NestedSlice(o.Object, "spec", "volumes")
	for _, v := range volumes {
		if v, ok := v.(map[string]any); ok && o.GetKind() == "Pod" && v["projected"] != nil && podSpec(o)["serviceAccountName"] == nil {
			o.Object["spec"].(map[string]any)["serviceAccountName"] = "web"
		}
	}
}

// podSpec finds the pod in an object or the template in it.
func podSpec(o *unstructured.Unstructured) map[string]any {
	path := []string{"spec", "template", "spec"}
	switch o.GetKind() {
	case "Pod":
		path = []string{"spec"}
	case "PodTemplate":
		path = []string{"template", "spec"}
	case "CronJob":
		path = []string{"spec", "jobTemplate", "spec", "template", "spec"}
	}
	spec, _, _ := unstructured.NestedMap(o.Object, path...)
	return spec
}
