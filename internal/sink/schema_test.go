package sink

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// published compiles a schema of docs/schema.
func published(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	for _, file := range []string{"findings-v1.schema.json", "findings-line-v1.schema.json"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("https://bartizan.dev/schema/"+file, parse(t, string(text))); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("https://bartizan.dev/schema/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("not JSON: %v\n%.300s", err, text)
	}
	return v
}

func TestJSONIsAsPublished(t *testing.T) {
	s := published(t, "findings-v1.schema.json")
	plain, comply, empty, hostile := sampleRun(t), sampleRun(t), &Run{}, hostileRun(t)
	withFramework(comply)
	for name, text := range map[string]string{
		"plain": write(t, "json", plain, sampleFindings()), "comply": write(t, "json", comply, sampleFindings()),
		"empty": write(t, "json", empty, nil), "hostile": write(t, "json", hostile, hostileFindings()),
	} {
		if err := s.Validate(parse(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.Validate(parse(t, strings.Replace(write(t, "json", plain, sampleFindings()), `"severity"`, `"sevrity"`, 1))) == nil {
		t.Error("the schema takes a finding without severity: it tests nothing")
	}
}

func TestJSONLinesAreAsPublished(t *testing.T) {
	s := published(t, "findings-line-v1.schema.json")
	run := sampleRun(t)
	withFramework(run)
	lines := strings.Split(strings.TrimSuffix(write(t, "jsonl", run, sampleFindings()), "\n"), "\n")
	types := map[string]int{}
	for i, line := range lines {
		v := parse(t, line)
		if err := s.Validate(v); err != nil {
			t.Errorf("line %d: %v", i+1, err)
		}
		types[v.(map[string]any)["type"].(string)]++
	}
	want := map[string]int{"finding": 19, "gap": 2, "framework": 1, "summary": 1}
	for k, n := range want {
		if types[k] != n {
			t.Errorf("%d lines of type %s, want %d", types[k], k, n)
		}
	}
}

// fetched is the directory of a Go module that is not a dependency, fetched for this test only. Where it
// cannot be had the test is skipped, but not in CI.
func fetched(t *testing.T, module string) string {
	t.Helper()
	if testing.Short() && os.Getenv("CI") != "true" {
		t.Skip("fetches a module")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.Output()
	var m struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &m)
	}
	if err != nil || m.Dir == "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("cannot fetch %s: %v %s", module, err, out)
		}
		t.Skipf("cannot fetch %s: %v", module, err)
	}
	return m.Dir
}

// officialSARIF is the standard's own schema, which a library for SARIF carries as a Go constant.
func officialSARIF(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir := fetched(t, "github.com/owenrumney/go-sarif/v3@v3.3.1")
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "pkg", "report", "v210", "sarif", "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := constant(f.Scope.Lookup("schema").Decl.(*ast.ValueSpec).Values[0])
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sarif-2.1.0.json", parse(t, text)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func constant(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.BinaryExpr:
		return constant(e.X) + constant(e.Y)
	}
	return ""
}

func TestSARIFIsValid(t *testing.T) {
	s := officialSARIF(t)
	run := sampleRun(t)
	run.Held = held()
	for name, text := range map[string]string{
		"plain": write(t, "sarif", run, sampleFindings()), "empty": write(t, "sarif", &Run{}, nil),
		"cluster": write(t, "sarif", run, clusterFindings()), "hostile": write(t, "sarif", hostileRun(t), hostileFindings()),
	} {
		if err := s.Validate(parse(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.Validate(parse(t, strings.Replace(write(t, "sarif", run, nil), `"version": "2.1.0"`, `"version": "2.2.0"`, 1))) == nil {
		t.Error("the schema takes another version: it tests nothing")
	}
}

// TestOpenReportsFitTheirDefinition checks the objects against the schema that the API server would use.
func TestOpenReportsFitTheirDefinition(t *testing.T) {
	dir := fetched(t, "github.com/openreports/reports-api@v0.2.1")
	schemas := map[string]*jsonschema.Schema{}
	for kind, file := range map[string]string{"Report": "openreports.io_reports.yaml", "ClusterReport": "openreports.io_clusterreports.yaml"} {
		text, err := os.ReadFile(filepath.Join(dir, "config", "crd", file))
		if err != nil {
			t.Fatal(err)
		}
		var crd struct {
			Spec struct {
				Versions []struct {
					Schema struct{ OpenAPIV3Schema json.RawMessage }
				}
			}
		}
		if err := yaml.Unmarshal(text, &crd); err != nil {
			t.Fatal(err)
		}
		schema := parse(t, string(crd.Spec.Versions[0].Schema.OpenAPIV3Schema))
		strict(schema)
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft4)
		if err := c.AddResource(kind, schema); err != nil {
			t.Fatal(err)
		}
		schemas[kind] = c.MustCompile(kind)
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal([]byte(write(t, "openreports", hostileRun(t), append(hostileFindings(), sampleFindings()...))), &list); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, item := range list.Items {
		v := parse(t, string(item))
		kind := v.(map[string]any)["kind"].(string)
		kinds[kind]++
		if err := schemas[kind].Validate(v); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if kinds["Report"] == 0 || kinds["ClusterReport"] == 0 {
		t.Errorf("kinds %v: want both", kinds)
	}
}

// strict makes unknown fields an error, as kubectl --validate=strict does.
func strict(schema any) {
	m, ok := schema.(map[string]any)
	if !ok {
		return
	}
	if props, ok := m["properties"].(map[string]any); ok {
		if _, open := m["additionalProperties"]; !open {
			m["additionalProperties"] = false
		}
		for name, p := range props {
			if name != "metadata" {
				strict(p)
			}
		}
	}
	strict(m["items"])
}
