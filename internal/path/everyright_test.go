package path_test

import (
	"fmt"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// TestEveryRightInANamespace: whoever comes to hold every right in a namespace starts pods there, as somebody who was given
// just that right does. Nothing but a namespace stands there.
func TestEveryRightInANamespace(t *testing.T) {
	rbac := "apiGroups: [rbac.authorization.k8s.io]"
	for name, granted := range map[string]string{
		"binds cluster-admin":   "{" + rbac + ", resources: [clusterroles], resourceNames: [cluster-admin], verbs: [bind]}, {" + rbac + ", resources: [rolebindings], verbs: [create]}",
		"binds any role":        "{" + rbac + ", resources: [clusterroles], verbs: [bind]}, {" + rbac + ", resources: [rolebindings], verbs: [create]}",
		"escalates its role":    "{" + rbac + ", resources: [roles], verbs: [escalate, patch]}",
		"writes a role":         "{" + rbac + ", resources: [roles], verbs: [create, escalate, bind]}, {" + rbac + ", resources: [rolebindings], verbs: [create]}",
		"creates pods (plain)":  `{apiGroups: [""], resources: [pods], verbs: [create]}`,
		"holds all (reference)": `{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf(`apiVersion: v1
kind: Namespace
metadata: {name: x}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r, namespace: x}
rules: [%s]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: x}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
`, granted)
			g := build(t, text, rules.Edges()...)
			found := g.List([]path.Source{{Ref: ref("User", "", "jane")}}, []path.Target{path.NamedTarget("cluster-admin", rule.ClusterAdmin)})
			if len(found) == 0 {
				t.Errorf("jane is not found to become cluster-admin")
			}
		})
	}
}
