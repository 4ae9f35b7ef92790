package reach

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// refineClasses divides the classes.
func (r *refined) refineClasses() {
	m, old := r.Model, r.base.classes
	m.classes = make([]class, 0, len(old)+64)
	r.parent = make([]int32, 0, len(old)+64)
	if r.grown {
		r.newKeys, r.newValues = filterOf(r.words.names[len(r.base.words.names):]), filterOf(r.words.texts[len(r.base.words.texts):])
	}
	for c := int32(0); c < r.base.podEnd; c++ {
		r.pods(c)
	}
	m.podEnd = int32(len(m.classes))
	for c := r.base.podEnd; c < r.base.hostEnd; c++ {
		r.host(c)
	}
	m.hostEnd = int32(len(m.classes))
	for a := range int32(m.space.len()) {
		from := a
		if r.inSpace != nil {
			from = r.inSpace[a]
		}
		n := r.add(r.base.hostEnd + from)
		m.classes[n].atom = a
	}
	hosts := m.classes[m.podEnd:m.hostEnd]
	m.outEnd = int32(len(m.classes))
	if r.base.outEnd < int32(r.base.n) {
		for i := range hosts {
			own := hosts[i]
			own.members, own.nodes = nil, nil
			m.classes = append(m.classes, own)
			r.parent = append(r.parent, r.base.own(r.parent[int(m.podEnd)+i]))
		}
	}
	m.n = len(m.classes)
	if m.subjectEnd = m.podEnd; r.base.subjectEnd > r.base.podEnd {
		m.subjectEnd = m.hostEnd
	}
	m.ranges()
}

// share is the pods of a class that have the same mark.
type share struct {
	mark  []byte
	first int32 // the pod
	class int32
}

// pods makes classes of one of pods: one for each mark that its pods have.
func (r *refined) pods(c int32) {
	old := &r.base.classes[c]
	r.shares, r.of = r.shares[:0], r.of[:0]
	for _, i := range old.members {
		r.key = r.mark(r.key[:0], &r.inv.pods[i], old)
		at := slices.IndexFunc(r.shares, func(s share) bool { return string(s.mark) == string(r.key) })
		if at < 0 {
			at = len(r.shares)
			if cap(r.shares) == at {
				r.shares = append(r.shares, share{})
			}
			r.shares = r.shares[:at+1]
			s := &r.shares[at]
			s.mark, s.first, s.class = append(s.mark[:0], r.key...), i, r.add(c)
			if len(r.key) > 0 {
				r.become(&r.classes[s.class], &r.inv.pods[i], r.key)
			}
		}
		r.of = append(r.of, int32(at))
	}
	switch len(r.shares) {
	case 0:
		r.add(c)
	case 1: // they stay together
	default:
		for i := range r.shares {
			r.classes[r.shares[i].class].members = nil
		}
		for k, at := range r.of {
			x := &r.classes[r.shares[at].class]
			x.members = append(x.members, old.members[k])
		}
	}
}

// filter tells quickly of most texts that they are none of some.
type filter uint64

func bitOf(s string) filter {
	if s == "" {
		return 1
	}
	return 1 << ((len(s)*37 ^ int(s[0])*5 ^ int(s[len(s)-1])*11 ^ int(s[len(s)/2])) & 63)
}

func filterOf(texts []string) (f filter) {
	for _, s := range texts {
		f |= bitOf(s)
	}
	return f
}

// add makes a class of one of the base.
func (r *refined) add(parent int32) int32 {
	c := r.base.classes[parent]
	if r.split != nil && c.atom >= 0 {
		c.atom = r.whole[c.atom]
	}
	r.classes = append(r.classes, c)
	r.parent = append(r.parent, parent)
	return int32(len(r.classes)) - 1
}

// host makes classes of one of hosts: one for each of the atoms that its addresses lie in.
func (r *refined) host(c int32) {
	old := &r.base.classes[c]
	if r.split == nil || old.atom < 0 || !r.split[old.atom] {
		n := r.add(c)
		if c == r.base.anyHost {
			r.anyHost = n
		}
		return
	}
	index := map[int32]int32{}
	at := func(list []netip.Addr) *class {
		atom := old.atom
		for _, a := range list {
			if family(a) == old.family && r.base.space.atom(a) == old.atom {
				atom = r.space.atom(a)
				break
			}
		}
		n, ok := index[atom]
		if !ok {
			n = r.add(c)
			index[atom] = n
			x := &r.classes[n]
			x.atom, x.members, x.nodes = atom, nil, nil
		}
		return &r.classes[n]
	}
	for _, i := range old.nodes {
		x := at(r.inv.nodes[i].addresses)
		x.nodes = append(x.nodes, i)
	}
	for _, i := range old.members {
		list := r.inv.pods[i].Addresses
		for k := 0; len(list) == 0 && k < len(r.inv.nodes); k++ {
			if r.inv.nodes[k].ref.Name == r.inv.pods[i].Node {
				list = r.inv.nodes[k].addresses
			}
		}
		x := at(list)
		x.members = append(x.members, i)
	}
}

// mark is what is new about a pod: labels that are spoken of for the first time, names of ports, a divided range.
func (r *refined) mark(key []byte, p *Pod, c *class) []byte {
	if r.grown {
		key = r.markLabels(key, p)
	}
	if len(r.names) > 0 {
		for _, x := range p.ports {
			if r.names[x.name] {
				key = append(append(append(key, 'p'), x.name...), 0, byte(x.protocol), byte(x.number), byte(x.number>>8))
			}
		}
	}
	if r.split != nil && c.atom >= 0 && r.split[c.atom] {
		key = binary.LittleEndian.AppendUint32(append(key, 'a'), uint32(r.atomOf(p, c)))
	}
	return key
}

func (r *refined) markLabels(key []byte, p *Pod) []byte {
	keys := int32(len(r.base.words.names))
	put := func(k, v int32) {
		key = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(append(key, 'l'), uint32(k)), uint32(v))
	}
	for _, l := range p.labels {
		if bitOf(l.key)&r.newKeys == 0 && bitOf(l.value)&r.newValues == 0 {
			continue
		}
		k, ok := r.words.keys[l.key]
		if !ok {
			continue
		}
		if v := r.words.known(l.value); k >= keys || v >= r.values {
			put(k, v)
		}
	}
	if added := addedLabels(p.Ref.Kind); added != nil {
		for k := keys; int(k) < len(r.words.names); k++ {
			if name := r.words.names[k]; added(name) {
				if _, has := p.Label(name); !has {
					put(k, valueUnknown)
				}
			}
		}
	}
	for _, d := range r.words.derived {
		ns := &r.inv.namespaces[r.inv.nsIndex[p.Namespace]]
		if v := r.derivedValue(d, p, ns); v >= r.values || d.key >= keys && v != valueAbsent {
			put(d.key, v)
		}
	}
	return key
}

// atomOf is the atom of a pod's address in one of the base's that is divided.
func (r *refined) atomOf(p *Pod, c *class) int32 {
	for _, a := range p.Addresses {
		if r.base.space.atom(a) == c.atom {
			return r.space.atom(a)
		}
	}
	return c.atom
}

// vector is room for the labels of a class.
func (r *refined) vector() []int32 {
	n := len(r.words.names)
	if len(r.room) < n {
		r.room = make([]int32, n*256)
	}
	out := r.room[:n:n]
	r.room = r.room[n:]
	return out
}

// become gives a class what its first pod has, with that pod's mark.
func (r *refined) become(c *class, p *Pod, mark []byte) {
	old := c.atom
	if r.grown {
		labels := r.vector()
		copy(labels, c.labels)
		for m := mark; len(m) > 0 && m[0] == 'l'; m = m[9:] {
			labels[binary.LittleEndian.Uint32(m[1:])] = int32(binary.LittleEndian.Uint32(m[5:]))
		}
		c.labels = labels
	}
	if len(r.names) > 0 {
		c.ports = r.usedPorts(p.ports)
	}
	for _, a := range p.Addresses {
		if r.split != nil && old >= 0 && family(a) == c.family {
			c.atom = r.space.atom(a)
		}
	}
}
