package excess

import (
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/grant"
)

// FuzzAdd: whatever a record says, what is proposed holds its proof.
func FuzzAdd(f *testing.F) {
	const user = `"user":{"username":"op","groups":["g"]},"stageTimestamp":"2026-11-01T00:00:00Z"}`
	f.Add(`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","namespace":"a","name":"x","subresource":"log"},` + user)
	f.Add(`{"stage":"ResponseComplete","verb":"get","requestURI":"/a*?b",` + user)
	f.Add(`{"stage":"ResponseStarted","verb":"*","objectRef":{"resource":"*","name":"*"},` + user)
	f.Add(`{"stage":"Panic","verb":"create","impersonatedUser":{"username":"system:node:n","extra":{"a/b":["c"]}},"objectRef":{"resource":"rolebindings","apiGroup":"rbac.authorization.k8s.io"},"requestObject":{"roleRef":{"kind":"Role","name":""}},` + user)
	f.Add(`{"stage":"ResponseComplete","verb":"create","objectRef":{"resource":"subjectaccessreviews","apiGroup":"authorization.k8s.io"},"requestObject":{"spec":{"user":"op","nonResourceAttributes":{"verb":"get","path":"x"}}},` + user)
	w := read(f, operator)
	f.Fuzz(func(t *testing.T, text string) {
		var a event.Audit
		if a.Decode(text) != nil {
			return
		}
		one, two, twice := NewUsage(nil), NewUsage(nil), NewUsage(nil)
		one.Add(&a)
		two.Add(&a)
		twice.Add(&a)
		twice.Add(&a)
		one.Merge(two)
		if one.Requests != twice.Requests || len(one.actors) != len(twice.actors) || one.kinds != twice.kinds {
			t.Fatalf("merged %d %d %d, added %d %d %d", one.Requests, len(one.actors), one.kinds, twice.Requests, len(twice.actors), twice.kinds)
		}
		if _, err := New(w, one, Options{Grant: grant.Options{Complete: true}, MaxNames: 2, MaxNamespaces: 2, Enough: time.Hour}); err != nil {
			t.Fatal(err)
		}
	})
}
