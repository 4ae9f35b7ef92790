package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/document"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// read makes a world of manifests.
func read(t testing.TB, text string) (*world.World, []*kube.Object) {
	t.Helper()
	var entities []bartizan.Entity
	var objects []*kube.Object
	for _, it := range document.Items(text, document.Stream{Source: "manifest", File: "objects.yaml", Named: true}) {
		if it.Gap != nil {
			t.Fatalf("objects.yaml:%d: %s", it.Gap.Origin.Line, it.Gap.Reason)
		}
		entities = append(entities, *it.Entity)
		objects = append(objects, it.Entity.Value.(*kube.Object))
	}
	return world.New(entities), objects
}

// judge writes down everything that policies say of objects.
func judge(t testing.TB, policies, objects string) string {
	t.Helper()
	set, err := Load([]File{{"policies.yaml", policies}}, rule.Latest)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	w, all := read(t, objects)
	var b strings.Builder
	result, err := set.Judge(t.Context(), w, all, func(f bartizan.Finding) error {
		fmt.Fprintf(&b, "%s %s [%s] %s\n", f.Rule, f.Subject, f.Severity, f.Message)
		for _, e := range f.Evidence {
			fmt.Fprintf(&b, "    %d %s %q\n", e.Origin.Line, e.Path, e.Value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range result.Gaps {
		fmt.Fprintf(&b, "gap %s:%d:%d: %s\n", g.Origin.File, g.Origin.Line, g.Origin.Column, g.Reason)
	}
	for _, r := range set.Rules() {
		if c, ok := result.Tally[r.ID]; ok {
			fmt.Fprintf(&b, "%s: %d passed, %d failed, %d not evaluated\n", r.ID, c.Passed, c.Failed, c.NotEvaluated)
		}
	}
	return b.String()
}

// TestCases evaluates the archives of testdata: policies over objects.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string]string{}
			for _, f := range archive.Files {
				parts[f.Name] = string(f.Data)
			}
			got := judge(t, parts["policies.yaml"], parts["objects.yaml"])
			if *update {
				archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
				archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != parts["want"] {
				t.Errorf("got:\n%s\nwant:\n%s", got, parts["want"])
			}
		})
	}
}

// TestMatrix evaluates all policies of testdata/matrix on all objects. A real API server says the same: see
// TestPoliciesOffline in test/e2e.
func TestMatrix(t *testing.T) {
	var text [3]string
	for i, name := range []string{"policies.yaml", "objects.yaml", "want"} {
		data, err := os.ReadFile(filepath.Join("testdata/matrix", name))
		if err != nil && i < 2 {
			t.Fatal(err)
		}
		text[i] = string(data)
	}
	got := judge(t, text[0], text[1])
	if *update {
		if err := os.WriteFile("testdata/matrix/want", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != text[2] {
		t.Errorf("got:\n%s\nwant:\n%s", got, text[2])
	}
	if strings.Contains(got, "correct horse") || strings.Contains(got, "battery-staple") {
		t.Error("the value of a Secret is shown")
	}
}

// TestRepeats evaluates twice at once and expects the same text.
func TestRepeats(t *testing.T) {
	policies, err := os.ReadFile("testdata/matrix/policies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := os.ReadFile("testdata/matrix/objects.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := judge(t, string(policies), string(objects))
	for range 3 {
		if got := judge(t, string(policies), string(objects)); got != want {
			t.Fatalf("another run says:\n%s\nnot:\n%s", got, want)
		}
	}
}

// TestCancelled ends when the context does.
func TestCancelled(t *testing.T) {
	set, err := Load([]File{{"p.yaml", basic}}, rule.Latest)
	if err != nil {
		t.Fatal(err)
	}
	w, all := read(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := set.Judge(ctx, w, all, func(bartizan.Finding) error { return nil }); err == nil {
		t.Error("a cancelled run ends without an error")
	}
}

const basic = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: basic}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations: [{expression: ` + basicExpression + `}]
`

const basicExpression = `"object.spec.containers.size() > 1"`

// TestPlural holds the rule for resources against the irregular built-in kinds.
func TestPlural(t *testing.T) {
	for kind, want := range map[string]string{
		"Pod": "pods", "Ingress": "ingresses", "NetworkPolicy": "networkpolicies", "Endpoints": "endpoints", "Gateway": "gateways",
		"IngressClass": "ingressclasses", "IPAddress": "ipaddresses", "DeviceClass": "deviceclasses", "Proxy": "proxies",
	} {
		if got := plural(kind); got != want {
			t.Errorf("the resource of %s is %s, not %s", kind, got, want)
		}
	}
}

// FuzzLoad reads anything without a panic, and evaluates what loads.
func FuzzLoad(f *testing.F) {
	f.Add(basic)
	f.Add(strings.ReplaceAll(basic, "size()", "all(c, c.x"))
	if data, err := os.ReadFile("testdata/matrix/policies.yaml"); err == nil {
		for _, doc := range bytes.Split(data, []byte("\n---\n")) {
			f.Add(string(doc))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := Load([]File{{"fuzz.yaml", text}}, rule.Latest)
		if err == nil && len(set.Rules()) == 0 {
			t.Error("no fault, and no policy")
		}
	})
}

// FuzzJudge evaluates expressions, in one environment: setting one up would take most of the time.
func FuzzJudge(f *testing.F) {
	for _, x := range []string{"true", "object.spec.containers.size() > 0", "object.spec.containers.all(c, c.x)", "params", "request.name + 1", "[", "'" + strings.Repeat("a", 9)} {
		f.Add(x)
	}
	w, objects := read(f, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n")
	env := newEnvironments(rule.Latest)
	f.Fuzz(func(t *testing.T, expression string) {
		quoted, err := json.Marshal(expression)
		if err != nil {
			t.Fatal(err)
		}
		set, err := Load([]File{{"fuzz.yaml", strings.ReplaceAll(basic, basicExpression, string(quoted))}}, rule.Latest)
		if err != nil {
			return
		}
		set.env = env
		if _, err := set.Judge(t.Context(), w, objects, func(bartizan.Finding) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
}
