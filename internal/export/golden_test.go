package export_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/export"
	"github.com/bartizan-dev/bartizan/rule"
)

var update = flag.Bool("update", false, "write what is exported now as what is expected")

func readRule(t *testing.T, file string) *rule.Rule {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rule.Parse(file, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGolden exports the rules of testdata, the same each time.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.rule")
	if err != nil || len(files) == 0 {
		t.Fatalf("finding testdata: %d files, %v", len(files), err)
	}
	config := export.Config{Version: rule.Version{Major: 1, Minor: 36}, Actions: []string{"Warn", "Audit"}, ExcludeNamespaces: []string{"kube-system"}}
	for _, file := range files {
		r := readRule(t, file)
		for _, as := range []struct {
			name string
			make func(*rule.Rule, export.Config) (*export.Policy, error)
		}{{"vap", export.Validating}, {"map", export.Mutating}} {
			golden := strings.TrimSuffix(file, ".rule") + "." + as.name + ".yaml"
			var got []byte
			for range 3 {
				p, err := as.make(r, config)
				if err != nil {
					t.Fatal(err)
				}
				text, err := export.YAML(p.Objects)
				if err != nil {
					t.Fatal(err)
				}
				for _, note := range p.Notes {
					text = fmt.Appendf(text, "# note: %s\n", note)
				}
				if got != nil && !bytes.Equal(got, text) {
					t.Errorf("%s: the export differs from one time to the next", golden)
				}
				got = text
			}
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: want\n%s\ngot\n%s\n(-update writes it)", golden, want, got)
			}
		}
	}
}

// TestRefusals exports what no policy can say, and reads the reason.
func TestRefusals(t *testing.T) {
	const head = "id: example-x\ntitle: X\nseverity: low\nwhy: Because.\n"
	v136, v129 := rule.Version{Major: 1, Minor: 36}, rule.Version{Major: 1, Minor: 29}
	for _, test := range []struct {
		rule   string
		config export.Config
		as     func(*rule.Rule, export.Config) (*export.Policy, error)
		want   string
	}{
		{"on: KubeletConfiguration.kubelet.config.k8s.io\nfind: object.x", export.Config{}, export.Validating, "a configuration file, which no API server sees"},
		{"on: MutatingWebhookConfiguration\nfind: object.x", export.Config{}, export.Validating, "shows MutatingWebhookConfiguration objects to no admission policy"},
		{"on: Image\nfind: object.x", export.Config{}, export.Validating, "Image is not a kind that the API serves"},
		{"on: Pod\nfind: object.x", export.Config{Version: v129}, export.Validating, "no stable ValidatingAdmissionPolicy: it needs 1.30"},
		{"on: Pod\nfind: object.x\nfix: [{op: remove, path: x}]", export.Config{Version: v129}, export.Mutating, "no stable MutatingAdmissionPolicy: it needs 1.36"},
		{"on: Pod\nvariants: [{since: '1.0', find: object.x}, {since: '1.20', gone: true}]", export.Config{}, export.Validating, "does not exist in Kubernetes"},
		{"on: Pod\nfind: object.metadata.name + 1", export.Config{}, export.Validating, ""},
		{"on: Pod\nfind: object.x.size() > 'a'.size() && 'a'", export.Config{}, export.Validating, "would not compile"},
		{"on: Pod\nfind: object.x", export.Config{Version: v136}, export.Mutating, "it has no fix"},
		{"on: Pod\nfind: object.spec.containers.map(c, c.name + 'x')\nfix: [{op: remove, path: ''}]", export.Config{Version: v136}, export.Mutating, "has no place in the object"},
		{"on: Pod\nfind: object.spec.containers\nunsafe: It must be known. Ask.\nfix: [{op: remove, path: x}]", export.Config{Version: v136}, export.Mutating, "It must be known. Where that is known, add --unsafe"},
		{"on: Pod\nfind: object.spec.containers\nfix: [{op: remove, path: args/0}]", export.Config{Version: v136}, export.Mutating, "by its place"},
	} {
		r, err := rule.Parse("x.rule", head+test.rule+"\n")
		if err != nil {
			t.Errorf("%s: %v", test.rule, err)
			continue
		}
		if _, err = test.as(r, test.config); test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.rule, err, test.want)
		}
	}
}
