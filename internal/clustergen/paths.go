package clustergen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// PathOptions say how large a cluster with planted attack paths is to be.
type PathOptions struct {
	Seed       uint64
	Namespaces int
	Workloads  int // Deployments; they are spread over the namespaces
	Replicas   int // Pods of each Deployment that are written, too; 0 writes none
	Accounts   int
	Bindings   int // harmless ones
	Policies   int
	Chains     int // planted paths
}

// Planted is a path that the generator put there: the workload Namespace/Name reaches cluster-admin, or root on a
// node, by way of so many attacks, with the edges exec, token and privileged and no others.
type Planted struct {
	Namespace, Name string
	Admin, Node     bool
}

// Paths writes a cluster whose attack paths are known, because nothing but what was planted leads anywhere: all other
// rights are harmless, near misses (a right without a token, a role that nobody is bound to, pods/*), or point at
// pods that hold nothing.
func Paths(o PathOptions) (manifests string, planted []Planted) {
	g := pathGen{o: o, rand: rand.New(rand.NewPCG(o.Seed, 77))}
	for i := range o.Namespaces {
		g.object("v1", "Namespace", "", g.namespace(i), `"spec":{}`)
	}
	for i := range o.Accounts {
		g.object("v1", "ServiceAccount", g.namespace(i%o.Namespaces), fmt.Sprintf("sa-%d", i), `"automountServiceAccountToken":true`)
	}
	for i := range o.Workloads {
		g.workload(i)
	}
	g.roles()
	for i := range o.Bindings {
		g.binding(i)
	}
	for i := range o.Policies {
		g.policy(i)
	}
	for i := range o.Chains {
		g.chain(i)
	}
	return g.text.String(), g.planted
}

// pathGen writes one cluster.
type pathGen struct {
	o       PathOptions
	rand    *rand.Rand
	text    strings.Builder
	planted []Planted
}

func (g *pathGen) namespace(i int) string { return fmt.Sprintf("team-%d", i) }

func (g *pathGen) object(api, kind, namespace, name, rest string) {
	if namespace != "" {
		namespace = fmt.Sprintf(`"namespace":%q,`, namespace)
	}
	fmt.Fprintf(&g.text, `{"apiVersion":%q,"kind":%q,"metadata":{%s"name":%q},%s}`+"\n---\n", api, kind, namespace, name, rest)
}

// workload writes a Deployment, and its Pods, that lead nowhere.
func (g *pathGen) workload(i int) {
	ns := g.namespace(i % g.o.Namespaces)
	name := fmt.Sprintf("app-%d", i)
	account := "default"
	if g.o.Accounts > 0 {
		account = fmt.Sprintf("sa-%d", (i+g.rand.IntN(4)*g.o.Namespaces)%g.o.Accounts)
	}
	spec := fmt.Sprintf(`{"serviceAccountName":%q,"automountServiceAccountToken":%v,"containers":[{"name":"main","image":"example.com/%s","ports":[{"containerPort":8080}],"securityContext":{"privileged":false}}]}`,
		account, g.rand.IntN(3) > 0, name)
	g.deployment(ns, name, spec, g.o.Replicas)
}

func (g *pathGen) deployment(ns, name, spec string, replicas int) {
	labels := fmt.Sprintf(`"labels":{"app":%q,"tier":"t%d"}`, name, g.rand.IntN(5))
	g.object("apps/v1", "Deployment", ns, name, fmt.Sprintf(`"spec":{"template":{"metadata":{%s},"spec":%s}}`, labels, spec))
	for k := range replicas {
		node := fmt.Sprintf(`{"nodeName":"node-%d",`, g.rand.IntN(50))
		fmt.Fprintf(&g.text, `{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":%q,"name":"%s-%d",%s,"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":%q,"controller":true}]},"spec":%s}`+"\n---\n",
			ns, name, k, labels, name, node+spec[1:])
	}
}

// roles writes roles that do no harm, and some that would if the one they are bound to could be taken.
func (g *pathGen) roles() {
	for _, r := range harmless {
		g.object("rbac.authorization.k8s.io/v1", "ClusterRole", "", r.name, `"rules":[`+r.rules+`]`)
	}
}

// harmless are rights that lead nowhere by the edges exec, token and privileged.
var harmless = []struct{ name, rules string }{
	{"reader", `{"apiGroups":[""],"resources":["pods","services"],"verbs":["get","list","watch"]},{"apiGroups":["apps"],"resources":["deployments"],"verbs":["get","list"]}`},
	{"pods-star", `{"apiGroups":[""],"resources":["pods/*"],"verbs":["create"]}`},
	{"exec-get", `{"apiGroups":[""],"resources":["pods/exec"],"verbs":["get"]}`},
	{"exec-elsewhere", `{"apiGroups":["example.com"],"resources":["pods/exec"],"verbs":["create"]}`},
	{"exec-named", `{"apiGroups":[""],"resources":["pods/exec"],"verbs":["create"],"resourceNames":["no-such-pod"]}`},
	{"events", `{"apiGroups":[""],"resources":["events"],"verbs":["create","patch"]},{"apiGroups":["coordination.k8s.io"],"resources":["leases"],"verbs":["*"]}`},
	{"all-verbs-one-group", `{"apiGroups":["example.com"],"resources":["*"],"verbs":["*"]}`},
}

// binding binds a harmless role, or a role that does not exist, to an account, a group or a user.
func (g *pathGen) binding(i int) {
	ns := g.namespace(g.rand.IntN(g.o.Namespaces))
	role := harmless[g.rand.IntN(len(harmless))].name
	if g.rand.IntN(20) == 0 {
		role = "no-such-role"
	}
	a := g.rand.IntN(max(1, g.o.Accounts))
	subject := fmt.Sprintf(`{"kind":"ServiceAccount","name":"sa-%d","namespace":%q}`, a, g.namespace(a%g.o.Namespaces))
	switch g.rand.IntN(12) {
	case 0:
		subject = fmt.Sprintf(`{"kind":"Group","name":"system:serviceaccounts:%s","apiGroup":"rbac.authorization.k8s.io"}`, ns)
	case 1:
		subject = fmt.Sprintf(`{"kind":"User","name":"user-%d","apiGroup":"rbac.authorization.k8s.io"}`, g.rand.IntN(200))
	}
	kind, at := "RoleBinding", ns
	if g.rand.IntN(10) == 0 {
		kind, at = "ClusterRoleBinding", ""
	}
	g.bind(kind, at, fmt.Sprintf("bind-%d", i), "ClusterRole", role, subject)
}

func (g *pathGen) bind(kind, ns, name, roleKind, role, subject string) {
	g.object("rbac.authorization.k8s.io/v1", kind, ns, name,
		fmt.Sprintf(`"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":%q,"name":%q},"subjects":[%s]`, roleKind, role, subject))
}

func (g *pathGen) policy(i int) {
	ns := g.namespace(i % g.o.Namespaces)
	g.object("networking.k8s.io/v1", "NetworkPolicy", ns, fmt.Sprintf("policy-%d", i),
		fmt.Sprintf(`"spec":{"podSelector":{"matchLabels":{"tier":"t%d"}},"policyTypes":["Ingress"],"ingress":[{"from":[{"podSelector":{"matchLabels":{"tier":"t%d"}}}],"ports":[{"port":8080}]}]}`, g.rand.IntN(5), g.rand.IntN(5)))
}

// chain plants one path in namespaces of its own: a token leads to a right to exec in the next namespace, once or more,
// and the last pod is privileged, or its token is cluster-admin's, or both.
func (g *pathGen) chain(i int) {
	length := g.rand.IntN(4)
	admin, node := g.rand.IntN(2) == 0, g.rand.IntN(2) == 0
	if !admin && !node {
		admin = true
	}
	space := func(k int) string { return fmt.Sprintf("chain-%d-%d", i, k) }
	for k := range length + 1 {
		ns, last := space(k), k == length
		g.object("v1", "Namespace", "", ns, `"spec":{}`)
		spec := `{"serviceAccountName":"runner","containers":[{"name":"main","image":"example.com/main"}]}`
		if last && node {
			spec = `{"serviceAccountName":"runner","containers":[{"name":"main","image":"example.com/main","securityContext":{"privileged":true}}]}`
		}
		copies := 1 + g.rand.IntN(2)
		for c := range copies {
			name := fmt.Sprintf("step-%d", c)
			g.deployment(ns, name, spec, min(1, g.o.Replicas))
			g.planted = append(g.planted, Planted{ns, name, admin, node})
		}
		subject := fmt.Sprintf(`{"kind":"ServiceAccount","name":"runner","namespace":%q}`, ns)
		if g.rand.IntN(4) == 0 {
			subject = fmt.Sprintf(`{"kind":"Group","name":"system:serviceaccounts:%s","apiGroup":"rbac.authorization.k8s.io"}`, ns)
		}
		switch {
		case !last:
			role := fmt.Sprintf(`"rules":[{"apiGroups":[""],"resources":[%q],"verbs":["create"]}]`, []string{"pods/exec", "*/exec", "*"}[g.rand.IntN(3)])
			g.object("rbac.authorization.k8s.io/v1", "Role", space(k+1), "debug", role)
			g.bind("RoleBinding", space(k+1), "debug", "Role", "debug", subject)
		case admin:
			g.bind("ClusterRoleBinding", "", fmt.Sprintf("chain-%d", i), "ClusterRole", "cluster-admin", subject)
		}
	}
}
