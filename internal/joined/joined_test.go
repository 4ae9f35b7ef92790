package joined_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/joined"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
)

// view makes the view of some manifests.
func view(t testing.TB, complete bool, text string) (*rule.Joined, map[bartizan.Ref]*kube.Object) {
	t.Helper()
	w, objects, err := path.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	all := map[bartizan.Ref]*kube.Object{}
	for _, o := range objects {
		all[o.Ref] = o
	}
	return joined.New(joined.Input{World: w, Objects: objects, Complete: complete}), all
}

const shop = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sum}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {sum: "yes"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {sum: "yes"}}
rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sum}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}, {kind: User, name: ann}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sum}
subjects: [{kind: Group, name: "system:serviceaccounts:shop"}]
`

var listSecrets = rule.Right{Verb: "list", Resource: "secrets"}

func TestHolders(t *testing.T) {
	j, objects := view(t, false, shop)
	at := func(kind bartizan.Kind, namespace, name string) (out []string) {
		for _, h := range j.Rights.At(objects[bartizan.Ref{Kind: kind, Namespace: namespace, Name: name}].Entity(), listSecrets) {
			var lines []string
			for _, e := range h.Why() {
				lines = append(lines, e.Value)
			}
			out = append(out, h.Subject.String()+" in "+h.Scope.Namespace+": "+strings.Join(lines, "; "))
		}
		return out
	}
	for _, c := range []struct {
		kind            bartizan.Kind
		namespace, name string
		want            []string
	}{
		{"ServiceAccount", "shop", "web", []string{"ServiceAccount shop/web in : ClusterRole part: list secrets; ClusterRoleBinding web binds ClusterRole sum to "}},
		{"ServiceAccount", "shop", "api", nil}, // only by the group
		{"ClusterRoleBinding", "", "web", []string{"User ann in : ClusterRole part"}},
		{"RoleBinding", "shop", "all", []string{"Group system:serviceaccounts:shop in shop: ClusterRole part"}},
	} {
		got := at(c.kind, c.namespace, c.name)
		if len(got) != len(c.want) {
			t.Errorf("%s %s: %q, want %q", c.kind, c.name, got, c.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], c.want[i]) {
				t.Errorf("%s %s: %q, want %q", c.kind, c.name, got[i], c.want[i])
			}
		}
	}
	part := bartizan.Ref{Kind: "ClusterRole", Name: "part"}
	if bound := j.Rights.Bound(part); len(bound) != 2 {
		t.Errorf("%s is taken over by what two bindings bind, not %v", part, bound)
	}
}

const walls = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: one}}}], ports: [{port: 5432}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: db}]}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one}
spec: {containers: [{name: c, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two}
spec: {containers: [{name: c, image: b}]}
`

func TestPolicies(t *testing.T) {
	j, _ := view(t, false, walls)
	if got := j.Namespaces(); !slices.Equal(got, []string{"one", "shop", "two"}) {
		t.Errorf("namespaces %v", got)
	}
	db, a := j.In("shop")[0], j.In("one")[0]
	open, closed, why := j.Policies.Peers(db, 5432)
	if !slices.Equal(open, []string{"one"}) || !slices.Equal(closed, []string{"two"}) || len(why) != 1 || why[0].Path != "/spec/ingress/0" {
		t.Errorf("port 5432 is open to %v, closed to %v, by %v", open, closed, why)
	}
	if open, _, _ := j.Policies.Peers(db, 80); len(open) > 0 {
		t.Errorf("port 80 is open to %v", open)
	}
	for _, c := range []struct {
		pod     *rule.Pod
		inbound bool
		want    rule.Reach
	}{{db, true, rule.ReachYes}, {db, false, rule.ReachNo}, {a, true, rule.ReachNo}} {
		if got, by := j.Policies.Selects(c.pod, c.inbound); got != c.want {
			t.Errorf("%s, inbound %v: %v by %v, want %v", c.pod.Ref, c.inbound, got, by, c.want)
		}
	}
	if j.Policies.Governed("one") || !j.Policies.Governed("shop") {
		t.Error("policies speak for shop alone")
	}
}

// TestNeeds checks that nothing is supposed to have been read that was not.
func TestNeeds(t *testing.T) {
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: a}]}\n"
	for name, c := range map[string]struct {
		text     string
		complete bool
		want     []rule.Need
	}{
		"a pod": {pod, false, []rule.Need{rule.NeedPods}}, "a cluster": {pod, true, []rule.Need{rule.NeedPods, rule.NeedPolicies}},
		"rights": {shop, false, []rule.Need{rule.NeedRights}}, "walls": {walls, false, []rule.Need{rule.NeedPods, rule.NeedPolicies}},
	} {
		j, _ := view(t, c.complete, c.text)
		for _, n := range []rule.Need{rule.NeedRights, rule.NeedPods, rule.NeedPolicies} {
			if j.Has(n) != slices.Contains(c.want, n) {
				t.Errorf("%s: %s is %v", name, n, j.Has(n))
			}
		}
	}
}

// TestTogether asks one view from many goroutines, as the engine's workers do, and compares with one that is asked alone.
func TestTogether(t *testing.T) {
	text := clustergen.RBAC(clustergen.RBACOptions{Seed: 7, Namespaces: 5, ServiceAccounts: 60, Roles: 40, Bindings: 120})
	shared, objects := view(t, false, text)
	alone, _ := view(t, false, text)
	want, sum := map[bartizan.Ref]int{}, 0
	for ref, o := range objects {
		want[ref] = len(alone.Rights.At(o.Entity(), listSecrets))
		sum += want[ref]
	}
	if sum == 0 {
		t.Fatal("nobody may list Secrets: the test asks nothing")
	}
	var wg sync.WaitGroup
	for ref, o := range objects {
		wg.Go(func() {
			if got := shared.Rights.At(o.Entity(), listSecrets); len(got) != want[ref] {
				t.Errorf("%s: %d holders together, %d alone", ref, len(got), want[ref])
			}
		})
	}
	wg.Wait()
}
