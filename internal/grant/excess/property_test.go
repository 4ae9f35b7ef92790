package excess

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
)

func read(t testing.TB, text string) *world.World {
	t.Helper()
	var entities []bartizan.Entity
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			t.Fatal(err)
		}
		objects, errs := kube.Decode(doc, bartizan.Origin{Source: "manifest", File: "rbac.yaml"})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for _, o := range objects {
			entities = append(entities, o.Entity())
		}
	}
	return world.New(entities)
}

// ask is one request of a stream.
type ask struct {
	user   string
	groups []string
	q      grant.Request
	code   int
}

func (a ask) json(second int) string {
	at := time.Date(2026, 11, 1, 0, 0, second, 0, time.UTC).Format(time.RFC3339Nano)
	record := map[string]any{
		"kind": "Event", "stage": "ResponseComplete", "requestURI": a.q.Path + "?x=1", "verb": a.q.Verb, "stageTimestamp": at,
		"user": map[string]any{"username": a.user, "groups": a.groups}, "responseStatus": map[string]any{"code": a.code},
	}
	if a.q.Path == "" {
		record["objectRef"] = map[string]any{
			"resource": a.q.Resource, "namespace": a.q.Namespace, "name": a.q.Name, "apiGroup": a.q.Group, "subresource": a.q.Subresource,
		}
	}
	text, err := json.Marshal(record)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func add(t testing.TB, u *Usage, text string) {
	t.Helper()
	var a event.Audit
	if err := a.Decode(text); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	u.Add(&a)
}

// randomAsk makes a request that the generated roles may or may not allow.
func randomAsk(r *rand.Rand, o clustergen.RBACOptions) ask {
	sa := r.IntN(o.ServiceAccounts)
	ns := fmt.Sprintf("ns-%d", sa%o.Namespaces)
	a := ask{user: fmt.Sprintf("system:serviceaccount:%s:sa-%d", ns, sa), code: 200}
	a.groups = []string{"system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"}
	if r.IntN(8) == 0 {
		a.user, a.groups = fmt.Sprintf("user-%d", r.IntN(100)), []string{fmt.Sprintf("team-%d", r.IntN(40)), "system:authenticated"}
	}
	if r.IntN(20) == 0 {
		a.q = grant.Request{Verb: "get", Path: []string{"/metrics", "/healthz", "/x*"}[r.IntN(3)]}
		return a
	}
	targets := []grant.Request{
		{Resource: "pods"}, {Resource: "pods", Subresource: "log"}, {Resource: "configmaps"}, {Resource: "secrets"}, {Resource: "services"},
		{Resource: "pods", Subresource: "exec"}, {Group: "apps", Resource: "deployments"}, {Group: "apps", Resource: "deployments", Subresource: "scale"},
		{Group: "batch", Resource: "jobs"}, {Group: "apps", Resource: "deployments", Subresource: "status"}, {Group: rbacGroup, Resource: "roles"},
		{Group: rbacGroup, Resource: "rolebindings"}, {Resource: "events"}, {Group: "coordination.k8s.io", Resource: "leases"}, {Resource: "namespaces"},
	}
	a.q = targets[r.IntN(len(targets))]
	a.q.Verb = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}[r.IntN(8)]
	if r.IntN(5) > 0 {
		a.q.Namespace = ns
		if r.IntN(4) == 0 {
			a.q.Namespace = fmt.Sprintf("ns-%d", r.IntN(o.Namespaces))
		}
	}
	if single(a.q.Verb) || r.IntN(6) == 0 || a.q.Subresource != "" {
		a.q.Name = fmt.Sprintf("name-%d", r.IntN(24))
	}
	if r.IntN(10) == 0 {
		a.code = []int{403, 404, 409, 500}[r.IntN(4)]
	}
	return a
}

// asSeen is the request as the authorizers saw it.
func (a ask) asSeen() grant.Request {
	q := a.q
	if q.Verb == "create" && q.Subresource == "" {
		q.Name = ""
	}
	if q.Group == "" && q.Resource == "namespaces" {
		if q.Namespace = q.Name; !single(q.Verb) {
			q.Namespace = ""
		}
	}
	return q
}

// after is the World with the proposal applied, made by other means than the proof's.
func after(t testing.TB, text string, rep *Report) *world.World {
	t.Helper()
	gone := map[bartizan.Ref]bool{}
	for _, b := range rep.Bindings {
		for _, o := range b.Objects {
			text += "---\n" + o.Text
		}
		if b.Verdict == Narrow || b.Verdict == Drop {
			gone[b.Ref] = true
		}
	}
	var entities []bartizan.Entity
	for e := range read(t, text).Everything() {
		if !gone[e.Ref] {
			entities = append(entities, e)
		}
	}
	return world.New(entities)
}

// TestProperty: whatever the cluster and the requests, everything allowed stays allowed, nobody gains a right, and what was
// dropped or narrowed is really less.
func TestProperty(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	changes := map[Verdict]int{}
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		o := clustergen.RBACOptions{Seed: seed, Namespaces: 2 + r.IntN(4), ServiceAccounts: 2 + r.IntN(12), Roles: 5 + r.IntN(20), Bindings: 1 + r.IntN(30)}
		text := clustergen.RBAC(o)
		w := read(t, text)
		before := grant.New(w, grant.Options{})
		shards := []*Usage{NewUsage(Named(w)), NewUsage(Named(w))}
		var asks []ask
		for i := range 20 + r.IntN(600) {
			a := randomAsk(r, o)
			asks = append(asks, a)
			add(t, shards[i%2], a.json(i))
		}
		shards[0].Merge(shards[1])
		rep, err := New(w, shards[0], Options{MaxNames: r.IntN(9), MaxNamespaces: r.IntN(4), Enough: time.Hour})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		now := grant.New(after(t, text, rep), grant.Options{})
		for _, a := range asks {
			s := grant.Subject{User: a.user, Groups: a.groups, Exact: true}
			if a.code != 403 && before.Can(s, a.asSeen()).Verdict == grant.Allowed && now.Can(s, a.asSeen()).Verdict != grant.Allowed {
				t.Errorf("seed %d: %s lost %s", seed, a.user, describe(a.asSeen()))
			}
			other := randomAsk(r, o)
			s = grant.Subject{User: other.user, Groups: other.groups, Exact: true}
			had, has := before.Can(s, other.asSeen()).Verdict, now.Can(s, other.asSeen()).Verdict
			if had != grant.Allowed && has == grant.Allowed {
				t.Errorf("seed %d: %s gained %s", seed, other.user, describe(other.asSeen()))
			}
		}
		for _, b := range rep.Bindings {
			changes[b.Verdict]++
			for _, o := range b.Objects {
				checkNames(t, o.Text)
			}
		}
	}
	for _, v := range []Verdict{Keep, Narrow, Drop} {
		if changes[v] == 0 && !testing.Short() {
			t.Errorf("no binding was proposed to %s: the test shows nothing (%v)", v, changes)
		}
	}
}

// checkNames: no rule names an object that the log does not.
func checkNames(t *testing.T, text string) {
	t.Helper()
	for e := range read(t, text).Everything() {
		o, ok := e.Value.(*kube.Object)
		if !ok {
			continue
		}
		for rule := range o.Root.Get("rules").Items() {
			for n := range rule.Get("resourceNames").Items() {
				if n.Text() == otherName || n.Text() == "" {
					t.Errorf("a name that is none:\n%s", text)
				}
			}
		}
	}
}
