package reach

import (
	"net/netip"
	"slices"

	"github.com/bartizan-dev/bartizan"
)

// end is one thing that a Peer stands for: a pod, a node, or the outside addresses of an atom.
type end struct {
	class int32
	pod   int32  // -1 if it is none
	node  string // where it runs, or its name; "" if not known
	every bool   // it runs on every node
	span  span   // of outside addresses: those that were asked about
}

// ends lists what a peer stands for; why says what is missing if that is nothing.
func (m *Model) ends(p Peer) (list []end, why string) {
	switch p.Kind {
	case PodPeer:
		if list = m.podEnds(p.Ref); list == nil {
			why = "no pod or workload " + p.Ref.Name + " was read in namespace " + namespaceOf(p.Ref.Namespace)
		}
	case NodePeer:
		list = m.nodeEnds(p.Ref.Name)
	case AddressPeer:
		list = m.addressEnds(p.Prefix)
	case InternetPeer:
		for a := range m.space.len() {
			if m.space.public[a] {
				list = append(list, m.outside(int32(a), m.space.span(int32(a))))
			}
		}
	case Somewhere:
		list = m.nodeEnds("")
		for i := range list { // what holds for a pod's own node alone is beside the question
			list[i].node, list[i].every = "elsewhere", false
		}
		list = append(m.addressEnds(netip.PrefixFrom(start4, 0)), list...)
		list = append(list, m.addressEnds(netip.PrefixFrom(start6, 0))...)
	case ServicePeer:
		why = "a Service only receives connections: ask about the pods behind it"
	}
	return list, why
}

func (m *Model) outside(atom int32, s span) end {
	return end{class: m.hostEnd + atom, pod: -1, span: s}
}

// podEnds finds pods by their own name or their workload's. The kind may be left out.
func (m *Model) podEnds(ref bartizan.Ref) (list []end) {
	for _, i := range m.byName[[2]string{namespaceOf(ref.Namespace), ref.Name}] {
		p := &m.inv.pods[i]
		if named(p.Ref, ref) || named(p.Workload, ref) {
			list = append(list, m.podEnd2(i)...)
		}
	}
	return list
}

// indexPods makes the indices by which pods are found.
func (m *Model) indexPods() {
	m.byName, m.byAddress = map[[2]string][]int32{}, map[netip.Addr]int32{}
	for i := range m.inv.pods {
		p := &m.inv.pods[i]
		key := [2]string{p.Namespace, p.Ref.Name}
		m.byName[key] = append(m.byName[key], int32(i))
		if p.Workload.Name != p.Ref.Name {
			key[1] = p.Workload.Name
			m.byName[key] = append(m.byName[key], int32(i))
		}
		for _, a := range p.Addresses {
			if _, taken := m.byAddress[a]; !taken && !p.HostNetwork {
				m.byAddress[a] = int32(i)
			}
		}
	}
}

func named(have, asked bartizan.Ref) bool {
	return have.Name == asked.Name && (asked.Kind == "" || have.Kind == asked.Kind)
}

// podEnd2 is a pod's ends, one for each family of addresses that policies tell apart.
func (m *Model) podEnd2(i int32) []end {
	p := &m.inv.pods[i]
	e := end{class: p.class[0], pod: i, node: p.Node, every: p.HostNetwork && p.onEveryNode()}
	if p.class[1] == p.class[0] {
		return []end{e}
	}
	f := e
	f.class = p.class[1]
	return []end{e, f}
}

// onEveryNode says whether a pod of its sort runs on each node.
func (p *Pod) onEveryNode() bool {
	return p.Ref.Kind == "DaemonSet" && p.spec.Get("nodeSelector").Len() == 0 && !p.spec.At("affinity", "nodeAffinity").Exists()
}

// nodeEnds finds a node by name; for the empty name all of them, and one that was not read.
func (m *Model) nodeEnds(name string) (list []end) {
	for i := range m.inv.nodes {
		n := &m.inv.nodes[i]
		if name != "" && n.ref.Name != name {
			continue
		}
		list = append(list, end{class: n.class[0], pod: -1, node: n.ref.Name})
		if n.class[1] != n.class[0] {
			list = append(list, end{class: n.class[1], pod: -1, node: n.ref.Name})
		}
	}
	if len(list) == 0 {
		list = append(list, end{class: m.anyHost, pod: -1, node: name, every: name == ""})
	}
	return list
}

// addressEnds finds the pod or node that has an address, else the outside atoms that a prefix covers.
func (m *Model) addressEnds(p netip.Prefix) (list []end) {
	if p.IsSingleIP() {
		a := p.Addr().Unmap()
		if i, ok := m.byAddress[a]; ok {
			e := m.podEnd2(i)
			if len(e) == 2 && m.classes[e[1].class].family == family(a) {
				return e[1:]
			}
			return e[:1]
		}
		for i := range m.inv.nodes {
			if slices.Contains(m.inv.nodes[i].addresses, a) {
				return m.nodeEnds(m.inv.nodes[i].ref.Name)
			}
		}
	}
	asked := spanOf(p)
	for a := m.space.atom(asked.lo); int(a) < m.space.len(); a++ {
		s := m.space.span(a)
		if !s.overlaps(asked) {
			break
		}
		if s.lo.Less(asked.lo) {
			s.lo = asked.lo
		}
		if asked.hi.Less(s.hi) {
			s.hi = asked.hi
		}
		list = append(list, m.outside(a, s))
	}
	return list
}

func family(a netip.Addr) uint8 {
	if a.Is6() {
		return 6
	}
	return 4
}

// sameNode says whether two ends share a node.
func sameNode(a, b end) match {
	switch {
	case a.every || b.every:
		return yes
	case a.node == "" || b.node == "":
		return maybe
	case a.node == b.node:
		return yes
	}
	return no
}
