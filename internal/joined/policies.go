package joined

import (
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/rule"
)

// foreignKinds are policies that bear on packets and that internal/reach does not know.
var foreignKinds = []bartizan.Kind{
	"NetworkPolicy.crd.projectcalico.org", "NetworkPolicy.projectcalico.org",
	"GlobalNetworkPolicy.crd.projectcalico.org", "GlobalNetworkPolicy.projectcalico.org",
	"NetworkPolicy.crd.antrea.io", "ClusterNetworkPolicy.crd.antrea.io",
}

// foreignPolicies are the namespaces in which policies of such kinds were read; "" for one that spans them.
func foreignPolicies(w bartizan.World) map[string]bool {
	found := map[string]bool{}
	for _, kind := range foreignKinds {
		for e := range w.All(kind) {
			switch {
			case !strings.HasPrefix(string(kind), "NetworkPolicy"):
				found[""] = true
			case e.Ref.Namespace == "":
				found["default"] = true
			default:
				found[e.Ref.Namespace] = true
			}
		}
	}
	return found
}

// policyKinds are the kinds of policies that internal/reach knows.
func policyKinds() (out []bartizan.Kind) {
	for _, k := range reach.Kinds() {
		if strings.Contains(k, "NetworkPolicy") {
			out = append(out, bartizan.Kind(k))
		}
	}
	return out
}

// policies answers rules from the model of reach.
type policies struct {
	view     *view
	foreign  map[string]bool
	index    func() map[bartizan.Ref]int // pods and templates of the model, by name
	senders  func() map[string][]int     // by namespace, one of each class of pods
	faults   func() map[bartizan.Ref][]reach.Fault
	governed func() map[string]bool
	peers    sync.Map // by place: a func() peers
}

// place is a port of a class of pods of a namespace: who reaches one pod of it reaches the others.
type place struct {
	class     reach.Class
	namespace string
	port      int
}

// peers are what Peers answers.
type peers struct {
	open, closed []string
	why          []bartizan.Evidence
}

func newPolicies(v *view, foreign map[string]bool) *policies {
	p := &policies{view: v, foreign: foreign}
	p.index = sync.OnceValue(func() map[bartizan.Ref]int {
		all := map[bartizan.Ref]int{}
		for i, pod := range v.reach().Pods() {
			if _, taken := all[named(pod.Ref)]; !taken {
				all[named(pod.Ref)] = i
			}
		}
		return all
	})
	p.senders = sync.OnceValue(p.readSenders)
	p.faults = sync.OnceValue(func() map[bartizan.Ref][]reach.Fault {
		all := map[bartizan.Ref][]reach.Fault{}
		for _, f := range v.reach().Faults() {
			ref := named(f.Policy)
			all[ref] = append(all[ref], f)
		}
		return all
	})
	p.governed = sync.OnceValue(p.readGoverned)
	return p
}

func (p *policies) readSenders() map[string][]int {
	all := map[string][]int{}
	seen := map[reach.Class]bool{}
	m := p.view.reach()
	for i, pod := range m.Pods() {
		if c := m.ClassOf(i); !pod.HostNetwork && !seen[c] {
			seen[c] = true
			all[pod.Namespace] = append(all[pod.Namespace], i)
		}
	}
	return all
}

func (p *policies) readGoverned() map[string]bool {
	all := map[string]bool{}
	for _, kind := range policyKinds() {
		for e := range p.view.in.World.All(kind) {
			switch {
			case clusterScoped[kind]:
				all[""] = true
			case e.Ref.Namespace == "":
				all["default"] = true
			default:
				all[e.Ref.Namespace] = true
			}
		}
	}
	for ns := range p.foreign {
		all[ns] = true
	}
	return all
}

// Governed is rule.Policies.
func (p *policies) Governed(namespace string) bool {
	g := p.governed()
	return g[""] || g[namespace]
}

// elsewhere are addresses that no rule is likely to be about: documentation's.
var elsewhere = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}

// Selects is rule.Policies.
func (p *policies) Selects(pod *rule.Pod, inbound bool) (rule.Reach, []bartizan.Ref) {
	if p.foreign[""] || p.foreign[pod.Ref.Namespace] || pod.HostNetwork {
		return rule.ReachUnknown, nil
	}
	var by []bartizan.Ref
	sure := false
	for _, a := range elsewhere {
		side := p.side(pod, reach.Host(a), inbound)
		for _, d := range side.Decisions {
			sure = sure || !d.Maybe
			if !slices.Contains(by, d.Policy) {
				by = append(by, d.Policy)
			}
		}
	}
	switch {
	case sure:
		return rule.ReachYes, by
	case len(by) > 0:
		return rule.ReachUnknown, by
	}
	return rule.ReachNo, nil
}

func (p *policies) side(pod *rule.Pod, other reach.Peer, inbound bool) reach.Side {
	own := reach.Workload(pod.Object.Ref())
	if inbound {
		return p.view.reach().Can(other, own, reach.Port{Number: 1}).Ingress
	}
	return p.view.reach().Can(own, other, reach.Port{Number: 1}).Egress
}

// Peers is rule.Policies.
func (p *policies) Peers(pod *rule.Pod, port int) (open, closed []string, why []bartizan.Evidence) {
	to, ok := p.index()[named(pod.Object.Ref())]
	if !ok {
		return nil, nil, nil
	}
	key := place{p.view.reach().ClassOf(to), pod.Ref.Namespace, port}
	if len(p.view.reach().Pod(to).Addresses) > 1 { // such a pod may be in several classes
		found := p.readPeers(to, key)
		return found.open, found.closed, found.why
	}
	find, ok := p.peers.Load(key)
	if !ok {
		find, _ = p.peers.LoadOrStore(key, sync.OnceValue(func() peers { return p.readPeers(to, key) }))
	}
	found := find.(func() peers)()
	return found.open, found.closed, found.why
}

func (p *policies) readPeers(to int, at place) (out peers) {
	m, port := p.view.reach(), reach.Port{Number: uint16(at.port)}
	for ns, pods := range p.senders() {
		if ns == at.namespace {
			continue
		}
		all := !slices.ContainsFunc(pods, func(from int) bool { return m.Reaches(from, to, port) != reach.Allowed })
		if all {
			out.open = append(out.open, ns)
		} else {
			out.closed = append(out.closed, ns)
		}
	}
	slices.Sort(out.open)
	slices.Sort(out.closed)
	if len(out.open) > 0 {
		from := m.Pod(p.senders()[out.open[0]][0])
		out.why = p.evidence(m.Can(reach.Workload(from.Ref), reach.Workload(m.Pod(to).Ref), port).Ingress.Decisions)
	}
	return out
}

// evidence points at the rules that let something through.
func (p *policies) evidence(decisions []reach.Decision) (out []bartizan.Evidence) {
	for _, d := range decisions {
		o := p.view.objects()[named(d.Policy)]
		if d.Action != reach.Allow || d.Rule < 0 || o == nil {
			continue
		}
		e := engine.Evidence(o, o.Root.Lookup("/spec/"+d.Direction.String()+"/"+strconv.Itoa(d.Rule)))
		e.Value = d.Policy.String()
		out = append(out, e)
	}
	return out
}

// Faults is rule.Policies.
func (p *policies) Faults(of bartizan.Entity) (out []rule.Fault) {
	for _, f := range p.faults()[named(of.Ref)] {
		at := "/metadata/name"
		if f.Rule >= 0 {
			at = "/spec/" + f.Direction.String() + "/" + strconv.Itoa(f.Rule)
		}
		out = append(out, rule.Fault{Code: string(f.Code), Message: f.Message, Path: at})
	}
	return out
}

// Exposed is rule.Network.
func (p *policies) Exposed() iter.Seq[rule.Exposure] { return p.view.pods().network.Exposed() }

// Opens is rule.Network.
func (p *policies) Opens(from, to *rule.Pod, port int) rule.Answer {
	return p.view.pods().network.Opens(from, to, port)
}

// Outside is rule.Network.
func (p *policies) Outside(from *rule.Pod, address string, port int) rule.Answer {
	return p.view.pods().network.Outside(from, address, port)
}
