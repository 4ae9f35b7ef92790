package suggest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
)

// worldOf decodes a stream of objects.
func worldOf(t testing.TB, text string) *world.World {
	t.Helper()
	var list []bartizan.Entity
	for d, err := range tree.Parse(text, tree.Limits{Bytes: 1 << 30}) {
		if err != nil {
			t.Fatalf("parse: %v\n%s", err, text)
		}
		objects, errs := kube.Decode(d, bartizan.Origin{Source: "manifest", File: "test.yaml"})
		if len(errs) > 0 {
			t.Fatalf("decode: %v", errs)
		}
		for _, o := range objects {
			list = append(list, o.Entity())
		}
	}
	return world.New(list)
}

// scene is a random cluster: what stands in it, and who really talks to whom.
type scene struct {
	r         *rand.Rand
	text      strings.Builder
	workloads []actor
	talks     map[talk]bool
}

type actor struct {
	namespace, name string
	ports           []int
}

func (a actor) String() string { return a.namespace + "/" + a.name }

type talk struct {
	from, to string // workloads or addresses
	port     int
}

// options say where pods' addresses lie: without that, a pod that is not running may have any.
var options = reach.Options{PodCIDRs: []netip.Prefix{netip.MustParsePrefix("10.244.0.0/16")}}

var outside = []string{"198.51.100.7", "198.51.100.8", "203.0.113.200", "2001:db8::7"}

func newScene(seed uint64) *scene {
	s := &scene{r: rand.New(rand.NewPCG(seed, 7)), talks: map[talk]bool{}}
	fmt.Fprint(&s.text, "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n---\n"+
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: coredns, namespace: kube-system}\nspec:\n  template:\n"+
		"    metadata: {labels: {k8s-app: kube-dns}}\n    spec: {containers: [{name: c, image: c}]}\n")
	for n := range 1 + s.r.IntN(3) {
		fmt.Fprintf(&s.text, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns%d, labels: {env: e%d}}\n", n, s.r.IntN(2))
		for w := range 1 + s.r.IntN(4) {
			a := actor{namespace: fmt.Sprintf("ns%d", n), name: fmt.Sprintf("w%d", w)}
			for range 1 + s.r.IntN(2) {
				a.ports = append(a.ports, 8000+s.r.IntN(4))
			}
			s.workloads = append(s.workloads, a)
			labels := fmt.Sprintf("app: %s", a.name)
			switch s.r.IntN(5) {
			case 0:
				labels = fmt.Sprintf("tier: t%d, version: v%d", s.r.IntN(2), s.r.IntN(9)) // may be shared
			case 1:
				labels = fmt.Sprintf("tier: t%d", s.r.IntN(2))
			}
			kind := []string{"Deployment", "StatefulSet", "DaemonSet"}[s.r.IntN(3)]
			account := []string{"one", "two", `""`}[s.r.IntN(3)]
			fmt.Fprintf(&s.text, "---\napiVersion: apps/v1\nkind: %s\nmetadata: {name: %s, namespace: %s}\nspec:\n  template:\n    metadata: {labels: {%s}}\n    spec: {serviceAccountName: %s, containers: [{name: c, image: c, ports: [{containerPort: %d}]}]}\n",
				kind, a.name, a.namespace, labels, account, a.ports[0])
		}
	}
	for range 1 + s.r.IntN(12) {
		from, to := s.workloads[s.r.IntN(len(s.workloads))], s.workloads[s.r.IntN(len(s.workloads))]
		x := talk{from.String(), to.String(), to.ports[s.r.IntN(len(to.ports))]}
		switch s.r.IntN(6) {
		case 0:
			x.from = outside[s.r.IntN(len(outside))]
		case 1:
			x.to, x.port = outside[s.r.IntN(len(outside))], 443
		}
		s.talks[x] = true
	}
	return s
}

// flows writes what would be recorded; the names of pods are as controllers make them.
func (s *scene) flows() string {
	var b strings.Builder
	all := make([]talk, 0, len(s.talks))
	for x := range s.talks {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b talk) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	pod := func(s string) string {
		if strings.Contains(s, "/") {
			return s + "-6d4b75cb6d-x2x4z"
		}
		return s
	}
	for _, x := range all {
		for range 3 {
			fmt.Fprintf(&b, `{"from":%q,"to":%q,"port":%d,"protocol":"TCP","first":"2026-11-01T00:00:00Z","last":"2026-11-20T00:00:00Z"}`+"\n", pod(x.from), pod(x.to), x.port)
		}
	}
	return b.String()
}

// TestRecovers checks on random clusters, by asking the policies pod by pod: everything observed is allowed, and what is
// allowed of the workloads with a policy and was not observed is in Beyond.
func TestRecovers(t *testing.T) {
	recovered, merged := 0, 0
	for run := range uint64(600) {
		seed, dialect := run/2, Dialect(run%2)
		s := newScene(seed)
		w := worldOf(t, s.text.String())
		log := Read(strings.NewReader(s.flows()), "flows")
		if len(log.Gaps) > 0 || log.Records != 3*len(s.talks) {
			t.Fatalf("seed %d: read %d records of %d, gaps %v", seed, log.Records, 3*len(s.talks), log.Gaps)
		}
		got, err := New(w, log, options, dialect)
		if err != nil {
			t.Fatalf("seed %d, dialect %d: %v\n%s%s", seed, dialect, err, s.text.String(), s.flows())
		}
		var added strings.Builder
		covered := map[string]bool{}
		for _, p := range got.Policies {
			added.WriteString("---\n" + p.Text)
			for _, x := range p.Workloads {
				if covered[x.Namespace+"/"+x.Name] {
					t.Fatalf("seed %d: two policies for %s", seed, x)
				}
				covered[x.Namespace+"/"+x.Name] = true
			}
			if len(p.Workloads) > 1 {
				merged++
			}
		}
		m := reach.New(worldOf(t, s.text.String()+added.String()), options)
		recovered += s.compare(t, seed, m, got, covered)
	}
	t.Logf("%d pairs and ports that are denied now, %d policies for several workloads", recovered, merged)
	if recovered < 1000 || merged == 0 {
		t.Error("the random clusters try too little")
	}
}

// compare asks for every pair of ends and every port; it returns how many are denied.
func (s *scene) compare(t *testing.T, seed uint64, m *reach.Model, got *Result, covered map[string]bool) (denied int) {
	t.Helper()
	peer := func(name string) reach.Peer {
		if a, err := netip.ParseAddr(name); err == nil {
			return reach.Host(a)
		}
		namespace, name, _ := strings.Cut(name, "/")
		return reach.Workload(bartizan.Ref{Namespace: namespace, Name: name})
	}
	var ends []string
	for _, a := range s.workloads {
		ends = append(ends, a.String())
	}
	ends = append(ends, outside...)
	for _, from := range ends {
		for _, to := range ends {
			if !strings.Contains(from, "/") && !strings.Contains(to, "/") || from == to {
				continue
			}
			for _, port := range []int{443, 8000, 8001, 8002, 8003, 53} {
				v := m.Can(peer(from), peer(to), reach.Port{Protocol: reach.TCP, Number: uint16(port)}).Verdict
				seen := s.talks[talk{from, to, port}]
				switch {
				case seen && v != reach.Allowed:
					t.Fatalf("seed %d: %s -> %s:%d was observed and is %s", seed, from, to, port, v)
				case v == reach.Denied:
					denied++
				case !seen && (covered[from] || covered[to]) && !beyond(got, from, to) && !s.alike(got, from, to, port):
					t.Fatalf("seed %d: %s -> %s:%d is %s, was not observed, and is not listed in %+v\n%s%s", seed, from, to, port, v, got.Beyond, s.text.String(), s.flows())
				}
			}
		}
	}
	return denied
}

func beyond(r *Result, from, to string) bool {
	return slices.ContainsFunc(r.Beyond, func(x Excess) bool {
		return (x.From == from || !strings.Contains(from, "/")) && (x.To == to || !strings.Contains(to, "/"))
	})
}

// alike says whether workloads that share a policy with these were seen to talk.
func (s *scene) alike(r *Result, from, to string, port int) bool {
	same := func(name string) []string {
		for _, p := range r.Policies {
			var all []string
			for _, w := range p.Workloads {
				all = append(all, w.Namespace+"/"+w.Name)
			}
			if slices.Contains(all, name) {
				return all
			}
		}
		return []string{name}
	}
	for _, f := range same(from) {
		for _, x := range same(to) {
			if s.talks[talk{f, x, port}] {
				return true
			}
		}
	}
	return false
}

func TestHeldBack(t *testing.T) {
	s := newScene(1)
	w := worldOf(t, s.text.String())
	a := s.workloads[0].String()
	log := Read(strings.NewReader(fmt.Sprintf(`{"from":%q,"to":"elsewhere/unknown","port":80,"protocol":"TCP"}`, a)), "flows")
	got, err := New(w, log, options, Kubernetes)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Policies) != 0 {
		t.Errorf("%s got a policy, although what it talks to was not read:\n%s", a, got.Policies[0].Text)
	}
	if !slices.ContainsFunc(got.Left, func(l Left) bool {
		return l.Workload.Name == "w0" && strings.Contains(l.Reason, "elsewhere/unknown was not read")
	}) {
		t.Errorf("nothing says why %s has no policy: %+v", a, got.Left)
	}
}

func TestWindow(t *testing.T) {
	s := newScene(2)
	got, err := New(worldOf(t, s.text.String()), Read(strings.NewReader(s.flows()), "flows"), options, Kubernetes)
	if err != nil {
		t.Fatal(err)
	}
	if got.To.Sub(got.From) != 19*24*time.Hour {
		t.Errorf("window %s to %s", got.From, got.To)
	}
}

// TestFiner: with Cilium policies speak of service accounts, requests and names.
func TestFiner(t *testing.T) {
	w := worldOf(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: blue, namespace: shop}
spec: {template: {metadata: {labels: {app: twin}}, spec: {serviceAccountName: blue, containers: [{name: c, image: c}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: green, namespace: shop}
spec: {template: {metadata: {labels: {app: twin}}, spec: {serviceAccountName: green, containers: [{name: c, image: c}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {template: {metadata: {labels: {app: api}}, spec: {containers: [{name: c, image: c}]}}}
`)
	log := Read(strings.NewReader(`
{"from":"shop/blue","to":"shop/api","port":8080,"protocol":"TCP","http":{"method":"GET","path":"/orders/17"}}
{"from":"shop/blue","to":"shop/api","port":8080,"protocol":"TCP","http":{"method":"POST","path":"/orders?dry=1"}}
{"from":"shop/green","to":"shop/api","port":8080,"protocol":"TCP","http":{"method":"GET","path":"/health"}}
{"from":"shop/api","to":"198.51.100.7","port":443,"protocol":"TCP","names":["Pay.Example.com."]}
{"from":"shop/blue","to":"shop/api","port":9090,"protocol":"TCP","http":{"method":"GET","path":"/metrics"}}
{"from":"shop/green","to":"shop/api","port":9090,"protocol":"TCP"}
`), "flows")
	if len(log.Gaps) > 0 {
		t.Fatal(log.Gaps)
	}
	got, err := New(w, log, options, Cilium)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, p := range got.Policies {
		texts[p.Workloads[0].Name] = p.Text
		if len(p.Workloads) != 1 {
			t.Errorf("%v share a policy, although their service accounts differ", p.Workloads)
		}
	}
	for name, wants := range map[string][]string{
		"api": {
			`- {method: "GET", path: "/orders/[^/?]+"}`, `- {method: "POST", path: "/orders(\\?.*)?"}`, `- {method: "GET", path: "/health"}`,
			`- {matchName: "pay.example.com"}`, "io.cilium.k8s.policy.serviceaccount: blue",
		},
		"blue": {"io.cilium.k8s.policy.serviceaccount: blue"},
	} {
		for _, want := range wants {
			if !strings.Contains(texts[name], want) {
				t.Errorf("the policy of %s has no %s:\n%s", name, want, texts[name])
			}
		}
	}
	if strings.Contains(texts["api"], "/metrics") {
		t.Errorf("port 9090 has a rule for requests, although not all that came to it were seen to be requests:\n%s", texts["api"])
	}
	if len(got.Beyond) > 0 {
		t.Errorf("allowed, and not observed: %+v", got.Beyond)
	}
}

// TestSameName: two workloads of one name are told apart by their kind; where a record lacks it, neither gets a policy.
func TestSameName(t *testing.T) {
	text := "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n"
	for _, x := range [][2]string{{"Deployment", "d"}, {"StatefulSet", "s"}} {
		text += fmt.Sprintf("---\napiVersion: apps/v1\nkind: %s\nmetadata: {name: web, namespace: n}\nspec: {template: {metadata: {labels: {k: %s}}, spec: {containers: [{name: c, image: i}]}}}\n", x[0], x[1])
	}
	flow := func(from, to string) string {
		return fmt.Sprintf(`{"from":%q,"to":%q,"port":80,"protocol":"TCP"}`, from, to)
	}
	hubble := hubbleLine("FORWARDED", `{"namespace":"n","pod_name":"web-6d4b75cb6d-x2x4z","workloads":[{"name":"web","kind":"Deployment"}]}`,
		`{"namespace":"n","pod_name":"web-0","workloads":[{"name":"web","kind":"StatefulSet"}]}`, tcp(40000, 80, `"SYN":true`), "")
	for _, line := range []string{flow("n/Deployment/web", "n/StatefulSet/web"), hubble} {
		got, err := New(worldOf(t, text), Read(strings.NewReader(line), "flows"), options, Kubernetes)
		if err != nil || len(got.Policies) != 2 {
			t.Fatalf("%s: %v, %+v", line, err, got)
		}
		m := reach.New(worldOf(t, text+"---\n"+got.Policies[0].Text+"---\n"+got.Policies[1].Text), options)
		d, s := bartizan.Ref{Kind: "Deployment", Namespace: "n", Name: "web"}, bartizan.Ref{Kind: "StatefulSet", Namespace: "n", Name: "web"}
		port := reach.Port{Protocol: reach.TCP, Number: 80}
		if a, b := m.Can(reach.Workload(d), reach.Workload(s), port).Verdict, m.Can(reach.Workload(s), reach.Workload(d), port).Verdict; a != reach.Allowed || b != reach.Denied {
			t.Errorf("%s: the flow is %s, the way back %s", line, a, b)
		}
	}
	got, err := New(worldOf(t, text), Read(strings.NewReader(flow("n/web", "198.51.100.7")), "flows"), options, Kubernetes)
	if err != nil || len(got.Policies) != 0 || len(got.Left) != 2 || !strings.Contains(got.Left[0].Reason, "may be Deployment n/web or StatefulSet n/web") {
		t.Errorf("%v: %+v", err, got)
	}
}
