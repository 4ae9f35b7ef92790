package grant

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
)

// resourcesFile is the product's table of the built-in resources.
const resourcesFile = "../../../internal/grant/resources.txt"

// TestResourceTable proves that the product's table of resource names is what a real API server serves; with -update
// it writes it.
func TestResourceTable(t *testing.T) {
	c := live.Get(t)
	client, err := discovery.NewDiscoveryClientForConfig(c.Admin().Config)
	if err != nil {
		t.Fatal(err)
	}
	_, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	want := resourceTable(lists)
	path := filepath.FromSlash(resourcesFile)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("%s is not what the API server of Kubernetes %s serves: run this test with -update and review the difference", resourcesFile, version)
	}
}

// resourceTable writes one line for each resource, whatever its versions.
func resourceTable(lists []*metav1.APIResourceList) string {
	type entry struct {
		resource metav1.APIResource
		subs     []string
	}
	all := map[[2]string]*entry{}
	for _, l := range lists {
		group, _, found := strings.Cut(l.GroupVersion, "/")
		if !found {
			group = ""
		}
		for _, r := range l.APIResources {
			name, sub, _ := strings.Cut(r.Name, "/")
			key := [2]string{group, name}
			if all[key] == nil {
				all[key] = &entry{}
			}
			if sub == "" {
				all[key].resource = r
			} else if !slices.Contains(all[key].subs, sub) {
				all[key].subs = append(all[key].subs, sub)
			}
		}
	}
	var lines []string
	for key, e := range all {
		if e.resource.Name == "" {
			continue
		}
		group := key[0]
		if group == "" {
			group = "core"
		}
		scope := "cluster"
		if e.resource.Namespaced {
			scope = "namespaced"
		}
		slices.Sort(e.subs)
		lines = append(lines, strings.Join([]string{group, key[1], e.resource.SingularName, e.resource.Kind, scope, join(e.resource.ShortNames), join(e.subs)}, " "))
	}
	slices.Sort(lines)
	return fmt.Sprintf("# The resources of Kubernetes %s: group, plural, singular, kind, scope, short names, sub-resources.\n"+
		"# Written and kept equal to a real API server by test/e2e/grant (go test -run TestResourceTable -update).\n%s\n", version, strings.Join(lines, "\n"))
}

func join(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ",")
}
