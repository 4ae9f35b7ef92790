package path_test

import (
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/path"
)

// hostile has a name with everything in it that a picture must not take at its word.
const hostile = `
apiVersion: v1
kind: Pod
metadata: {name: "a\"]; <b>&'\\\x1b\u00e9\u202e\u2066\u200b\x85]]>--", namespace: shop}
spec: {serviceAccountName: x, containers: [{name: main, image: main}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: x}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: x, namespace: shop}]
`

// TestDraw checks that pictures are well-formed whatever things are called, and alone in their file.
func TestDraw(t *testing.T) {
	text, _ := clustergen.Paths(clustergen.PathOptions{Seed: 3, Namespaces: 2, Workloads: 4, Accounts: 4, Chains: 3})
	for name, manifests := range map[string]string{"planted": text, "hostile": hostile, "none": "{}"} {
		var paths []path.Path
		if name != "none" {
			g := build(t, manifests, three...)
			paths = g.List(g.Sources(path.SourcesWorkloads), g.Targets())
			if len(paths) == 0 {
				t.Fatalf("%s: no path", name)
			}
		}
		svg := path.SVG(paths)
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v in\n%s", name, err, svg)
			}
			if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "script" || e.Name.Local == "b") {
				t.Errorf("%s: a name became the element %s", name, e.Name.Local)
			}
		}
		for i := range paths {
			if told := paths[i].Severity().String() + ", " + paths[i].Likelihood() + "<"; !strings.Contains(svg, told) {
				t.Errorf("%s: the picture does not say %q: colour alone does not", name, told)
			}
		}
		dot := path.Dot(paths)
		if strings.ContainsAny(svg+dot, "\x1b\u202e\u2066\u200b\u0085") {
			t.Errorf("%s: a character that is not seen reached a picture", name)
		}
		for _, line := range strings.Split(dot, "\n") {
			if n := strings.Count(strings.ReplaceAll(line, `\"`, ""), `"`); n%2 != 0 {
				t.Errorf("%s: quotes do not match in %s", name, line)
			}
		}
	}
}

// TestSameEachTime builds and asks twice.
func TestSameEachTime(t *testing.T) {
	text, _ := clustergen.Paths(clustergen.PathOptions{Seed: 5, Namespaces: 3, Workloads: 20, Accounts: 10, Bindings: 60, Chains: 5, Replicas: 2})
	ask := func() ([]path.Path, *path.Cut, []path.Choke) {
		g := build(t, text, three...)
		sources, targets := g.Sources(path.SourcesInternet, path.SourcesWorkloads, path.SourcesIdentities), g.Targets()
		c, err := g.Cut(sources, targets, nil)
		if err != nil {
			t.Fatal(err)
		}
		return g.List(sources, targets), c, g.Chokes(sources, targets)
	}
	list, cut, chokes := ask()
	for range 3 {
		l, c, k := ask()
		if !reflect.DeepEqual(l, list) || !reflect.DeepEqual(c, cut) || !reflect.DeepEqual(k, chokes) {
			t.Fatal("the answers differ from run to run")
		}
	}
}
