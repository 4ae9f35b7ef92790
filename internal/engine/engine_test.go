package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
)

// judgeText runs one rule, given by the lines of its header that matter, on a text.
func judgeText(t *testing.T, header, text string, config engine.Config) ([]bartizan.Finding, engine.Result, error) {
	t.Helper()
	r, err := rule.Parse("t.rule", "id: own-t\ntitle: T\nseverity: low\nwhy: W\n"+header)
	if err != nil {
		t.Fatal(err)
	}
	var objects []*kube.Object
	var entities []bartizan.Entity
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			t.Fatal(err)
		}
		found, errs := kube.Decode(doc, bartizan.Origin{Source: "manifest", File: "t.yaml"})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for _, o := range found {
			objects, entities = append(objects, o), append(entities, o.Entity())
		}
	}
	e, err := engine.New([]*rule.Rule{r}, config)
	if err != nil {
		return nil, engine.Result{}, err
	}
	var all []bartizan.Finding
	result, err := e.Run(context.Background(), world.New(entities), objects, func(f bartizan.Finding) error {
		all = append(all, f)
		return nil
	})
	return all, result, err
}

const twoContainers = `apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: shop}
spec:
  template:
    metadata: {annotations: {a/b: odd}}
    spec:
      hostPID: true
      containers:
        - name: one
          image: x:latest
          args: [--a, --b]
        - {name: two, image: why}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {level: strict}}
`

// TestHits checks what a find expression may give, and where its findings point.
func TestHits(t *testing.T) {
	for header, want := range map[string]string{
		"on: Workload\nfind: containers\nmessage: container {{.name}}":                                      "10:container one 13:container two",
		"on: Workload\nfind: containers\nat: args/1\nmessage: m":                                            "12:m 13:m",
		"on: Workload\nfind: containers.map(c, c.?args.orValue([]))\nmessage: '{{.}} of {{container}}'":     "12:--a of one 12:--b of one",
		"on: Workload\nfind: pod.?hostPID.orValue(false)\nat: hostPID\nmessage: m":                          "8:m",
		"on: Workload\nfind: '[pod.hostPID]'\nmessage: '{{key}} is {{.}} for {{where}}'":                    "8:hostPID is true for the pod",
		"on: Deployment\nfind: object.?metadata.?name\nmessage: '{{.}}'":                                    "3:d",
		"on: Workload\nfind: podMeta.annotations.filter(k, true)\nmessage: '{{key}}'":                       "6:a/b",
		"on: Workload\nfind: pod.?containers[?1]\nmessage: '{{kind}} {{name}} {{where}}'":                   "13:Deployment d container two",
		"on: Workload\nfind: \"['made']\"\nmessage: '{{.}}'":                                                "7:made",
		"on: Workload\nfind: '[[[containers[0]]]]'\nmessage: m":                                             "10:m",
		"on: Workload\nwhen: 'false'\nfind: containers\nmessage: m":                                         "",
		"on: Workload\nfind: \"namespaceObject.metadata.labels.level == 'strict'\"\nmessage: m":             "7:m",
		"on: '*'\nfind: 'true'\nmessage: '{{kind}}'":                                                        "1:Deployment 15:Namespace",
		"on: Workload\nparams: {bad: [why]}\nfind: containers.filter(c, c.image in params.bad)\nmessage: m": "13:m",
		// Outside the planned subset: the reference evaluates it, and maps keep their lines.
		"on: Workload\nfind: containers.filter(c, cidr('10.0.0.0/8').containsIP('10.1.1.1') && c.name == 'one')\nmessage: m": "10:m",
	} {
		found, result, err := judgeText(t, header, twoContainers, engine.Config{})
		var got []string
		for _, f := range found {
			got = append(got, fmt.Sprintf("%d:%s", f.Evidence[0].Origin.Line, f.Message))
		}
		if err != nil || len(result.Gaps) > 0 || strings.Join(got, " ") != want {
			t.Errorf("%s\n got %q, error %v, gaps %v\nwant %q", header, strings.Join(got, " "), err, result.Gaps, want)
		}
	}
}

// TestNotEvaluated: an expression that fails is a Gap that names object and rule, and counts as neither pass nor fail.
func TestNotEvaluated(t *testing.T) {
	for _, find := range []string{"object.spec.none.deeper == 1", "containers.filter(c, c.name)", "1 / 0 == 1", "object.spec.template.spec.hostPID + 1 == 2"} {
		found, result, err := judgeText(t, "on: Workload\nfind: "+find+"\nmessage: m", twoContainers, engine.Config{})
		if err != nil || len(found) != 0 || len(result.Gaps) != 1 {
			t.Fatalf("%s: %v, %v, %v", find, found, result.Gaps, err)
		}
		if g := result.Gaps[0]; !strings.Contains(g.Reason, "Deployment shop/d") || !strings.Contains(g.Reason, "own-t") || g.Origin.Line != 1 {
			t.Errorf("%s: %+v", find, g)
		}
		if c := result.Tally["own-t"]; c != (engine.Count{NotEvaluated: 1}) {
			t.Errorf("%s: %+v", find, c)
		}
	}
}

// TestFixes checks the patches, and their inverses, that steps become.
func TestFixes(t *testing.T) {
	for fix, want := range map[string]string{
		"{op: set, path: securityContext/a/b, value: 1}":   `[{"op":"add","path":"/spec/template/spec/containers/0/securityContext","value":{"a":{"b":1}}}] [{"op":"remove","path":"/spec/template/spec/containers/0/securityContext"}]`,
		"{op: set, path: image, value: z}":                 `[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"z"}] [{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"x:latest"}]`,
		"{op: set, path: image, value: 'x:latest'}":        "none",
		"{op: set, path: image/tag, value: z}":             "none",
		"{op: append, path: args, value: --c}":             `[{"op":"add","path":"/spec/template/spec/containers/0/args/-","value":"--c"}] [{"op":"remove","path":"/spec/template/spec/containers/0/args/2"}]`,
		"{op: append, path: args, value: --a}":             "none",
		"{op: append, path: command, value: x}":            `[{"op":"add","path":"/spec/template/spec/containers/0/command","value":["x"]}] [{"op":"remove","path":"/spec/template/spec/containers/0/command"}]`,
		"{op: remove, path: args}":                         `[{"op":"remove","path":"/spec/template/spec/containers/0/args"}] [{"op":"add","path":"/spec/template/spec/containers/0/args","value":["--a","--b"]}]`,
		"{op: remove, path: none}":                         "none",
		"{op: set, path: /metadata/labels/a~1b, value: x}": `[{"op":"add","path":"/metadata/labels","value":{"a/b":"x"}}] [{"op":"remove","path":"/metadata/labels"}]`,
	} {
		header := "on: Workload\nfind: containers.filter(c, c.name == 'one')\nmessage: m\nfix: [" + fix + "]"
		found, _, err := judgeText(t, header, twoContainers, engine.Config{Fixes: engine.FixPatches})
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v %v", fix, found, err)
		}
		got := "none"
		if f := found[0].Fix; f != nil {
			got = string(f.Do) + " " + string(f.Undo)
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", fix, got, want)
		}
	}
}

// TestFaultyRules: what cannot be planned is told with the rule's name.
func TestFaultyRules(t *testing.T) {
	for _, header := range []string{
		"on: Pod\nfind: 'object.'\nmessage: m", "on: Pod\nfind: unknown\nmessage: m", "on: Pod\nfind: 'true'\nmessage: '{{x'",
		"on: Pod\nfind: 'true'\nmessage: '{{x}}'", "on: Pod\nfind: object.none()\nmessage: m", "on: Pod\nwhen: '1 +'\nfind: 'true'\nmessage: m",
	} {
		_, _, err := judgeText(t, header, "apiVersion: v1\nkind: Pod\n", engine.Config{})
		if err == nil || !strings.Contains(err.Error(), "t.rule") {
			t.Errorf("%s: %v", header, err)
		}
	}
	if _, _, err := judgeText(t, "on: Pod\nfind: 'true'\nmessage: m", "apiVersion: v1\nkind: Pod\n", engine.Config{Params: map[string]any{"own-t.x": 1}}); err == nil {
		t.Error("a parameter that no rule has was taken")
	}
}

// TestOrder: the findings come in the order of the objects whatever the number of workers.
func TestOrder(t *testing.T) {
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%03d}\nspec: {containers: [{name: c, image: i}]}\n", i)
	}
	var first []string
	for _, workers := range []int{1, 2, 7} {
		found, result, err := judgeText(t, "on: Workload\nfind: containers\nmessage: m", text.String(), engine.Config{Workers: workers})
		if err != nil || result.Tally["own-t"].Failed != 500 {
			t.Fatal(result.Tally, err)
		}
		var names []string
		for _, f := range found {
			names = append(names, f.Subject.Name)
		}
		if first == nil {
			first = names
		}
		if !slices.Equal(first, names) || !slices.IsSorted(names) {
			t.Errorf("%d workers give another order", workers)
		}
	}
	// A sink that fails, and a context that ends, stop the run.
	stop := fmt.Errorf("full")
	e, err := engine.New(nil, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Run(ctx, world.New(nil), make([]*kube.Object, 100), func(bartizan.Finding) error { return stop }); err == nil {
		t.Error("a run went on in a context that had ended")
	}
}
