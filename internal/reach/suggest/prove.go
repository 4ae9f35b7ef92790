package suggest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// overlaid reads the policies back from their text, as they would be applied, and evaluates the World with them.
func (k *maker) overlaid() (*reach.Model, error) {
	var entities []bartizan.Entity
	for i := range k.result.Policies {
		p := &k.result.Policies[i]
		for d, err := range tree.Parse(p.Text, tree.Limits{}) {
			if err != nil {
				return nil, fmt.Errorf("suggesting %s: its own text cannot be read: %w: report this as a bug", p.Ref, err)
			}
			objects, errs := kube.Decode(d, bartizan.Origin{Source: "suggested"})
			if len(errs) > 0 || len(objects) != 1 || objects[0].Ref != p.Ref {
				return nil, fmt.Errorf("suggesting %s: its own text is another object: report this as a bug", p.Ref)
			}
			entities = append(entities, objects[0].Entity())
			k.written = append(k.written, objects[0].Root)
		}
	}
	k.index()
	return reach.New(k.world.Overlay(entities...), k.options), nil
}

const maxCut = 10 // flows that an error names

// prove demands that every observed flow is allowed.
func (k *maker) prove(before, after *reach.Model) error {
	var cut []string
	for _, l := range k.order {
		if k.verdict(after, l) == reach.Allowed && k.asked(l) || k.byName(l) {
			continue
		}
		text := k.name(l.from) + " → " + k.name(l.to) + " : " + l.port.String()
		if was := k.verdict(before, l); was != reach.Allowed {
			k.result.Warnings = append(k.result.Warnings, text+" was observed, and the policies that were read make it "+was.String()+" already")
			continue
		}
		cut = append(cut, text)
	}
	if len(cut) == 0 {
		return nil
	}
	more := ""
	if len(cut) > maxCut {
		more = fmt.Sprintf(" and %d more", len(cut)-maxCut)
		cut = cut[:maxCut]
	}
	return fmt.Errorf("proving the policies: they do not surely allow what was observed: %s%s: nothing is suggested; check that the pods of these workloads were read", strings.Join(cut, "; "), more)
}

// ruled is a port of a group in one direction.
type ruled struct {
	group     int
	direction string
	port      string // with the protocol, as it is written
}

func (k *maker) ruled(group int, direction string, port reach.Port) ruled {
	return ruled{group, direction, strconv.Itoa(int(port.Number)) + "/" + port.Protocol.String()}
}

// index finds the rules for each port that the written policies of groups hold, and those for requests among them.
func (k *maker) index() {
	k.ruling, k.asking = map[ruled][]tree.Node{}, map[ruled]*requests{}
	groups := map[bartizan.Ref][]int{}
	for i, g := range k.groups {
		groups[g.workloads[0]] = append(groups[g.workloads[0]], i)
	}
	for i, root := range k.written {
		var own []int
		for _, w := range k.result.Policies[i].Workloads {
			own = append(own, groups[w]...)
		}
		slices.Sort(own)
		own = slices.Compact(own)
		for _, direction := range []string{"ingress", "egress"} {
			for r := range root.At("spec", direction).Items() {
				k.indexRule(own, direction, r)
			}
		}
	}
}

func (k *maker) indexRule(groups []int, direction string, r tree.Node) {
	for p := range r.Get("toPorts").Items() {
		for x := range p.Get("ports").Items() {
			for _, g := range groups {
				key := ruled{g, direction, x.Get("port").Str() + "/" + x.Get("protocol").Str()}
				k.ruling[key] = append(k.ruling[key], r)
			}
		}
	}
}

// requests are the rules for requests at a port.
type requests struct {
	rules []matcher
	any   bool
}

// byName says whether a policy allows an address by a name that it was looked up by.
func (k *maker) byName(l link) bool {
	names := k.named[l.to.address]
	if l.to.group >= 0 || l.from.group < 0 || len(names) == 0 {
		return false
	}
	for _, r := range k.ruling[k.ruled(l.from.group, "egress", l.port)] {
		for n := range r.Get("toFQDNs").Items() {
			if slices.Contains(names, n.Get("matchName").Str()) {
				return true
			}
		}
	}
	return false
}

// asked says whether the rules for requests, where there are any, let those through that were seen.
func (k *maker) asked(l link) bool {
	if k.dialect != Cilium || l.to.group < 0 {
		return true
	}
	rules, seen := k.requestsAt(k.ruled(l.to.group, "ingress", l.port)), k.links[l]
	return !rules.any || len(seen.requests) > 0 && !seen.many && !slices.ContainsFunc(seen.requests, func(r Request) bool { return !allow(rules.rules, r) })
}

// requestsAt are the rules for requests at a port, compiled once.
func (k *maker) requestsAt(at ruled) *requests {
	if out := k.asking[at]; out != nil {
		return out
	}
	var rules []pattern
	for _, r := range k.ruling[at] {
		for p := range r.Get("toPorts").Items() {
			for x := range p.At("rules", "http").Items() {
				rules = append(rules, pattern{x.Get("method").Str(), x.Get("path").Str()})
			}
		}
	}
	k.asking[at] = &requests{compiled(rules), len(rules) > 0}
	return k.asking[at]
}

func (k *maker) verdict(m *reach.Model, l link) reach.Verdict {
	seen := k.links[l]
	if seen.from >= 0 && seen.to >= 0 {
		return m.Reaches(seen.from, seen.to, l.port)
	}
	side := func(p peer, pod int) reach.Peer {
		if pod >= 0 {
			return reach.Workload(m.Pod(pod).Ref)
		}
		return reach.Host(p.address)
	}
	return m.Can(side(l.from, seen.from), side(l.to, seen.to), l.port).Verdict
}

func (k *maker) name(p peer) string {
	if p.group >= 0 {
		return k.groups[p.group].name()
	}
	return p.address.String()
}
