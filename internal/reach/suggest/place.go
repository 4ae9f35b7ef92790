package suggest

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// end is an end of a flow in the World: a group, or an address.
type end struct {
	maybe   []int // groups that it may be, where that is not known
	group   int   // -1 for an address
	pod     int
	address netip.Addr
}

// place finds what the ends of flows stand for.
type place struct {
	m         *reach.Model
	groups    []*group
	of        []int
	byName    map[[2]string][]int // a pod, or one pod of each workload of that name
	byAddress map[netip.Addr]int
	nodes     map[netip.Addr]string
	services  map[netip.Addr]*kube.Object
	podCIDRs  []netip.Prefix
}

func newPlace(k *maker, m *reach.Model, podCIDRs []netip.Prefix) *place {
	w := k.world
	p := &place{
		m: m, byName: map[[2]string][]int{}, byAddress: map[netip.Addr]int{}, nodes: map[netip.Addr]string{},
		services: map[netip.Addr]*kube.Object{}, podCIDRs: podCIDRs,
	}
	p.groups, p.of = groupsOf(k, m)
	for i, pod := range m.Pods() {
		for _, a := range pod.Addresses {
			if !pod.HostNetwork {
				p.byAddress[a.Unmap()] = i
			}
		}
		p.note(pod.Ref.Name, i)
	}
	for i, pod := range m.Pods() {
		p.note(pod.Workload.Name, i)
	}
	for e := range w.All("Node") {
		if o, ok := e.Value.(*kube.Object); ok {
			for x := range o.Root.At("status", "addresses").Items() {
				if a, err := netip.ParseAddr(x.Get("address").Str()); err == nil {
					p.nodes[a.Unmap()] = o.Ref.Name
				}
			}
		}
	}
	for e := range w.All("Service") {
		if o, ok := e.Value.(*kube.Object); ok {
			for _, s := range append([]string{o.Root.At("spec", "clusterIP").Str()}, texts(o, "spec", "clusterIPs")...) {
				if a, err := netip.ParseAddr(s); err == nil {
					p.services[a.Unmap()] = o
				}
			}
		}
	}
	return p
}

// note gives a pod a name, if none of its group has it.
func (p *place) note(name string, pod int) {
	key := [2]string{p.m.Pod(pod).Namespace, name}
	if !slices.ContainsFunc(p.byName[key], func(i int) bool { return p.of[i] == p.of[pod] }) {
		p.byName[key] = append(p.byName[key], pod)
	}
}

func texts(o *kube.Object, path ...string) (out []string) {
	for x := range o.Root.At(path...).Items() {
		out = append(out, x.Str())
	}
	return out
}

// made is how controllers name the pods of a workload: web-7d4b9c5f6-x2x4z, db-0, job-29384756-abcde.
var made = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(.+?)(-[a-z0-9]{1,10})?-([a-z0-9]{5}|[0-9]{1,4})$`) })

// find is what an end stands for; why says why nothing was found.
func (p *place) find(e End) (x end, why string) {
	x = end{group: -1, pod: -1, address: e.Address}
	if e.Name != "" {
		i, maybe := p.named(e)
		switch {
		case len(maybe) > 0:
			var refs []string
			for _, m := range maybe {
				refs = append(refs, p.m.Pod(m).Workload.String())
				x.maybe = append(x.maybe, p.of[m])
			}
			return x, e.String() + " may be " + strings.Join(refs, " or ") + ": record the kind as well, as NAMESPACE/KIND/NAME"
		case i < 0:
			return x, e.String() + " was not read"
		}
		return p.at(i)
	}
	if i, ok := p.byAddress[e.Address]; ok {
		return p.at(i)
	}
	if s, ok := p.services[e.Address]; ok && !apiServer(s) {
		return x, e.String() + " is the address of " + s.Ref.String() + ", and policies see the pods behind it: record flows behind the translation of addresses"
	}
	for _, c := range p.podCIDRs {
		if _, node := p.nodes[e.Address]; c.Contains(e.Address) && !node {
			return x, e.String() + " is the address of a pod that was not read"
		}
	}
	return x, ""
}

func apiServer(s *kube.Object) bool {
	return s.Ref.Namespace == "default" && s.Ref.Name == "kubernetes"
}

// at is the end that a pod is: its node's address, if it is on the node's network.
func (p *place) at(i int) (end, string) {
	pod := p.m.Pod(i)
	if !pod.HostNetwork {
		return end{group: p.of[i], pod: i}, ""
	}
	for _, a := range pod.Addresses {
		return end{group: -1, pod: -1, address: a}, ""
	}
	return end{group: -1, pod: -1}, pod.Ref.String() + " is on its node's network, and the node's address was not read"
}

// named is the pod that a name stands for, or -1; or the pods that it may stand for.
func (p *place) named(e End) (pod int, maybe []int) {
	names := []string{e.Name, e.Workload}
	if sub := made().FindStringSubmatch(e.Name); sub != nil {
		names = append(names, sub[1]+sub[2], sub[1])
	}
	for _, n := range names {
		list := p.byName[[2]string{e.Namespace, n}]
		if n == "" || len(list) == 0 {
			continue
		}
		if len(list) == 1 {
			return list[0], nil
		}
		for _, i := range list {
			if e.Kind != "" && string(p.m.Pod(i).Workload.Kind) == e.Kind {
				return i, nil
			}
		}
		return -1, list
	}
	return -1, nil
}

// local says whether a flow comes from the pod's own node, which no policy stops.
func (p *place) local(f *Flow, from, to end) bool {
	if f.From.Local {
		return true
	}
	if to.group < 0 || from.group >= 0 {
		return false
	}
	node, ok := p.nodes[from.address]
	return ok && node == p.m.Pod(to.pod).Node
}
