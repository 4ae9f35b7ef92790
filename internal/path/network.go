package path

import (
	"iter"
	"net/netip"
	"strconv"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/rule"
)

// network answers edges from the model of reach, which is made when the first of them asks.
type network struct {
	in    Input
	pods  *pods
	model func() *reach.Model
	found []rule.Exposure
	once  sync.Once
	// policies are the namespaces that have policies; "" if some may bear on all of them.
	policies map[string]bool
}

func newNetwork(in Input, p *pods) rule.Network {
	return &network{in: in, pods: p, model: sync.OnceValue(func() *reach.Model {
		return reach.New(in.World, reach.Options{Complete: in.Complete})
	})}
}

// Exposed is rule.Network.
func (n *network) Exposed() iter.Seq[rule.Exposure] {
	n.once.Do(func() { n.found = n.exposures() })
	return func(yield func(rule.Exposure) bool) {
		for _, e := range n.found {
			if !yield(e) {
				return
			}
		}
	}
}

// Opens is rule.Network.
func (n *network) Opens(from, to *rule.Pod, port int) rule.Answer {
	a := n.ask(reach.Workload(from.Object.Ref()), reach.Workload(to.Object.Ref()), port)
	if a.Verdict == rule.ReachYes && from.Ref.Namespace != to.Ref.Namespace {
		a.Fixes = []rule.Fix{onlyOwnNamespace(to)}
	}
	return a
}

// Outside is rule.Network.
func (n *network) Outside(from *rule.Pod, address string, port int) rule.Answer {
	peer := reach.Node(address)
	ip, err := netip.ParseAddr(address)
	if err == nil {
		peer = reach.Host(ip)
	}
	a := n.ask(reach.Workload(from.Object.Ref()), peer, port)
	if a.Verdict == rule.ReachYes && err == nil && !from.HostNetwork {
		a.Fixes = []rule.Fix{notTo(from, ip)}
	}
	return a
}

func (n *network) ask(from, to reach.Peer, port int) rule.Answer {
	a := n.model().Can(from, to, reach.Port{Number: uint16(port)})
	out := rule.Answer{Reason: a.Reason}
	switch a.Verdict {
	case reach.Allowed:
		out.Verdict = rule.ReachYes
	case reach.Denied:
		out.Verdict = rule.ReachNo
	}
	for _, side := range []reach.Side{a.Egress, a.Ingress} {
		for _, d := range side.Decisions {
			if d.Action == reach.Allow && d.Rule >= 0 {
				out.Why = append(out.Why, bartizan.Evidence{
					Path: "/spec/" + d.Direction.String() + "/" + strconv.Itoa(d.Rule), Value: d.Policy.String(), Origin: d.Origin,
				})
			}
		}
	}
	return out
}

// networkPolicy makes a NetworkPolicy for the pods of a class.
func networkPolicy(p *rule.Pod, name string, spec map[string]any) map[string]any {
	labels := map[string]any{}
	for k, v := range p.Labels {
		labels[k] = v
	}
	spec["podSelector"] = map[string]any{"matchLabels": labels}
	return map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
		"metadata": map[string]any{"name": name, "namespace": p.Ref.Namespace}, "spec": spec,
	}
}

// notTo is a policy that lets a class of pods open everything but one address.
func notTo(p *rule.Pod, ip netip.Addr) rule.Fix {
	all, bits := "0.0.0.0/0", "/32"
	if ip.Is6() {
		all, bits = "::/0", "/128"
	}
	name := "not-to-" + ip.String() + "-" + p.Ref.Name
	block := map[string]any{"cidr": all, "except": []any{ip.String() + bits}}
	return rule.Fix{
		Target: bartizan.Ref{Kind: "NetworkPolicy", Namespace: p.Ref.Namespace, Name: name}, Cost: 3,
		Text:   "keep the pods of " + p.Ref.String() + " from " + ip.String(),
		Unsafe: "know that the network plugin enforces policies, and that no other policy allows it",
		New: networkPolicy(p, name, map[string]any{
			"policyTypes": []any{"Egress"},
			"egress":      []any{map[string]any{"to": []any{map[string]any{"ipBlock": block}, map[string]any{"namespaceSelector": map[string]any{}}}}},
		}),
	}
}

// onlyOwnNamespace is a policy that lets only pods of the same namespace open ports of a class of pods.
func onlyOwnNamespace(p *rule.Pod) rule.Fix {
	name := "own-namespace-" + p.Ref.Name
	return rule.Fix{
		Target: bartizan.Ref{Kind: "NetworkPolicy", Namespace: p.Ref.Namespace, Name: name}, Cost: 6,
		Text:   "let only pods of " + p.Ref.Namespace + " open ports of " + p.Ref.String(),
		Unsafe: "know that nothing outside the namespace needs it, and that no other policy allows it",
		New: networkPolicy(p, name, map[string]any{
			"policyTypes": []any{"Ingress"},
			"ingress":     []any{map[string]any{"from": []any{map[string]any{"podSelector": map[string]any{}}}}},
		}),
	}
}
