package path_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/grant/excess"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/internal/reach/suggest"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
	"github.com/bartizan-dev/bartizan/rules"
)

// asked is an audit record of a service account's request.
func asked(account, verb, resource, sub, namespace string) string {
	ns, _, _ := strings.Cut(account, "/")
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","verb":%q,"requestURI":"/x","user":{"username":"system:serviceaccount:%s","groups":["system:serviceaccounts","system:serviceaccounts:%s","system:authenticated"]},"objectRef":{"resource":%q,"subresource":%q,"namespace":%q,"apiVersion":"v1"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-11-02T10:00:00.000000Z","stageTimestamp":"2026-11-02T10:00:00.000000Z"}`,
		verb, strings.ReplaceAll(account, "/", ":"), ns, resource, sub, namespace) + "\n"
}

// usage reads audit records.
func usage(t *testing.T, w bartizan.World, records string) *excess.Usage {
	t.Helper()
	file := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(file, []byte(records), 0o600); err != nil {
		t.Fatal(err)
	}
	u := excess.NewUsage(excess.Named(w))
	files := audit.Files{Paths: []string{file}}
	shards := make([]*excess.Usage, files.Parallel())
	for i := range shards {
		shards[i] = excess.NewUsage(excess.Named(w))
	}
	_, gaps, err := files.Each(context.Background(), func(i int, a *event.Audit) { shards[i].Add(a) })
	if err != nil || len(gaps) > 0 {
		t.Fatal(err, gaps)
	}
	for _, s := range shards {
		u.Merge(s)
	}
	return u
}

const clerk = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: web, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]
---
apiVersion: v1
kind: Namespace
metadata: {name: vault}
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: vault}
---
`

// role is a Role of vault with rules, bound to the service account web.
func role(name, rules string) string {
	return fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: %[1]s, namespace: vault}
rules: %[2]s
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s, namespace: vault}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: %[1]s}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
`, name, rules)
}

// cutUsed cuts the ways from the web to the key with what was seen in use, and carries the cut out.
func cutUsed(t *testing.T, text, records, flows string) *path.Cut {
	t.Helper()
	w, _, err := path.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	g := build(t, text, rules.Edges()...)
	var log *suggest.Log
	if flows != "" {
		if log = suggest.Read(strings.NewReader(flows), "flows"); len(log.Gaps) > 0 {
			t.Fatal(log.Gaps)
		}
	}
	from := []path.Source{{Ref: ref("Deployment", "shop", "web")}}
	to := []path.Target{path.NamedTarget("key", ref("Secret", "vault", "key"))}
	c, err := g.CutWith(from, to, path.CutOptions{Uses: g.Uses(usage(t, w, records), log)})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Uncut) > 0 || c.Pairs == 0 {
		t.Fatalf("%d pairs, uncut %v", c.Pairs, c.Uncut)
	}
	after, err := path.Apply(text, c.Changes)
	if err != nil {
		t.Fatal(err)
	}
	if left := build(t, after, rules.Edges()...).List(from, to); len(left) > 0 {
		t.Errorf("a path is left: %s", left[0].Stages[0].Text)
	}
	return c
}

func texts(c *path.Cut) string {
	var b strings.Builder
	for _, f := range c.Fixes {
		fmt.Fprintf(&b, "%s: %s\n", f.Target, f.Text)
		for _, u := range f.InUse {
			fmt.Fprintf(&b, "  in use: %s\n", u.String())
		}
	}
	for _, u := range c.Together {
		fmt.Fprintf(&b, "together: %s\n", u.String())
	}
	return b.String()
}

// TestUsedRights avoids fixes that take away rights in use, and flags them where there is no other.
func TestUsedRights(t *testing.T) {
	one := clerk + role("reader", `[{apiGroups: [""], resources: [secrets], verbs: [get, list]}, {apiGroups: [""], resources: [configmaps], verbs: [get]}]`)
	two := one + role("second", `[{apiGroups: [""], resources: [configmaps], verbs: [get]}, {apiGroups: [""], resources: [secrets], verbs: [get]}]`)
	get, config := asked("shop/web", "get", "secrets", "", "vault"), asked("shop/web", "get", "configmaps", "", "vault")
	for name, c := range map[string]struct {
		text, records string
		lost          int
		want, no      string
	}{
		"unused":            {one, asked("shop/else", "get", "secrets", "", "vault"), 0, "RoleBinding vault/reader: take service account shop/web out", "in use"},
		"part of it":        {one, config, 0, "take rule 1 out of the role", "mount"},
		"all of it":         {one, config + get, 1, "in use: service account shop/web: get secrets in vault, once, last 2026-11-02 10:00", "mount"},
		"allowed elsewhere": {two, config, 0, "take rule 1 out of the role", "together"},
	} {
		t.Run(name, func(t *testing.T) {
			cut := cutUsed(t, c.text, c.records, "")
			if got := texts(cut); cut.Lost != c.lost || !strings.Contains(got, c.want) || strings.Contains(got, c.no) {
				t.Errorf("%d lost (want %d):\n%swant %q and not %q", cut.Lost, c.lost, got, c.want, c.no)
			}
		})
	}
}

// TestLostTogether checks that a right that two bindings give counts when both go.
func TestLostTogether(t *testing.T) {
	text := clerk + role("a", `[{apiGroups: [""], resources: [secrets, configmaps], verbs: [get]}]`) + role("b", `[{apiGroups: [""], resources: [configmaps, secrets], verbs: [get]}]`)
	cut := cutUsed(t, text, asked("shop/web", "get", "configmaps", "", "vault"), "")
	if got := texts(cut); cut.Lost != 0 || strings.Contains(got, "use") || len(cut.Fixes) != 2 {
		t.Errorf("%d lost:\n%s", cut.Lost, got)
	}
	cut = cutUsed(t, text, asked("shop/web", "get", "secrets", "", "vault"), "")
	if got := texts(cut); cut.Lost != 1 || !strings.Contains(got, "together: service account shop/web: get secrets in vault") && !strings.Contains(got, "in use") {
		t.Errorf("%d lost:\n%s", cut.Lost, got)
	}
	if cut.Cost == cut.Bound && len(cut.Together) > 0 {
		t.Error("a cut that takes something away together is called the optimum")
	}
}

// TestUsedFlows avoids policies that stop connections that were seen.
func TestUsedFlows(t *testing.T) {
	text := clerk + `
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: vault}
spec:
  template:
    metadata: {labels: {app: api}}
    spec:
      serviceAccountName: api
      containers: [{name: a, image: a, ports: [{containerPort: 8080}], securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]
---
` + strings.ReplaceAll(role("reader", `[{apiGroups: [""], resources: [secrets], verbs: [get]}]`), "name: web, namespace: shop", "name: api, namespace: vault")
	text = strings.ReplaceAll(text, "serviceAccountName: web", "automountServiceAccountToken: false")
	seen := `{"from":"shop/web-6d4b75cb6d-x2x4z","to":"vault/api-6d4b75cb6d-x2x4z","port":8080,"protocol":"TCP","first":"2026-11-01T00:00:00Z","last":"2026-11-20T00:00:00Z"}` + "\n"
	w, _, err := path.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	g := build(t, text, rules.Edges()...)
	uses := g.Uses(usage(t, w, ""), suggest.Read(strings.NewReader(seen), "flows"))
	from := []path.Source{{Ref: ref("Deployment", "shop", "web")}}
	to := []path.Target{path.NamedTarget("api", ref("Deployment", "vault", "api"))}
	c, err := g.CutWith(from, to, path.CutOptions{Uses: uses})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(c); c.Lost != 1 || !strings.Contains(got, "in use: Deployment shop/web: connections to Deployment vault/api, port 8080, once, last 2026-11-20 00:00") {
		t.Errorf("%d lost:\n%s", c.Lost, got)
	}
	to = []path.Target{path.NamedTarget("key", ref("Secret", "vault", "key"))}
	if c, err = g.CutWith(from, to, path.CutOptions{Uses: uses}); err != nil || c.Lost != 0 || !strings.Contains(texts(c), "reader") && !strings.Contains(texts(c), "mount") {
		t.Errorf("%v:\n%s", err, texts(c))
	}
}

// TestFarFetched ends no way that hardly ever succeeds, unless asked.
func TestFarFetched(t *testing.T) {
	text := clerk + `
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: vault, labels: {app: api}}
spec: {containers: [{name: a, image: a, ports: [{containerPort: 8080}]}]}
`
	g := build(t, text, rules.Edges()...)
	from := []path.Source{{Ref: ref("Deployment", "shop", "web")}}
	to := []path.Target{path.NamedTarget("api", ref("Pod", "vault", "api"))}
	for limit, want := range map[int][2]int{0: {1, 0}, path.FarFetched: {0, 1}, 13: {1, 0}} {
		c, err := g.CutWith(from, to, path.CutOptions{FarFetched: limit})
		if err != nil || c.Pairs != want[0] || c.LeftOut != want[1] || len(c.Fixes) != want[0] {
			t.Errorf("limit %d: %d pairs, %d left out, %d fixes (%v), want %v", limit, c.Pairs, c.LeftOut, len(c.Fixes), err, want)
		}
	}
}
