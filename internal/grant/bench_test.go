package grant

import (
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/document"
	"github.com/bartizan-dev/bartizan/internal/world"
)

// read makes a World of YAML; what cannot be read is a gap.
func read(text string) (*world.World, []bartizan.Gap) {
	var entities []bartizan.Entity
	var gaps []bartizan.Gap
	for _, item := range document.Items(text, document.Stream{Source: "manifest", File: "world.yaml"}) {
		switch {
		case item.Entity != nil:
			entities = append(entities, *item.Entity)
		case item.Gap != nil && !item.Gap.Skip:
			gaps = append(gaps, *item.Gap)
		}
	}
	return world.New(entities), gaps
}

// large is the size that the project's goals speak of.
func large() *world.World {
	w, _ := read(clustergen.RBAC(clustergen.RBACOptions{Seed: 1, Namespaces: 200, ServiceAccounts: 2000, Roles: 1000, Bindings: 4000}))
	return w
}

func BenchmarkNew(b *testing.B) {
	w := large()
	for b.Loop() {
		New(w, Options{})
	}
}

// BenchmarkAllowed asks one question of one identity after the other: the goal is 200 ns.
func BenchmarkAllowed(b *testing.B) {
	m := New(large(), Options{})
	requests := []Request{
		{Verb: "get", Resource: "secrets", Namespace: "ns-7"},
		{Verb: "create", Resource: "pods", Subresource: "exec", Namespace: "ns-42"},
		{Verb: "delete", Group: "apps", Resource: "deployments", Namespace: "ns-99", Name: "web"},
		{Verb: "list", Group: "of.example.org", Resource: "widgets"},
	}
	i, n := 0, len(m.Identities())
	for b.Loop() {
		m.Allowed(ID(i%n), requests[i%len(requests)])
		i++
	}
}

// BenchmarkHolds is BenchmarkAllowed with a question made ready.
func BenchmarkHolds(b *testing.B) {
	m := New(large(), Options{})
	q := m.Compile(Request{Verb: "get", Resource: "secrets", Namespace: "ns-7"})
	i, n := 0, len(m.Identities())
	for b.Loop() {
		m.Holds(ID(i%n), q)
		i++
	}
}

// BenchmarkWho asks for everybody who may do something: the goal is 10 ms.
func BenchmarkWho(b *testing.B) {
	m := New(large(), Options{})
	r := Request{Verb: "get", Resource: "secrets", Namespace: "ns-7"}
	var allowed int
	for b.Loop() {
		a, _ := m.Who(r)
		allowed = len(a)
	}
	b.ReportMetric(float64(allowed), "allowed")
	b.ReportMetric(float64(len(m.Identities())), "identities")
}

// BenchmarkHolders asks for every holder of 120 capabilities in every namespace.
func BenchmarkHolders(b *testing.B) {
	m := New(large(), Options{})
	var capabilities []Capability
	for _, verb := range []string{"get", "list", "create", "update", "patch", "delete"} {
		for _, resource := range []string{"pods", "secrets", "configmaps", "services", "nodes", "serviceaccounts", "endpoints", "events", "namespaces", "bindings"} {
			capabilities = append(capabilities, Capability{Verb: verb, Resource: resource}, Capability{Verb: verb, Resource: resource, Subresource: "status"})
		}
	}
	for b.Loop() {
		for _, c := range capabilities {
			m.Holders(c)
		}
	}
}

func BenchmarkCan(b *testing.B) {
	m := New(large(), Options{})
	for b.Loop() {
		m.Can(ServiceAccountSubject("ns-7", "sa-7"), Request{Verb: "get", Resource: "secrets", Namespace: "ns-7"})
	}
}
