package clustergen

import (
	"fmt"
	"math/rand/v2"
)

// RBACOptions say how much policy to make.
type RBACOptions struct {
	Seed            uint64
	Namespaces      int
	ServiceAccounts int
	Roles           int // Roles and ClusterRoles together; one in five is a ClusterRole
	Bindings        int // RoleBindings and ClusterRoleBindings together; one in seven is a ClusterRoleBinding
}

// RBAC writes namespaces, service accounts, roles and bindings as one YAML stream: mostly small roles on a few
// resources bound to service accounts of the same namespace, some bound across namespaces or to groups, a few roles
// with wildcards or resource names, as one finds in the field.
func RBAC(o RBACOptions) string {
	g := &generator{r: rand.New(rand.NewPCG(o.Seed, 0xBAC))}
	for i := range o.Namespaces {
		g.object("v1", "Namespace", "", fmt.Sprintf("ns-%d", i))
	}
	for i := range o.ServiceAccounts {
		g.object("v1", "ServiceAccount", fmt.Sprintf("ns-%d", i%o.Namespaces), fmt.Sprintf("sa-%d", i))
	}
	for i := range o.Roles {
		if i%5 == 0 {
			g.object(rbacVersion, "ClusterRole", "", fmt.Sprintf("role-%d", i))
		} else {
			g.object(rbacVersion, "Role", fmt.Sprintf("ns-%d", i%o.Namespaces), fmt.Sprintf("role-%d", i))
		}
		g.rules()
	}
	for i := range o.Bindings {
		g.binding(o, i)
	}
	return g.b.String()
}

const rbacVersion = "rbac.authorization.k8s.io/v1"

func (g *generator) object(version, kind, namespace, name string) {
	g.line(0, "---")
	g.line(0, "apiVersion: %s", version)
	g.line(0, "kind: %s", kind)
	if namespace == "" {
		g.line(0, "metadata: {name: %s}", name)
		return
	}
	g.line(0, "metadata: {name: %s, namespace: %s}", name, namespace)
}

// rbacResources are groups and the resources that roles name together.
var rbacResources = [...][2]string{
	{"", "[pods, pods/log]"}, {"", "[configmaps]"}, {"", "[secrets]"}, {"", "[services, endpoints]"}, {"", "[events]"},
	{"", "[pods/exec, pods/portforward]"}, {"apps", "[deployments, statefulsets]"}, {"apps", "[deployments/scale]"},
	{"batch", "[jobs, cronjobs]"}, {"networking.k8s.io", "[ingresses, networkpolicies]"}, {"coordination.k8s.io", "[leases]"},
	{"cert-manager.io", "[certificates, issuers]"}, {"monitoring.coreos.com", "[servicemonitors, prometheusrules]"},
	{"argoproj.io", "[applications, rollouts]"}, {"*", `["*/status"]`}, {"rbac.authorization.k8s.io", "[roles, rolebindings]"},
}

func (g *generator) rules() {
	g.line(0, "rules:")
	if g.chance(2) {
		g.line(0, `- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}`)
		return
	}
	for range 1 + g.r.IntN(8) {
		r := rbacResources[g.r.IntN(len(rbacResources))]
		verbs := g.pick("[get, list, watch]", "[get, list, watch]", "[get]", "[create, update, patch]", "[get, list, watch, create, update, patch, delete]", `["*"]`)
		if g.chance(10) {
			g.line(0, "- {apiGroups: [%q], resources: %s, verbs: [get], resourceNames: [name-%d, name-%d]}", r[0], r[1], g.r.IntN(20), g.r.IntN(20))
			continue
		}
		g.line(0, "- {apiGroups: [%q], resources: %s, verbs: %s}", r[0], r[1], verbs)
	}
}

func (g *generator) binding(o RBACOptions, i int) {
	role := g.r.IntN(o.Roles)
	kind, namespace := "RoleBinding", fmt.Sprintf("ns-%d", role%o.Namespaces)
	roleKind := "Role"
	if role%5 == 0 {
		roleKind, namespace = "ClusterRole", fmt.Sprintf("ns-%d", g.r.IntN(o.Namespaces))
	}
	if i%7 == 0 {
		kind, namespace, roleKind = "ClusterRoleBinding", "", "ClusterRole"
		role -= role % 5
	}
	g.object(rbacVersion, kind, namespace, fmt.Sprintf("binding-%d", i))
	g.line(0, "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %s, name: role-%d}", roleKind, role)
	g.line(0, "subjects:")
	for range 1 + g.r.IntN(2) {
		switch n := g.r.IntN(20); {
		case n == 0:
			g.line(0, "- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: team-%d}", g.r.IntN(40))
		case n == 1:
			g.line(0, "- {apiGroup: rbac.authorization.k8s.io, kind: User, name: user-%d}", g.r.IntN(100))
		case n == 2 && i%5 == 0:
			g.line(0, "- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: \"system:serviceaccounts:ns-%d\"}", g.r.IntN(o.Namespaces))
		default:
			sa := g.r.IntN(o.ServiceAccounts)
			g.line(0, "- {kind: ServiceAccount, name: sa-%d, namespace: ns-%d}", sa, sa%o.Namespaces)
		}
	}
}
