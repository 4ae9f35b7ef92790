package joined

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// everything is to be an administrator of the cluster: whoever holds it is judged for that alone.
var everything = rule.Right{Verb: "*", Group: "*", Resource: "*"}

// anyOf makes of some verbs alternatives that are each enough.
func anyOf(verbs []string, group, resource, sub string) (out [][]rule.Right) {
	for _, v := range verbs {
		out = append(out, []rule.Right{{Verb: v, Group: group, Resource: resource, Sub: sub}})
	}
	return out
}

// clusterWide marks the rights of alternatives as of resources without namespace.
func clusterWide(sets [][]rule.Right) [][]rule.Right {
	for _, s := range sets {
		for i := range s {
			s[i].Cluster = true
		}
	}
	return sets
}

// everyones are the groups and the user that stand for many: they are judged by a rule of their own.
func everyones(r bartizan.Ref) bool {
	return r.Kind != "ServiceAccount" && strings.HasPrefix(r.Name, "system:")
}

// systemNamespace is where the parts of a cluster run: who may take over pods there takes over the cluster.
const systemNamespace = "kube-system"

// judgeHolders reports, once for each of them, who holds all rights of one of the sets everywhere, or in kube-system
// where that is as good.
func judgeHolders(p *rule.Pass, does string, inSystem bool, sets [][]rule.Right) {
	var done []bartizan.Ref
	admins := p.Joined.Rights.At(p.Entity, everything)
	for _, set := range sets {
		for _, h := range p.Joined.Rights.At(p.Entity, set...) {
			wide := h.Scope.Namespace == "" || inSystem && h.Scope.Namespace == systemNamespace
			if !wide || holds(admins, h.Subject) || everyones(h.Subject) || slices.Contains(done, h.Subject) || judgedElsewhere(p, &h) {
				continue
			}
			done = append(done, h.Subject)
			reportHolder(p, &h, does)
		}
	}
}

// bigRoles are built-in roles whose bindings for the whole cluster have rules of their own.
var bigRoles = []string{"cluster-admin", "admin", "edit"}

// judgedElsewhere says whether another rule reports the same: on the binding of one of the built-in big roles, or on a
// workload that runs as the account: mounting its token is what is at fault there, and no longer mounting it is a fix.
func judgedElsewhere(p *rule.Pass, h *rule.Holder) bool {
	bound := !slices.ContainsFunc(h.By, func(g rule.Granted) bool {
		return g.Binding.Kind != "ClusterRoleBinding" || g.Role.Kind != "ClusterRole" || !slices.Contains(bigRoles, g.Role.Name)
	})
	if bound || h.Subject.Kind != "ServiceAccount" || len(h.By) != 1 || h.Scope.Namespace != "" {
		return bound
	}
	if can, _, _ := abilities(h.By); len(can) == 0 {
		return false
	}
	return slices.ContainsFunc(p.Joined.In(h.Subject.Namespace), func(c *rule.Pod) bool { return c.Account == h.Subject })
}

// reportHolder reports one who holds rights, with the rules and bindings that give them.
func reportHolder(p *rule.Pass, h *rule.Holder, does string) {
	where := ""
	if h.Scope.Namespace != "" {
		where = " in namespace " + h.Scope.Namespace
	}
	g := h.By[0]
	for _, x := range h.By {
		if !x.Default {
			g = x
			break
		}
	}
	p.Report(rule.Hit{
		Path:    subjectPath(p.Entity, h.Subject),
		Message: h.Subject.String() + " may " + does + where + ", by " + g.Role.String() + addition(h) + note(h.Subject),
		Value:   h.Subject.Name, Why: h.Why(),
	})
}

// addition names how many other roles it takes.
func addition(h *rule.Holder) string {
	var roles []bartizan.Ref
	for _, g := range h.By {
		if !slices.Contains(roles, g.Role) {
			roles = append(roles, g.Role)
		}
	}
	if n := len(roles) - 1; n == 1 {
		return " and another role"
	} else if n > 1 {
		return " and " + strconv.Itoa(n) + " other roles"
	}
	return ""
}

// note marks the components of a cluster: some of them need what they hold.
func note(r bartizan.Ref) string {
	if r.Kind == "ServiceAccount" && strings.HasPrefix(r.Namespace, "kube-") {
		return " (a component of the cluster: it may need that)"
	}
	return ""
}

// subjectPath is where an object names somebody: the name of a service account, the subject of a binding.
func subjectPath(e bartizan.Entity, subject bartizan.Ref) string {
	o, ok := e.Value.(*kube.Object)
	if !ok || e.Ref.Kind == "ServiceAccount" {
		return "/metadata/name"
	}
	i := 0
	for s := range o.Root.Get("subjects").Items() {
		name, kind := s.Get("name").Text(), s.Get("kind").Text()
		same := kind == string(subject.Kind) && name == subject.Name
		if kind == "ServiceAccount" {
			ns := s.Get("namespace").Text()
			if ns == "" {
				ns = e.Ref.Namespace
			}
			same = same && ns == subject.Namespace
		}
		if kind == "User" && subject.Kind == "ServiceAccount" {
			same = name == "system:serviceaccount:"+subject.Namespace+":"+subject.Name
		}
		if same {
			return "/subjects/" + strconv.Itoa(i) + "/name"
		}
		i++
	}
	return "/roleRef/name"
}

// judgeAnywhere reports who holds a right everywhere and may start pods in some namespace.
func judgeAnywhere(p *rule.Pass, does string, right rule.Right) bool {
	admins := p.Joined.Rights.At(p.Entity, everything)
	var done []bartizan.Ref
	for _, h := range p.Joined.Rights.At(p.Entity, right) {
		if h.Scope.Namespace != "" || everyones(h.Subject) || holds(admins, h.Subject) {
			continue
		}
		for _, g := range p.Joined.Rights.Of(h.Subject) {
			starts := slices.ContainsFunc(startsPods, func(set []rule.Right) bool { return g.Gives(set[0]) })
			if starts && !g.Default && !slices.Contains(done, h.Subject) {
				done = append(done, h.Subject)
				h.By = append(h.By, g)
				reportHolder(p, &h, does)
			}
		}
	}
	return len(done) > 0
}

// holds says whether somebody is among those who hold something everywhere.
func holds(all []rule.Holder, subject bartizan.Ref) bool {
	return slices.ContainsFunc(all, func(h rule.Holder) bool { return h.Subject == subject && h.Scope.Namespace == "" })
}
