package grant

import (
	"fmt"
	"slices"
	"testing"
)

// TestAttachmentsAgreeWithOf: following bindings leads to the rules that asking for a subject's rights gives.
func TestAttachmentsAgreeWithOf(t *testing.T) {
	m := New(small(3), Options{})
	byPrincipal := map[Principal][]string{}
	for _, a := range m.Attachments() {
		for _, e := range m.Effective(a.Role) {
			byPrincipal[a.Principal] = append(byPrincipal[a.Principal], fmt.Sprint(a.Binding, a.Role, a.Namespace, e.Source, e.Rule.Index))
		}
	}
	for p, want := range byPrincipal {
		s := Subject{User: p.Name, Exact: true}
		if p.Group {
			s = Subject{Groups: []string{p.Name}, Exact: true}
		}
		var got []string
		for _, g := range m.Of(s) {
			source := g.Source
			if source.Name == "" {
				source = g.Role
			}
			got = append(got, fmt.Sprint(g.Binding, g.Role, g.Namespace, source, g.Rule.Index))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: Of lists %d rules, its attachments %d", p, len(got), len(want))
		}
	}
	if len(byPrincipal) < 20 {
		t.Errorf("only %d principals", len(byPrincipal))
	}
}
