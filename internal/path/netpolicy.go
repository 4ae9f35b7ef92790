package path

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// The labels by which every namespace can be told, and what must be known before a policy is made.
const (
	namespaceLabel = "kubernetes.io/metadata.name"
	enforces       = "know that the network plugin enforces policies"
)

// networkPolicy makes a NetworkPolicy for the pods of a class when it is asked for.
func networkPolicy(p *rule.Pod, name string, spec func() map[string]any) func() map[string]any {
	return func() map[string]any {
		spec := spec()
		spec["podSelector"] = map[string]any{"matchLabels": labelsOf(p)}
		return map[string]any{
			"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
			"metadata": map[string]any{"name": name, "namespace": p.Ref.Namespace}, "spec": spec,
		}
	}
}

func labelsOf(p *rule.Pod) map[string]any {
	labels := map[string]any{}
	for k, v := range p.Labels {
		labels[k] = v
	}
	return labels
}

// notTo is a policy that lets a class of pods open everything but one address.
func notTo(p *rule.Pod, ip netip.Addr) rule.Fix {
	name := "not-to-" + ip.String() + "-" + p.Ref.Name
	return rule.Fix{
		Target: bartizan.Ref{Kind: "NetworkPolicy", Namespace: p.Ref.Namespace, Name: name}, Cost: 3,
		Text: "keep the pods of " + p.Ref.String() + " from " + ip.String(), Unsafe: enforces,
		New: networkPolicy(p, name, func() map[string]any {
			return map[string]any{"policyTypes": []any{"Egress"}, "egress": []any{map[string]any{"to": allBut(ip)}}}
		}),
	}
}

// allBut are peers that are everything but one address.
func allBut(ip netip.Addr) []any {
	all, bits := "0.0.0.0/0", "/32"
	if ip.Is6() {
		all, bits = "::/0", "/128"
	}
	block := map[string]any{"cidr": all, "except": []any{ip.String() + bits}}
	return []any{map[string]any{"ipBlock": block}, map[string]any{"namespaceSelector": map[string]any{}}}
}

// onlyOwnNamespace is a policy that lets only pods of the same namespace open ports of a class of pods.
func onlyOwnNamespace(p *rule.Pod) rule.Fix {
	name := "own-namespace-" + p.Ref.Name
	return rule.Fix{
		Target: bartizan.Ref{Kind: "NetworkPolicy", Namespace: p.Ref.Namespace, Name: name}, Cost: 6,
		Text:   "let only pods of " + p.Ref.Namespace + " open ports of " + p.Ref.String(),
		Unsafe: enforces + ", and that nothing outside the namespace needs it",
		New: networkPolicy(p, name, func() map[string]any {
			return map[string]any{"policyTypes": []any{"Ingress"}, "ingress": []any{map[string]any{"from": ownNamespace()}}}
		}),
	}
}

func ownNamespace() []any { return []any{map[string]any{"podSelector": map[string]any{}}} }

// nothingIn is a policy that lets nobody open ports of a class of pods.
func nothingIn(p *rule.Pod) rule.Fix {
	name := "nothing-in-" + p.Ref.Name
	return rule.Fix{
		Target: bartizan.Ref{Kind: "NetworkPolicy", Namespace: p.Ref.Namespace, Name: name}, Cost: 30,
		Text:   "let nothing open ports of " + p.Ref.String(),
		Unsafe: enforces + ", and who must reach it: allow them by policies of their own",
		New:    networkPolicy(p, name, func() map[string]any { return map[string]any{"policyTypes": []any{"Ingress"}} }),
	}
}

// denyIn is a policy above all others that keeps a namespace's pods, or those of other namespaces, from a class of pods.
func denyIn(to, from *rule.Pod) rule.Fix {
	who, operator := "pods of other namespaces", "NotIn"
	if from.Ref.Namespace == to.Ref.Namespace {
		who, operator = "other pods of "+to.Ref.Namespace, "In"
	}
	return clusterPolicy(to, "deny-in", "keep "+who+" from "+to.Ref.String()+", above all other policies", "ingress", func() map[string]any {
		other := map[string]any{"matchExpressions": []any{map[string]any{"key": namespaceLabel, "operator": operator, "values": []any{to.Ref.Namespace}}}}
		return map[string]any{"name": "deny", "action": "Deny", "from": []any{map[string]any{"namespaces": other}}}
	})
}

// denyOut is a policy above all others that keeps a class of pods from an address.
func denyOut(p *rule.Pod, ip netip.Addr) rule.Fix {
	return clusterPolicy(p, "deny-out", "keep the pods of "+p.Ref.String()+" from "+ip.String()+", above all other policies", "egress", func() map[string]any {
		network := netip.PrefixFrom(ip, ip.BitLen()).String()
		return map[string]any{"name": "deny", "action": "Deny", "to": []any{map[string]any{"networks": []any{network}}}}
	})
}

func clusterPolicy(p *rule.Pod, prefix, text, direction string, one func() map[string]any) rule.Fix {
	name := prefix + "-" + p.Ref.Namespace + "-" + p.Ref.Name
	return rule.Fix{
		Target: bartizan.Ref{Kind: "ClusterNetworkPolicy.policy.networking.k8s.io", Name: name}, Cost: 20, Text: text,
		Unsafe: "know that the network plugin enforces ClusterNetworkPolicy, and that nothing that it denies is needed",
		New: func() map[string]any {
			subject := map[string]any{
				"namespaceSelector": map[string]any{"matchLabels": map[string]any{namespaceLabel: p.Ref.Namespace}},
				"podSelector":       map[string]any{"matchLabels": labelsOf(p)},
			}
			return map[string]any{
				"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy", "metadata": map[string]any{"name": name},
				"spec": map[string]any{"tier": "Admin", "priority": 0, "subject": map[string]any{"pods": subject}, direction: []any{one()}},
			}
		},
	}
}

// amendments are changes of the policies that allow a flow, of each rule by itself: they are candidates, for others
// may allow it, too.
func (n *network) amendments(decisions []reach.Decision, namespace string, ip netip.Addr) (out []rule.Fix) {
	for _, d := range decisions {
		o := n.pods.objects[d.Policy]
		if d.Action != reach.Allow || d.Rule < 0 || o == nil {
			continue
		}
		at := "/spec/" + d.Direction.String() + "/" + strconv.Itoa(d.Rule)
		r := o.Root.Lookup(at)
		if !r.Exists() {
			continue
		}
		a := amendment{o: o, at: at, where: fmt.Sprintf("%s rule %d", d.Direction, d.Rule+1), namespace: namespace}
		if o.Kind == "NetworkPolicy" {
			if d.Direction == reach.Egress && !o.Root.At("spec", "policyTypes").Exists() {
				a.typed = []rule.Op{{Op: "set", Path: "/spec/policyTypes", Value: []any{"Ingress", "Egress"}}}
			}
			if d.Direction == reach.Ingress {
				a.ingress(r.Get("from"))
			} else {
				a.egress(r.Get("to"), ip)
			}
		}
		a.add("take "+a.where+" out of the policy", 12, rule.Op{Op: "remove", Path: at})
		out = append(out, a.out...)
	}
	return out
}

// amendment collects the changes of one rule of a policy.
type amendment struct {
	o         *kube.Object
	at, where string
	namespace string
	typed     []rule.Op // says which directions the policy is about: else the last rule that goes takes the direction with it
	out       []rule.Fix
}

func (a *amendment) add(text string, cost int, ops ...rule.Op) {
	a.out = append(a.out, rule.Fix{
		Target: named(a.o.Ref), Text: text, Cost: cost, Unsafe: "know that nothing else that it allows is needed", Ops: append(ops, a.typed...),
	})
	if a.o.Kind != "NetworkPolicy" {
		a.out[len(a.out)-1].Target = a.o.Ref
	}
}

// ingress lets in only pods of the namespace, or takes the peers out one by one.
func (a *amendment) ingress(from tree.Node) {
	if from.Len() == 0 {
		a.add("let only pods of "+a.namespace+" in by "+a.where, 8, rule.Op{Op: "set", Path: a.at + "/from", Value: ownNamespace()})
		return
	}
	a.peers("/from/", from)
}

// egress leaves the address out.
func (a *amendment) egress(to tree.Node, ip netip.Addr) {
	if to.Len() == 0 {
		a.add("leave "+ip.String()+" out of "+a.where, 4, rule.Op{Op: "set", Path: a.at + "/to", Value: allBut(ip)})
		return
	}
	i := 0
	for peer := range to.Items() {
		block := peer.Get("ipBlock")
		cidr, err := netip.ParsePrefix(block.Get("cidr").Str())
		if err == nil && cidr.Contains(ip) && cidr.Bits() < ip.BitLen() {
			a.add("leave "+ip.String()+" out of "+a.where, 4, rule.Op{
				Op: "append", Path: a.at + "/to/" + strconv.Itoa(i) + "/ipBlock/except", Value: netip.PrefixFrom(ip, ip.BitLen()).String(),
			})
		}
		i++
	}
	a.peers("/to/", to)
}

// peers takes each peer out, as long as one is left: a rule without peers allows all.
func (a *amendment) peers(key string, list tree.Node) {
	for i := range list.Len() {
		if list.Len() > 1 {
			a.add(fmt.Sprintf("take peer %d out of %s", i+1, a.where), 8, rule.Op{Op: "remove", Path: a.at + key + strconv.Itoa(i)})
		}
	}
}
