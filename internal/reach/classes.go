package reach

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sort"
)

// classKind says what a class is made of.
type classKind uint8

const (
	podClass  classKind = iota
	hostClass           // nodes, and pods on their network
	outsideClass
)

// class is a set of ends of connections that no policy tells apart.
type class struct {
	kind    classKind
	family  uint8 // 4 or 6; 0 if addresses do not matter or are not known
	atom    int32 // of its addresses; -1 if not known
	ns      int32
	labels  []int32 // of pods; of the node for hosts, nil if it is not known which
	ports   []namedPort
	members []int32 // pods, for pods and hosts
	nodes   []int32
	absent  bool // nothing of it is in this Model, only in the one it is compared with
}

// classify puts everything into classes: pods by namespace, then hosts, then outside addresses.
func (m *Model) classify() {
	b := &classifier{m: m, index: map[string]int32{}, vector: make([]int32, len(m.words.names))}
	for i := range m.inv.pods {
		if !m.inv.pods[i].HostNetwork {
			b.pod(int32(i))
		}
	}
	m.podEnd = int32(len(m.classes))
	b.hosts()
	m.hostEnd = int32(len(m.classes))
	for a := range m.space.len() {
		family := uint8(4)
		if a >= m.space.first6 {
			family = 6
		}
		m.classes = append(m.classes, class{kind: outsideClass, atom: int32(a), family: family})
	}
	m.twinHosts()
	m.ranges()
	if m.subjectEnd = m.podEnd; speakToNodes(m.policies) {
		m.subjectEnd = m.hostEnd
	}
}

// ranges notes which classes each namespace has; its pods come one after the other.
func (m *Model) ranges() {
	m.nsRange = make([][2]int32, len(m.inv.namespaces))
	for i := range m.classes[:m.podEnd] {
		r := &m.nsRange[m.classes[i].ns]
		if r[1] == 0 {
			r[0] = int32(i)
		}
		r[1] = int32(i) + 1
	}
}

type classifier struct {
	m     *Model
	index map[string]int32
	key   []byte
	// vector is the labels of the pod at hand.
	vector []int32
}

// add finds or makes the class of the key.
func (b *classifier) add(c class) int32 {
	if i, ok := b.index[string(b.key)]; ok {
		return i
	}
	i := int32(len(b.m.classes))
	b.index[string(b.key)] = i
	b.m.classes = append(b.m.classes, c)
	return i
}

func (b *classifier) number(n int32) { b.key = binary.LittleEndian.AppendUint32(b.key, uint32(n)) }

// pod puts a pod into its class, or its two classes if policies tell addresses apart and it has both families.
func (b *classifier) pod(i int32) {
	m, p := b.m, &b.m.inv.pods[i]
	ns := m.inv.namespaceIndex(p.Namespace)
	b.vector = m.words.fill(b.vector, p.labels, addedLabels(p.Ref.Kind))
	m.derive(b.vector, p, &m.inv.namespaces[ns])
	ports := m.usedPorts(p.ports)
	places := b.places(p.Addresses)
	for f, at := range places {
		b.key = append(b.key[:0], 'p', at.family)
		b.number(ns)
		b.number(at.atom)
		for _, other := range places { // so that two classes of one pod have the same pods
			b.number(other.atom)
		}
		for _, x := range b.vector {
			b.number(x)
		}
		for _, x := range ports {
			b.key = append(append(b.key, x.name...), 0, byte(x.protocol))
			b.number(int32(x.number))
		}
		c := b.add(class{kind: podClass, ns: ns, family: at.family, atom: at.atom, ports: ports})
		if m.classes[c].labels == nil {
			m.classes[c].labels = slices.Clone(b.vector)
		}
		m.classes[c].members = append(m.classes[c].members, i)
		p.class[f] = c
		if f == 0 {
			p.class[1] = c
		}
	}
}

type place struct {
	family uint8
	atom   int32
}

// places are the atoms of some addresses, or one that is not known.
func (b *classifier) places(addresses []netip.Addr) []place {
	switch {
	case len(addresses) == 0, !b.m.hasBlocks && bothFamilies(addresses):
		return []place{{0, -1}}
	case !b.m.hasBlocks:
		return []place{{family(addresses[0]), -1}}
	}
	out := make([]place, 0, 2)
	for _, a := range addresses {
		out = append(out, place{family(a), b.m.space.atom(a)})
	}
	return out
}

func bothFamilies(addresses []netip.Addr) bool {
	for _, a := range addresses {
		if family(a) != family(addresses[0]) {
			return true
		}
	}
	return false
}

// usedPorts are those named ports that some policy names, in order.
func (m *Model) usedPorts(ports []namedPort) (out []namedPort) {
	for _, p := range ports {
		if m.portNames[p.name] {
			out = append(out, p)
		}
	}
	if len(out) < 2 {
		return out
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.name != b.name {
			return a.name < b.name
		}
		return a.protocol < b.protocol || a.protocol == b.protocol && a.number < b.number
	})
	return out
}

// hosts makes the classes of nodes and of the pods on their network, and one for any node.
func (b *classifier) hosts() {
	m := b.m
	byName := map[string]int32{}
	for i := range m.inv.nodes {
		n := &m.inv.nodes[i]
		n.vector = m.words.vector(n.labels, nil)
		byName[n.ref.Name] = int32(i)
		for f, c := range b.host(n.addresses, n.vector) {
			m.classes[c].nodes = append(m.classes[c].nodes, int32(i))
			if n.class[f] = c; f == 0 {
				n.class[1] = c
			}
		}
	}
	m.anyHost = b.host(nil, nil)[0]
	for i := range m.inv.pods {
		p := &m.inv.pods[i]
		if !p.HostNetwork {
			continue
		}
		addresses, vector := p.Addresses, []int32(nil)
		if n, ok := byName[p.Node]; ok {
			vector = m.inv.nodes[n].vector
			if len(addresses) == 0 {
				addresses = m.inv.nodes[n].addresses
			}
		}
		for f, c := range b.host(addresses, vector) {
			m.classes[c].members = append(m.classes[c].members, int32(i))
			if p.class[f] = c; f == 0 {
				p.class[1] = c
			}
		}
	}
}

// host finds the classes of a node by its addresses, at most one of each family, and its labels.
func (b *classifier) host(addresses []netip.Addr, vector []int32) []int32 {
	var out []int32
	seen := map[uint8]bool{}
	for _, at := range b.places(addresses) {
		if seen[at.family] {
			continue
		}
		seen[at.family] = true
		b.key = append(b.key[:0], 'h', at.family)
		b.number(at.atom)
		if vector == nil {
			b.key = append(b.key, '?')
		}
		for _, x := range vector {
			b.number(x)
		}
		out = append(out, b.add(class{kind: hostClass, ns: -1, family: at.family, atom: at.atom, labels: vector}))
	}
	return out
}
