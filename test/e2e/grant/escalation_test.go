package grant

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	componentvalidation "k8s.io/component-helpers/auth/rbac/validation"
	rbacapi "k8s.io/kubernetes/pkg/apis/rbac"
	rbacregistry "k8s.io/kubernetes/pkg/registry/rbac"
	"k8s.io/kubernetes/pkg/registry/rbac/validation"
)

// escalating speaks of roles and bindings, so that bind and escalate matter.
var escalating = words{
	verbs:      []string{"get", "list", "create", "bind", "escalate", "*"},
	groups:     []string{"", "apps", "rbac.authorization.k8s.io", "*"},
	resources:  []string{"pods", "pods/log", "*/log", "*", "deployments", "roles", "clusterroles", "pods/*", "a/b/c", "*/b/c"},
	subs:       []string{"log"},
	names:      []string{"c0", "c1", "r0", "r1", "a", ""},
	namespaces: []string{"n1", "n2"},
	urls:       []string{"/healthz", "/healthz/*", "*", "/healthz*", "/h*/x"},
	users:      plain.users,
	userGroups: plain.userGroups,
}

// TestEscalation asks upstream's escalation checks and the product who may bind and write which roles.
func TestEscalation(t *testing.T) {
	a := startAsker(t)
	counts := map[string]int{}
	for seed := uint64(0); seed < uint64(queries(t)/2000); seed++ {
		valid := seed%4 > 0
		g := &generator{rand.New(rand.NewPCG(seed, 7)), escalating, valid}
		c := g.cluster()
		resolver, _ := validation.NewTestRuleResolver(c.roles, c.roleBindings, c.clusterRoles, c.clusterRoleBindings)
		o := &escalationOracle{resolver: resolver, authorizer: upstream(c)}
		b := batch{World: worldOf(t, c.objects()...), Complete: true, Pods: true}
		var want []string
		for range 500 {
			who := g.pick(g.users)
			q := question{Op: g.pick([]string{"missing", "bind", "role"}), User: who, Groups: g.groupsOf(who)}
			if !valid {
				q.Op = "missing" // of a role that cannot be stored nothing more can be asked
			}
			if g.IntN(3) > 0 {
				q.Namespace = g.pick(g.namespaces)
			}
			q.RoleKind, q.RoleName = "ClusterRole", fmt.Sprintf("c%d", g.IntN(10))
			if q.Namespace != "" && g.IntN(2) == 0 {
				q.RoleKind, q.RoleName = "Role", fmt.Sprintf("r%d", g.IntN(10))
			}
			if q.Op == "role" && q.RoleKind == "ClusterRole" {
				q.Namespace = ""
			}
			rules := g.rules(q.RoleKind == "ClusterRole")
			if g.IntN(2) == 0 {
				rules = slices.Clone(c.clusterRoles[g.IntN(len(c.clusterRoles))].Rules)
			}
			q.Rules = rulesOf(rules)
			q.Create, q.Aggregates = g.IntN(2) == 0, q.RoleKind == "ClusterRole" && g.IntN(4) == 0
			b.Questions = append(b.Questions, q)
			want = append(want, o.answer(q, rules))
			answer := want[len(want)-1]
			if q.Op == "missing" && answer != "0" {
				answer = "some"
			}
			counts[q.Op+" "+answer]++
		}
		got := a.ask(b)
		for i, w := range want {
			g := got.Verdicts[i]
			if b.Questions[i].Op == "missing" {
				g = got.Reasons[i]
			}
			if g != w {
				t.Fatalf("seed %d: %+v:\nupstream: %s\nproduct:  %s: %s\nworld: %s", seed, b.Questions[i], w, g, got.Reasons[i], b.World)
			}
		}
	}
	t.Log(counts)
	for _, key := range []string{"bind allowed", "bind denied", "role allowed", "role denied", "missing 0", "missing some"} {
		if counts[key] == 0 {
			t.Errorf("no question had the answer %q: the test proves nothing about it", key)
		}
	}
}

// escalationOracle is what the API server's storage does for roles and bindings.
type escalationOracle struct {
	resolver   validation.AuthorizationRuleResolver
	authorizer authorizer.Authorizer
}

func (o *escalationOracle) answer(q question, rules []rbacv1.PolicyRule) string {
	ctx := genericapirequest.WithUser(context.Background(), &user.DefaultInfo{Name: q.User, Groups: q.Groups})
	if q.Namespace != "" {
		ctx = genericapirequest.WithNamespace(ctx, q.Namespace)
	}
	switch q.Op {
	case "missing":
		own, _ := o.resolver.RulesFor(ctx, &user.DefaultInfo{Name: q.User, Groups: q.Groups}, q.Namespace)
		_, missing := componentvalidation.Covers(own, rules)
		return fmt.Sprint(len(missing))
	case "bind":
		return verdict(o.bind(ctx, q))
	}
	return verdict(o.role(ctx, q, rules))
}

func verdict(allowed bool) string {
	if allowed {
		return "allowed"
	}
	return "denied"
}

func (o *escalationOracle) bind(ctx context.Context, q question) bool {
	ref := rbacapi.RoleRef{APIGroup: rbacv1.GroupName, Kind: q.RoleKind, Name: q.RoleName}
	if rbacregistry.EscalationAllowed(ctx) || rbacregistry.BindingAuthorized(ctx, ref, q.Namespace, o.authorizer) {
		return true
	}
	rules, err := o.resolver.GetRoleReferenceRules(ctx, rbacv1.RoleRef{APIGroup: ref.APIGroup, Kind: ref.Kind, Name: ref.Name}, q.Namespace)
	return err == nil && validation.ConfirmNoEscalation(ctx, o.resolver, rules) == nil
}

func (o *escalationOracle) role(ctx context.Context, q question, rules []rbacv1.PolicyRule) bool {
	info := &genericapirequest.RequestInfo{IsResourceRequest: true, APIGroup: rbacv1.GroupName, Resource: "clusterroles", Name: q.RoleName, Namespace: q.Namespace}
	if q.RoleKind == "Role" {
		info.Resource = "roles"
	}
	if q.Create {
		info.Name = ""
	}
	ctx = genericapirequest.WithRequestInfo(ctx, info)
	if rbacregistry.EscalationAllowed(ctx) || rbacregistry.RoleEscalationAuthorized(ctx, o.authorizer) {
		return true
	}
	if validation.ConfirmNoEscalation(ctx, o.resolver, rules) != nil {
		return false
	}
	full := []rbacv1.PolicyRule{
		{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}, {Verbs: []string{"*"}, NonResourceURLs: []string{"*"}},
	}
	return !q.Aggregates || validation.ConfirmNoEscalation(ctx, o.resolver, full) == nil
}
