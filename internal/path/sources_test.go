package path_test

import (
	"testing"

	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rules"
)

// TestControlPlaneIsNoSource: as whom the control plane acts, attackers end up. Nobody begins there unless asked.
func TestControlPlaneIsNoSource(t *testing.T) {
	text := "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: job-controller, namespace: kube-system}\n"
	for _, x := range []struct{ role, subject string }{
		{"system:kube-scheduler", "kind: User, name: 'system:kube-scheduler'"},
		{"system:kube-controller-manager", "kind: User, name: 'system:kube-controller-manager'"},
		{"system:node", "kind: Group, name: 'system:nodes'"},
		{"system:controller:job-controller", "kind: ServiceAccount, name: job-controller, namespace: kube-system"},
		{"view", "kind: User, name: jane"},
		{"view", "kind: Group, name: 'system:authenticated'"},
		{"view", "kind: User, name: 'system:anonymous'"},
		{"view", "kind: ServiceAccount, name: backup, namespace: kube-system"},
	} {
		text += "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: 'b:" + x.subject[len("kind: "):len("kind: ")+4] + x.role + "'}\n" +
			"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: '" + x.role + "'}\nsubjects: [{" + x.subject + "}]\n"
	}
	g := build(t, text, rules.Edges()...)
	var got []string
	for _, s := range g.Sources(path.SourcesIdentities) {
		got = append(got, s.Ref.String())
	}
	want := []string{"Group system:authenticated", "ServiceAccount kube-system/backup", "User jane", "User system:anonymous"}
	if len(got) != len(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
	if n := g.ControlPlane(); n != 4 {
		t.Errorf("%d identities are said to be left out, want 4", n)
	}
	if refs, err := g.Resolve("user/system:kube-scheduler"); err != nil || len(refs) != 1 {
		t.Errorf("--from user/system:kube-scheduler: %v, %v", refs, err)
	}
}
