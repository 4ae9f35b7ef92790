package detect

import (
	"fmt"
	"slices"
	"strings"
)

// anything is the target of claims on requests of every sort, and the verb of claims on all verbs.
const anything = "*"

// urlTarget is the target of claims on requests that are about no resource.
const urlTarget = "/"

// claim is what one rule needs of one sort of requests.
type claim struct {
	level  Level
	stages []string
	scope  scope
	target string // GROUP|RESOURCE[/SUBRESOURCE], anything or urlTarget
	verb   string
	rule   string
}

// scope limits claims to some callers and namespaces; each is a list joined by blanks, "" for all.
type scope struct{ users, groups, namespaces string }

// covers says whether what one scope records holds what another needs.
func (s scope) covers(o scope) bool {
	return (s.users == "" || s.users == o.users) && (s.groups == "" || s.groups == o.groups) && (s.namespaces == "" || s.namespaces == o.namespaces)
}

// unrecorded are the resources whose requests hold secrets, and the most that may be recorded of them.
var unrecorded = map[string]Level{"secrets": LevelMetadata, "tokenreviews": LevelMetadata, "serviceaccounts/token": LevelRequest}

// SmallestPolicy is the smallest audit policy, as YAML, under which the rules of a set can judge all that they are about.
// The values of Secrets and tokens are never recorded: what a rule would need of them stands in a comment.
func SmallestPolicy(s *Set) string {
	var claims []claim
	var short []string
	for _, d := range s.rules {
		for _, n := range d.needs() {
			some, capped := n.claims()
			claims = append(claims, some...)
			if capped && !slices.Contains(short, d.ID) {
				short = append(short, d.ID)
			}
		}
	}
	return writePolicy(claims, reduce(claims), short)
}

// claims spells a need out; capped says that not all of it may be recorded.
func (n *need) claims() (all []claim, capped bool) {
	join := func(list []string) string { return strings.Join(list, " ") }
	base := claim{level: n.level, stages: n.stages, scope: scope{join(n.users), join(n.groups), join(n.namespaces)}, rule: n.rule.ID}
	for _, target := range n.targets() {
		for _, verb := range orAll(n.verbs) {
			c := base
			c.target, c.verb = target, verb
			_, name, _ := strings.Cut(target, "|")
			if most, known := unrecorded[name]; known && c.level > most {
				c.level, capped = most, true
			}
			if target == anything || target == urlTarget {
				c.scope.namespaces = ""
			}
			all = append(all, c)
		}
	}
	return all, capped
}

func orAll(list []string) []string {
	if list == nil {
		return []string{anything}
	}
	return list
}

// targets are the requests that the need is about, as a policy names them.
func (n *need) targets() (all []string) {
	if n.urls {
		return []string{urlTarget}
	}
	if n.resources == nil {
		return []string{anything}
	}
	for _, r := range n.resources {
		groups := groupsOf(r)
		if groups == nil {
			return []string{anything} // a policy has to name the group of a resource
		}
		for _, g := range groups {
			switch {
			case n.object:
				all = append(all, g+"|"+r)
			case n.subs != nil:
				for _, sub := range n.subs {
					all = append(all, g+"|"+r+"/"+sub)
				}
			default:
				all = append(all, g+"|"+r+"/*") // which stands for the object itself, too
			}
		}
	}
	return all
}

// covers says whether what one claim records is all that another needs.
func (c *claim) covers(o *claim) bool {
	if c.level < o.level || !c.scope.covers(o.scope) || c.verb != anything && c.verb != o.verb {
		return false
	}
	begin, all := strings.CutSuffix(c.target, "/*")
	return c.target == anything || c.target == o.target || all && (o.target == begin || strings.HasPrefix(o.target, begin+"/"))
}

// overlaps says whether a request can be what both are about. Callers are not compared.
func (c *claim) overlaps(o *claim) bool {
	if c.verb != anything && o.verb != anything && c.verb != o.verb {
		return false
	}
	x, y := *c, *o
	x.level, y.level, x.scope, y.scope, x.verb, y.verb = 0, 0, scope{}, scope{}, anything, anything
	return x.covers(&y) || y.covers(&x)
}

// reduce leaves out claims that others cover.
func reduce(claims []claim) []claim {
	var out []claim
	for i := range claims {
		c := &claims[i]
		covered := false
		for j := range claims {
			if i != j && claims[j].covers(c) && (!c.covers(&claims[j]) || j < i) {
				covered = true
				break
			}
		}
		if !covered {
			out = append(out, *c)
		}
	}
	return out
}

// policyGroup is claims that make one rule of the policy.
type policyGroup struct {
	level   Level
	scope   scope
	verbs   string
	urls    bool
	all     bool
	targets []string
	claims  []claim
}

// group joins claims of the same level, scope and verbs.
func group(claims []claim) []policyGroup {
	type key struct {
		level  Level
		scope  scope
		target string
	}
	verbs := map[key][]string{}
	var keys []key
	of := map[key][]claim{}
	for _, c := range claims {
		k := key{c.level, c.scope, c.target}
		if verbs[k] == nil {
			keys = append(keys, k)
		}
		verbs[k] = append(verbs[k], c.verb)
		of[k] = append(of[k], c)
	}
	var groups []policyGroup
	for _, k := range keys {
		v := slices.Compact(slices.Sorted(slices.Values(verbs[k])))
		g := policyGroup{level: k.level, scope: k.scope, verbs: strings.Join(v, " "), urls: k.target == urlTarget, all: k.target == anything}
		i := slices.IndexFunc(groups, func(o policyGroup) bool {
			return o.level == g.level && o.scope == g.scope && o.verbs == g.verbs && o.urls == g.urls && o.all == g.all
		})
		if i < 0 {
			groups, i = append(groups, g), len(groups)
		}
		groups[i].targets = append(groups[i].targets, k.target)
		groups[i].claims = append(groups[i].claims, of[k]...)
	}
	slices.SortStableFunc(groups, func(a, b policyGroup) int { return int(b.level) - int(a.level) })
	return groups
}

// writePolicy writes the policy that records the reduced claims; stages are recorded as all claims want them.
func writePolicy(all, reduced []claim, short []string) string {
	var b strings.Builder
	b.WriteString("# The least that the API server must record for these detections; written by Bartizan.\n")
	if len(short) > 0 {
		b.WriteString("# Requests that hold the values of Secrets or tokens are not recorded in whole, so that these work in part at most:\n")
		fmt.Fprintf(&b, "# %s\n", strings.Join(short, ", "))
	}
	b.WriteString("apiVersion: audit.k8s.io/v1\nkind: Policy\n")
	omit := omitted(all, func(*claim) bool { return true })
	if len(omit) > 0 {
		fmt.Fprintf(&b, "omitStages: [%s]\n", strings.Join(omit, ", "))
	}
	b.WriteString("rules:\n")
	groups := group(reduced)
	if slices.ContainsFunc(groups, func(g policyGroup) bool { return g.all && g.level > LevelMetadata }) {
		writeGuard(&b)
	}
	for _, g := range groups {
		g.write(&b, all, omit)
	}
	return b.String()
}

// writeGuard keeps secrets out of what a rule for all resources would record.
func writeGuard(b *strings.Builder) {
	b.WriteString("  # values of Secrets and tokens are not recorded\n  - level: Metadata\n    resources:\n" +
		"      - {group: \"\", resources: [secrets]}\n      - {group: authentication.k8s.io, resources: [tokenreviews]}\n" +
		"  - level: Request\n    resources:\n      - {group: \"\", resources: [serviceaccounts/token]}\n")
}

// omitted are the stages that no claim wants of those that a test picks.
func omitted(claims []claim, picks func(*claim) bool) (omit []string) {
	for _, stage := range []string{stageReceived, stageStarted} {
		if !slices.ContainsFunc(claims, func(c claim) bool { return picks(&c) && slices.Contains(c.stages, stage) }) {
			omit = append(omit, stage)
		}
	}
	return omit
}

func (g *policyGroup) write(b *strings.Builder, all []claim, everywhere []string) {
	var ids []string
	for _, c := range g.claims {
		if !slices.Contains(ids, c.rule) {
			ids = append(ids, c.rule)
		}
	}
	slices.Sort(ids)
	fmt.Fprintf(b, "  # %s\n  - level: %s\n", someOf(ids, 4), g.level)
	list := func(name, joined string) {
		if joined != "" {
			fmt.Fprintf(b, "    %s: [%s]\n", name, quotedList(strings.Split(joined, " ")))
		}
	}
	list("users", g.scope.users)
	list("userGroups", g.scope.groups)
	if g.verbs != anything {
		list("verbs", g.verbs)
	}
	switch {
	case g.urls:
		b.WriteString("    nonResourceURLs: [\"*\"]\n")
	case !g.all:
		g.writeResources(b)
	}
	list("namespaces", g.scope.namespaces)
	omit := omitted(all, func(c *claim) bool {
		return slices.ContainsFunc(g.claims, func(o claim) bool { return c.overlaps(&o) })
	})
	omit = slices.DeleteFunc(omit, func(s string) bool { return slices.Contains(everywhere, s) })
	list("omitStages", strings.Join(omit, " "))
}

func (g *policyGroup) writeResources(b *strings.Builder) {
	names := map[string][]string{}
	var groups []string
	for _, t := range g.targets {
		group, name, _ := strings.Cut(t, "|")
		if names[group] == nil {
			groups = append(groups, group)
		}
		names[group] = append(names[group], name)
	}
	slices.Sort(groups)
	b.WriteString("    resources:\n")
	for _, group := range groups {
		slices.Sort(names[group])
		fmt.Fprintf(b, "      - {group: %q, resources: [%s]}\n", group, quotedList(slices.Compact(names[group])))
	}
}

// quotedList writes texts for a YAML list in brackets.
func quotedList(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = t
		if strings.ContainsAny(t, "*:{}[],&#?|-<>=!%@\\\"' ") && !plainWord(t) {
			out[i] = fmt.Sprintf("%q", t)
		}
	}
	return strings.Join(out, ", ")
}

// plainWord says whether a text needs no quotes: letters and digits with dashes and slashes between them.
func plainWord(t string) bool {
	return strings.Trim(t, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/.") == "" && t[0] != '-'
}

// someOf is a list in words, cut.
func someOf(all []string, most int) string {
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}
