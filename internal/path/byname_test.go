package path_test

import (
	"fmt"
	"testing"

	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// TestCreateByName: a rule with names matches no POST, but the create that a server-side apply asks for, which is a patch
// first, and the one that an update asks for, of the kinds that it makes.
func TestCreateByName(t *testing.T) {
	const apps, rbac = "apiGroups: [apps], resources: [deployments]", "apiGroups: [rbac.authorization.k8s.io]"
	bind := "{" + rbac + ", resources: [clusterroles], verbs: [bind]}"
	for name, c := range map[string]struct {
		everywhere, inShop string // the rules that jane has
		secret             string // one that she comes to read
		reads              bool
	}{
		"create alone":                  {inShop: "{" + apps + ", verbs: [create], resourceNames: [web]}", secret: "shop"},
		"create and update":             {inShop: "{" + apps + ", verbs: [create, update], resourceNames: [web]}", secret: "shop"},
		"create and patch":              {inShop: "{" + apps + ", verbs: [create, patch], resourceNames: [web]}", secret: "shop", reads: true},
		"patch of another":              {inShop: "{" + apps + ", verbs: [create], resourceNames: [web]}, {" + apps + ", verbs: [patch], resourceNames: [db]}", secret: "shop"},
		"patch of all":                  {inShop: "{" + apps + ", verbs: [create], resourceNames: [web]}, {" + apps + ", verbs: [patch]}", secret: "shop", reads: true},
		"patch everywhere":              {everywhere: "{" + apps + ", verbs: [patch], resourceNames: [web]}", inShop: "{" + apps + ", verbs: [create], resourceNames: [web]}", secret: "shop", reads: true},
		"patch in one namespace":        {everywhere: "{" + apps + ", verbs: [create], resourceNames: [web]}", inShop: "{" + apps + ", verbs: [patch]}", secret: "shop", reads: true},
		"patch in the other namespace":  {everywhere: "{" + apps + ", verbs: [create], resourceNames: [web]}", inShop: "{" + apps + ", verbs: [patch]}", secret: "bank"},
		"patch of another group":        {inShop: "{" + apps + ", verbs: [create], resourceNames: [web]}, {apiGroups: [extensions], resources: [deployments], verbs: [patch]}", secret: "shop"},
		"a binding by apply":            {inShop: bind + ", {" + rbac + ", resources: [rolebindings], verbs: [create, patch], resourceNames: [own]}", secret: "shop", reads: true},
		"a binding by update":           {inShop: bind + ", {" + rbac + ", resources: [rolebindings], verbs: [create, update], resourceNames: [own]}", secret: "shop", reads: true},
		"a binding by create alone":     {inShop: bind + ", {" + rbac + ", resources: [rolebindings], verbs: [create], resourceNames: [own]}", secret: "shop"},
		"a cluster binding by update":   {everywhere: bind + ", {" + rbac + ", resources: [clusterrolebindings], verbs: [create, update], resourceNames: [own]}", secret: "bank", reads: true},
		"deletecollection has no names": {everywhere: `{apiGroups: [""], resources: [pods], verbs: [deletecollection], resourceNames: [web]}`, secret: "shop"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}}\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: bank}}\n"
			for _, ns := range []string{"shop", "bank"} {
				text += fmt.Sprintf("---\n{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: %s}, type: Opaque}\n", ns)
			}
			const subjects = "subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]"
			const head, role = "---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: ", "roleRef: {apiGroup: rbac.authorization.k8s.io, name: r, kind: "
			text += head + "ClusterRole, metadata: {name: r}, rules: [" + c.everywhere + "]}\n" + head + "ClusterRoleBinding, metadata: {name: b}, " + role + "ClusterRole}, " + subjects + "}\n"
			text += head + "Role, metadata: {name: r, namespace: shop}, rules: [" + c.inShop + "]}\n" +
				head + "RoleBinding, metadata: {name: b, namespace: shop}, " + role + "Role}, " + subjects + "}\n"
			if got := build(t, text, rules.Edges()...).Reaches(rule.User("jane"), ref("Secret", c.secret, "db")); got != c.reads {
				t.Errorf("jane reads the Secret of %s: %t, want %t", c.secret, got, c.reads)
			}
		})
	}
}

// TestBootstrapTokenByName: a Secret is a bootstrap token by its name.
func TestBootstrapTokenByName(t *testing.T) {
	for name, want := range map[string]bool{"bootstrap-token-abcdef": true, "backup": false} {
		text := fmt.Sprintf(`{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: kube-system},
 rules: [{apiGroups: [""], resources: [secrets], verbs: [create, patch], resourceNames: [%s]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: kube-system},
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}, subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]}
`, name)
		if got := build(t, text, rules.Edges()...).Reaches(rule.User("jane"), rule.Group("system:bootstrappers")); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}
