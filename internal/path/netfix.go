package path

import (
	"net/netip"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
)

// proofKey is what decides whether a candidate ends a flow: the classes of the pods at its ends, which policies cannot
// tell from others of the class, and where it goes.
type proofKey struct {
	from, to reach.Class // to is none for an address
	address  netip.Addr
	port     int
	same     bool // both are in one namespace
}

// maxProofs bounds how many flows candidates are tried on; of more, none is offered.
const maxProofs = 2000

// closing are the fixes that surely keep a pod from a port of another one. Policies only ever allow, so that one more
// does not end what another one allows: then the change is of the one that does, or above all of them.
func (n *network) closing(from, to *rule.Pod, port int, a *reach.Answer) []rule.Fix {
	if to.HostNetwork {
		return nil // policies do not bear on it
	}
	same := from.Ref.Namespace == to.Ref.Namespace
	made := onlyOwnNamespace(to)
	if same {
		made = nothingIn(to)
	}
	if !n.policed(to.Ref.Namespace) {
		return []rule.Fix{made}
	}
	candidates := append([]rule.Fix{made}, n.amendments(a.Ingress.Decisions, to.Ref.Namespace, netip.Addr{})...)
	candidates = append(candidates, denyIn(to, from))
	return n.proven(candidates, proofKey{port: port, same: same}, from, to)
}

// keeping are the fixes that surely keep a pod from an address.
func (n *network) keeping(from *rule.Pod, ip netip.Addr, port int, a *reach.Answer) []rule.Fix {
	if !n.policed(from.Ref.Namespace) {
		return []rule.Fix{notTo(from, ip)}
	}
	candidates := append([]rule.Fix{notTo(from, ip)}, n.amendments(a.Egress.Decisions, from.Ref.Namespace, ip)...)
	candidates = append(candidates, denyOut(from, ip))
	return n.proven(candidates, proofKey{address: ip, port: port}, from, nil)
}

// proven are the candidates after which the policies surely deny a flow. What goes above all other policies is offered
// only where nothing else does.
func (n *network) proven(candidates []rule.Fix, key proofKey, from, to *rule.Pod) (out []rule.Fix) {
	n.proving.Lock()
	defer n.proving.Unlock()
	key.from, key.to = n.class(from), none
	if to != nil {
		key.to = n.class(to)
	}
	ends, known := n.proofs[key]
	if !known {
		if len(n.proofs) >= maxProofs {
			return nil
		}
		for i, f := range candidates {
			last := i == len(candidates)-1
			ends = append(ends, !(last && slices.Contains(ends, true)) && n.ends(f, key, from, to))
		}
		if n.proofs == nil {
			n.proofs = map[proofKey][]bool{}
		}
		n.proofs[key] = ends
	}
	for i, f := range candidates {
		if i < len(ends) && ends[i] {
			out = append(out, f)
		}
	}
	return out
}

// class is the class of a pod: policies cannot tell its members apart.
func (n *network) class(p *rule.Pod) reach.Class {
	m := n.model()
	if n.index == nil {
		n.index = map[bartizan.Ref]int{}
		for i, pod := range m.Pods() {
			if _, taken := n.index[pod.Ref]; !taken {
				n.index[pod.Ref] = i
			}
		}
	}
	if i, ok := n.index[p.Object.Ref()]; ok {
		return m.ClassOf(i)
	}
	return none
}

// ends makes a change and asks again: of the World only the pods at the ends and the policies that may bear on them.
func (n *network) ends(f rule.Fix, key proofKey, from, to *rule.Pod) bool {
	var old *kube.Object
	if f.New == nil {
		if old = n.pods.objects[f.Target]; old == nil {
			return false
		}
	}
	changed := amended(old, f)
	if changed == nil {
		return false
	}
	entities := []bartizan.Entity{changed.Entity()}
	seen := map[string]bool{}
	for _, p := range []*rule.Pod{from, to} {
		if p == nil {
			continue
		}
		if o := n.pods.objects[p.Object.Ref()]; o != nil {
			entities = append(entities, o.Entity())
		}
		if ns := p.Ref.Namespace; !seen[ns] {
			seen[ns] = true
			entities = append(entities, n.around(ns, old)...)
		}
	}
	m := reach.New(world.New(append(entities, n.around("", old)...)), reach.Options{Complete: n.in.Complete})
	peer := reach.Host(key.address)
	if to != nil {
		peer = reach.Workload(to.Object.Ref())
	}
	return m.Can(reach.Workload(from.Object.Ref()), peer, reach.Port{Number: uint16(key.port)}).Verdict == reach.Denied
}

// around are a namespace and the policies of it, but for one.
func (n *network) around(namespace string, but *kube.Object) (out []bartizan.Entity) {
	if o := n.pods.objects[bartizan.Ref{Kind: "Namespace", Name: namespace}]; o != nil {
		out = append(out, o.Entity())
	}
	for _, o := range n.policies[namespace] {
		if o != but {
			out = append(out, o.Entity())
		}
	}
	return out
}
