package excess

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/grant"
)

// ephemeral are resources whose objects get a new name each time: a role that names them would not last.
var ephemeral = map[string]bool{
	"pods": true, "replicasets": true, "jobs": true, "events": true, "endpointslices": true, "controllerrevisions": true,
	"certificatesigningrequests": true, "tokenreviews": true, "subjectaccessreviews": true, "workloads": true, "taskruns": true,
	"pipelineruns": true, "workflows": true, "challenges": true, "orders": true, "certificaterequests": true,
}

// nameless are verbs that say nothing of names, or not always.
var nameless = map[string]bool{"create": true, "list": true, "watch": true, "deletecollection": true}

// atom is one right.
type atom struct {
	verb, group, resource string
}

// right says for which objects an atom is needed.
type right struct {
	names   map[string]bool
	some    bool // an object that cannot be named was asked for
	unnamed bool // the binding gives it for every name
}

// maxPaths is how many URLs a rule lists before it keeps the pattern that stood there.
const maxPaths = 16

// size makes the rules that allow just some requests. Each comes of a rule that the binding has, and gives no more.
func size(charges []charge, maxNames int) []grant.Rule {
	atoms := map[atom]*right{}
	paths := map[string]map[string]string{} // by verb: URL to the old rule's pattern
	for i := range charges {
		c := &charges[i]
		if q := c.request; q.Path != "" {
			if paths[q.Verb] == nil {
				paths[q.Verb] = map[string]string{}
			}
			paths[q.Verb][q.Path] = pattern(&c.grant.Rule, &q)
			continue
		}
		a := atom{c.request.Verb, c.request.Group, c.request.Resource}
		if c.request.Subresource != "" {
			a.resource += "/" + c.request.Subresource
		}
		if atoms[a] == nil {
			atoms[a] = &right{names: map[string]bool{}}
		}
		atoms[a].add(c)
	}
	return append(compact(atoms, maxNames), urls(paths)...)
}

func (r *right) add(c *charge) {
	r.unnamed = r.unnamed || c.unnamed
	if c.request.Name == "" || c.request.Name == otherName {
		r.some = true
		return
	}
	r.names[c.request.Name] = true
}

// named are the names that a rule for an atom lists; nil for none. What the binding only gave by name it gives by name.
func (r *right) named(a atom, maxNames int) []string {
	base, _, _ := strings.Cut(a.resource, "/")
	if r.unnamed && (r.some || nameless[a.verb] || ephemeral[base] || len(r.names) > maxNames) {
		return nil
	}
	return slices.Sorted(maps.Keys(r.names))
}

// compact writes atoms as few rules: those of one group and the same names, first by verbs, then by resources.
func compact(atoms map[atom]*right, maxNames int) (out []grant.Rule) {
	type target struct{ group, resource, names string }
	verbsOf := map[target][]string{}
	for a, r := range atoms {
		t := target{a.group, a.resource, strings.Join(r.named(a, maxNames), "\x00")}
		verbsOf[t] = append(verbsOf[t], a.verb)
	}
	type shape struct{ group, verbs, names string }
	resourcesOf := map[shape][]string{}
	for t, list := range verbsOf {
		slices.SortFunc(list, compareVerbs)
		s := shape{t.group, strings.Join(list, "\x00"), t.names}
		resourcesOf[s] = append(resourcesOf[s], t.resource)
	}
	for s, resources := range resourcesOf {
		slices.Sort(resources)
		rule := grant.Rule{Verbs: strings.Split(s.verbs, "\x00"), APIGroups: []string{s.group}, Resources: resources}
		if s.names != "" {
			rule.ResourceNames = strings.Split(s.names, "\x00")
		}
		out = append(out, rule)
	}
	slices.SortFunc(out, func(a, b grant.Rule) int {
		return cmp.Or(slices.Compare(a.APIGroups, b.APIGroups), slices.Compare(a.Resources, b.Resources), slices.Compare(a.ResourceNames, b.ResourceNames), slices.Compare(a.Verbs, b.Verbs))
	})
	return out
}

func compareVerbs(a, b string) int {
	return cmp.Or(cmp.Compare(verbRank(a), verbRank(b)), cmp.Compare(a, b))
}

// pattern is the URL of a rule that allows a path.
func pattern(r *grant.Rule, q *grant.Request) string {
	for _, u := range r.NonResourceURLs {
		if matches(u, q) {
			return u
		}
	}
	return q.Path
}

// urls writes the rules for URLs that are no resources.
func urls(paths map[string]map[string]string) (out []grant.Rule) {
	verbsOf := map[string][]string{}
	for _, verb := range slices.Sorted(maps.Keys(paths)) {
		list := map[string]bool{}
		for path, old := range paths[verb] {
			if len(paths[verb]) > maxPaths || strings.HasSuffix(path, "*") {
				path = old
			}
			list[path] = true
		}
		key := strings.Join(slices.Sorted(maps.Keys(list)), "\x00")
		verbsOf[key] = append(verbsOf[key], verb)
	}
	for _, key := range slices.Sorted(maps.Keys(verbsOf)) {
		slices.SortFunc(verbsOf[key], compareVerbs)
		out = append(out, grant.Rule{Verbs: verbsOf[key], NonResourceURLs: strings.Split(key, "\x00")})
	}
	return out
}

// known are verbs of which an audit log shows the use, by itself or by what comes with it.
func known(verb string) bool {
	switch verb {
	case "*", "impersonate", "bind", "escalate", "approve", "sign":
		return true
	}
	return slices.Contains(verbs, verb) || strings.HasPrefix(verb, "impersonate:") || strings.HasPrefix(verb, "impersonate-on:")
}

// aside are the rights of a rule whose use no audit log shows: verbs that only others check, and, where the log does not say
// what was asked of it, what kubelets and proxies check for their callers. soft are those that come with writing objects.
func aside(r *grant.Rule, hidden bool) (hard, soft []grant.Rule) {
	var strange []string
	for _, v := range r.Verbs {
		if !known(v) {
			strange = append(strange, v)
		}
	}
	with := func(verbs, resources []string) grant.Rule {
		return grant.Rule{Verbs: verbs, APIGroups: r.APIGroups, Resources: resources, ResourceNames: r.ResourceNames}
	}
	if len(r.NonResourceURLs) > 0 {
		if hidden {
			hard = append(hard, grant.Rule{Verbs: r.Verbs, NonResourceURLs: r.NonResourceURLs})
		}
		return hard, nil
	}
	if len(strange) > 0 && len(r.Resources) > 0 {
		hard = append(hard, with(strange, r.Resources))
	}
	var nodes, finalizers []string
	for _, res := range r.Resources {
		switch base, sub, _ := strings.Cut(res, "/"); {
		case base == "nodes" && sub != "" && sub != "status" && hidden:
			nodes = append(nodes, res)
		case sub == "finalizers":
			finalizers = append(finalizers, res)
		}
	}
	if len(nodes) > 0 {
		hard = append(hard, with(r.Verbs, nodes))
	}
	if len(finalizers) > 0 {
		soft = append(soft, with(r.Verbs, finalizers))
	}
	return hard, soft
}
