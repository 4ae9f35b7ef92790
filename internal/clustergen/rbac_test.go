package clustergen

import (
	"strings"
	"testing"
)

func TestRBACIsDeterministic(t *testing.T) {
	o := RBACOptions{Seed: 1, Namespaces: 10, ServiceAccounts: 40, Roles: 30, Bindings: 70}
	a, b := RBAC(o), RBAC(o)
	if a != b {
		t.Fatal("two runs with one seed differ")
	}
	for kind, n := range map[string]int{"ServiceAccount": 40, "ClusterRoleBinding": 10, "RoleBinding": 60, "ClusterRole": 6, "Role": 24} {
		if got := strings.Count(a, "\nkind: "+kind+"\n"); got != n {
			t.Errorf("%d of kind %s, want %d", got, kind, n)
		}
	}
	if o.Seed = 2; RBAC(o) == a {
		t.Error("the seed makes no difference")
	}
}
