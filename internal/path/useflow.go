package path

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/reach/suggest"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
)

// usedFlow is a flow that was seen, with the pods that its ends are; nil for addresses.
type usedFlow struct {
	suggest.Flow
	from, to *rule.Pod
}

// places finds the pods that flows speak of.
type podPlaces struct {
	byName    map[[2]string]*rule.Pod
	byAddress map[netip.Addr]*rule.Pod
}

func (g *Graph) places() *podPlaces {
	p := &podPlaces{byName: map[[2]string]*rule.Pod{}, byAddress: map[netip.Addr]*rule.Pod{}}
	classes := map[bartizan.Ref]*rule.Pod{}
	for _, c := range g.facts.pods {
		classes[c.Ref] = c
		key := [2]string{c.Ref.Namespace, c.Ref.Name}
		if p.byName[key] == nil {
			p.byName[key] = c
		}
	}
	for _, o := range g.facts.in.Objects {
		ref := named(o.Ref)
		c := classes[ref]
		if up, ok := g.facts.byName[ref]; ok {
			c = classes[up]
			if ref.Kind == "Pod" && c != nil {
				p.byName[[2]string{ref.Namespace, ref.Name}] = c
			}
		}
		if c == nil || c.HostNetwork {
			continue
		}
		for ip := range o.Root.At("status", "podIPs").Items() {
			if a, err := netip.ParseAddr(ip.Get("ip").Str()); err == nil {
				p.byAddress[a.Unmap()] = c
			}
		}
		if a, err := netip.ParseAddr(o.Root.At("status", "podIP").Str()); err == nil {
			p.byAddress[a.Unmap()] = c
		}
	}
	return p
}

// ownedName is how controllers name the pods of a workload.
var ownedName = regexp.MustCompile(`^(.+?)(-[a-z0-9]{1,10})?-([a-z0-9]{5}|[0-9]{1,4})$`)

// find is the class of pods that an end of a flow is of; nil for an address. ok is false for what was not read.
func (p *podPlaces) find(e suggest.End) (c *rule.Pod, ok bool) {
	if e.Name == "" {
		c = p.byAddress[e.Address.Unmap()]
		return c, c != nil || e.Address.IsValid()
	}
	names := []string{e.Name, e.Workload}
	if sub := ownedName.FindStringSubmatch(e.Name); sub != nil {
		names = append(names, sub[1]+sub[2], sub[1])
	}
	for _, n := range names {
		if c := p.byName[[2]string{e.Namespace, n}]; c != nil && n != "" {
			return c, true
		}
	}
	return nil, false
}

// readFlows keeps the flows that a pod that was read is an end of.
func (u *Uses) readFlows(log *suggest.Log) {
	p := u.g.places()
	for _, f := range log.Flows {
		from, ok := p.find(f.From)
		to, known := p.find(f.To)
		if !ok || !known || from == nil && to == nil || f.From.Local {
			u.Strange++
			continue
		}
		u.flows = append(u.flows, usedFlow{f, from, to})
	}
	u.Flows = len(u.flows)
}

// lostFlows are the flows that fixes stop: by policies, or by not exposing a Service any more.
func (u *Uses) lostFlows(fixes []int32) (lost []Use) {
	if len(u.flows) == 0 {
		return nil
	}
	policies := u.g.changed(fixes, func(r bartizan.Ref) bool { return isPolicy(r.Kind) })
	var at []int
	for i := range u.flows {
		f := &u.flows[i]
		for r := range policies {
			if r.Namespace == "" || f.from != nil && f.from.Ref.Namespace == r.Namespace || f.to != nil && f.to.Ref.Namespace == r.Namespace {
				at = append(at, i)
				break
			}
		}
	}
	closed := map[bartizan.Ref]bool{}
	for _, f := range fixes {
		if t := u.g.fixes[f].Target; t.Kind == "Service" || t.Kind == "Ingress" {
			closed[t] = true
		}
	}
	var before, after *reach.Model
	if len(at) > 0 {
		before, after = u.g.models(u.flows, at, policies)
	}
	for i := range u.flows {
		f := &u.flows[i]
		_, near := slices.BinarySearch(at, i)
		if near && f.verdict(before) == reach.Allowed && f.verdict(after) != reach.Allowed || u.g.shuts(f, closed) {
			lost = append(lost, Use{
				Who: f.end(f.From, f.from), What: "connections to " + f.end(f.To, f.to) + ", port " + f.Port.String(),
				Count: int64(f.Count), First: f.First, Last: f.Last, Flow: true,
			})
		}
	}
	return lost
}

// isPolicy says whether a kind is of policies of the network.
func isPolicy(k bartizan.Kind) bool {
	word := kindWord(k)
	return word == "NetworkPolicy" || slices.Contains(clusterPolicies, word)
}

func (f *usedFlow) end(e suggest.End, c *rule.Pod) string {
	if c != nil {
		return words(c.Ref)
	}
	return e.String()
}

func (f *usedFlow) verdict(m *reach.Model) reach.Verdict {
	peer := func(e suggest.End, c *rule.Pod) reach.Peer {
		if c != nil {
			return reach.Workload(c.Object.Ref())
		}
		return reach.Host(e.Address)
	}
	return m.Can(peer(f.From, f.from), peer(f.To, f.to), f.Port).Verdict
}

// shuts says whether a flow came from outside through what is not exposed any more, and no other way is left.
func (g *Graph) shuts(f *usedFlow, closed map[bartizan.Ref]bool) bool {
	if f.from != nil || f.to == nil || len(closed) == 0 {
		return false
	}
	open, shut := false, false
	for _, e := range g.facts.exposures {
		if e.Pod == f.to && (f.Port.Number == 0 || int(f.Port.Number) == e.Port) {
			open, shut = open || !closed[e.By], shut || closed[e.By]
		}
	}
	return shut && !open
}

// models are the network of the pods at the ends of some flows, before and after a change of policies.
func (g *Graph) models(flows []usedFlow, at []int, changed map[bartizan.Ref]*kube.Object) (before, after *reach.Model) {
	namespaces, ends := map[string]bool{"": true}, map[*kube.Object]bool{}
	var entities []bartizan.Entity
	for _, i := range at {
		for _, c := range []*rule.Pod{flows[i].from, flows[i].to} {
			if c == nil {
				continue
			}
			namespaces[c.Ref.Namespace] = true
			if o := g.objects[c.Object.Ref()]; o != nil && !ends[o] {
				ends[o] = true
				entities = append(entities, o.Entity())
			}
		}
	}
	for _, o := range g.facts.in.Objects {
		if o.Kind == "Namespace" || o.Kind == "Node" || isPolicy(o.Ref.Kind) && (namespaces[named(o.Ref).Namespace] || namespaces[o.Ref.Namespace]) {
			entities = append(entities, o.Entity())
		}
	}
	options := reach.Options{Complete: g.facts.in.Complete}
	w := world.New(entities)
	var over []bartizan.Entity
	for _, r := range sortedRefs(changed) {
		over = append(over, changed[r].Entity())
	}
	return reach.New(w, options), reach.New(w.Overlay(over...), options)
}

// String tells a use as evidence.
func (x *Use) String() string {
	s := x.Who + ": " + x.What
	if x.Count > 0 {
		s += fmt.Sprintf(", %d times", x.Count)
		s = strings.Replace(s, ", 1 times", ", once", 1)
	}
	if !x.Last.IsZero() {
		s += ", last " + x.Last.UTC().Format("2006-01-02 15:04")
	}
	if x.Doubt != "" {
		s += " (" + x.Doubt + ")"
	}
	return s
}
