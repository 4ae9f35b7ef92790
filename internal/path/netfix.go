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
	from, to  reach.Class // to is none for an address
	namespace string      // whose policies are changed
	address   netip.Addr
	port      int
	same      bool // both are in one namespace
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
	return n.proven(candidates{
		made: made, above: func() rule.Fix { return denyIn(to, from) },
		amendments: func() []rule.Fix { return n.amendments(a.Ingress.Decisions, to.Ref.Namespace, netip.Addr{}) },
	}, proofKey{namespace: to.Ref.Namespace, port: port, same: same}, from, to)
}

// keeping are the fixes that surely keep a pod from an address.
func (n *network) keeping(from *rule.Pod, ip netip.Addr, port int, a *reach.Answer) []rule.Fix {
	if !n.policed(from.Ref.Namespace) {
		return []rule.Fix{notTo(from, ip)}
	}
	return n.proven(candidates{
		made: notTo(from, ip), above: func() rule.Fix { return denyOut(from, ip) },
		amendments: func() []rule.Fix { return n.amendments(a.Egress.Decisions, from.Ref.Namespace, ip) },
	}, proofKey{namespace: from.Ref.Namespace, address: ip, port: port}, from, nil)
}

// candidates are changes that may end a flow: a policy that is made for the pod, changes of the policies that allow it,
// which are the same for all flows of a proofKey, and what goes above all other policies.
type candidates struct {
	made       rule.Fix
	amendments func() []rule.Fix
	above      func() rule.Fix
}

// proved is which candidates end the flows of a proofKey.
type proved struct {
	made, above bool
	amendments  []rule.Fix
}

// proven are the candidates after which the policies surely deny a flow. What goes above all other policies is offered
// only where nothing else does.
func (n *network) proven(c candidates, key proofKey, from, to *rule.Pod) (out []rule.Fix) {
	n.proving.Lock()
	defer n.proving.Unlock()
	key.from, key.to = n.class(from), none
	if to != nil {
		key.to = n.class(to)
	}
	p, known := n.proofs[key]
	if !known {
		if len(n.proofs) >= maxProofs {
			return nil
		}
		p.made = n.ends(c.made, key, from, to)
		p.amendments = slices.DeleteFunc(c.amendments(), func(f rule.Fix) bool { return !n.ends(f, key, from, to) })
		p.above = !p.made && len(p.amendments) == 0 && n.ends(c.above(), key, from, to)
		if n.proofs == nil {
			n.proofs = map[proofKey]proved{}
		}
		n.proofs[key] = p
	}
	if p.made {
		out = append(out, c.made)
	}
	out = append(out, p.amendments...)
	if p.above {
		out = append(out, c.above())
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
