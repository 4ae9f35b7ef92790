package reach

import (
	"sort"

	"github.com/bartizan-dev/bartizan"
)

// aligned builds two Models anew such that they cut addresses and ports alike and number their classes alike: a
// class has the same pods in both. Pods that only one of them has are in classes of their own.
func aligned(a, b *Model) (x, y *Model) {
	x, y = a.blank(), b.blank()
	words := newVocabulary()
	for _, m := range []*Model{x, y} {
		m.words = words
		d := m.decoder(words)
		d.read(m.world)
		m.policies, m.faults = d.policies, d.faults
	}
	shareNamespaces(x.inv, y.inv)
	cilium := [2]bool{speakCilium(x.policies), speakCilium(y.policies)}
	nodes := speakToNodes(x.policies) || speakToNodes(y.policies)
	prefixes := append(x.borders(), y.borders()...)
	ranges := append(x.portRanges(), y.portRanges()...)
	for _, m := range []*Model{x, y} {
		m.hasBlocks = len(cidrs(x.policies))+len(cidrs(y.policies)) > 0
		m.space = newSpace(prefixes)
		for name := range x.portNames {
			y.portNames[name] = true
		}
		m.ports = newPortSpace(ranges)
		for i := range m.inv.namespaces {
			m.nameVector(&m.inv.namespaces[i])
		}
	}
	x.portNames = y.portNames
	x.classify()
	y.classify()
	join(x, y)
	for k, m := range []*Model{x, y} {
		m.cilium = cilium[0] || cilium[1]
		m.twinHosts()
		m.cilium = cilium[k]
		if m.subjectEnd = m.podEnd; nodes {
			m.subjectEnd = m.hostEnd
		}
		m.sign()
		m.fillRows()
	}
	return x, y
}

// blank is a Model of the same World without anything worked out.
func (m *Model) blank() *Model {
	inv := *m.inv
	inv.pods = append([]Pod(nil), m.inv.pods...)
	inv.nodes = append([]node(nil), m.inv.nodes...)
	inv.namespaces = append([]namespace(nil), m.inv.namespaces...)
	return &Model{world: m.world, options: m.options, config: m.config, servers: m.servers, inv: &inv, possible: map[bool]bits{}, peerCache: map[string]peerSet{}, named: map[portName][]peerSet{}}
}

// shareNamespaces gives two inventories the same numbers for namespaces.
func shareNamespaces(a, b *inventory) {
	var names []string
	seen := map[string]bool{}
	for _, v := range []*inventory{a, b} {
		for _, ns := range v.namespaces {
			if !seen[ns.name] {
				seen[ns.name] = true
				names = append(names, ns.name)
			}
		}
	}
	sort.Strings(names)
	for _, v := range []*inventory{a, b} {
		list := make([]namespace, len(names))
		index := make(map[string]int32, len(names))
		for i, name := range names {
			list[i] = namespace{name: name}
			if at, ok := v.nsIndex[name]; ok {
				list[i] = v.namespaces[at]
			}
			index[name] = int32(i)
		}
		v.namespaces, v.nsIndex = list, index
	}
}

// podKey names a pod across two inventories: the n-th of its name.
type podKey struct {
	ref     bartizan.Ref
	ordinal int
	family  int
}

// slot is a class that joins one of each Model; -1 where a Model has none.
type slot struct{ of [2]int32 }

// join renumbers the classes of two Models alike.
func join(x, y *Model) {
	models := [2]*Model{x, y}
	where := map[podKey]*[2]int32{}
	order := [2][]podKey{}
	for k, m := range models {
		for _, key := range m.keys(&order[k]) {
			at := where[key.podKey]
			if at == nil {
				at = &[2]int32{-1, -1}
				where[key.podKey] = at
			}
			at[k] = key.class
		}
	}
	keys := append(append([]podKey(nil), order[0]...), order[1]...)
	j := &joiner{models: models, number: map[slot]int32{}}
	sort.SliceStable(keys, func(a, b int) bool {
		return namespaceOf(keys[a].ref.Namespace) < namespaceOf(keys[b].ref.Namespace)
	})
	for _, hosts := range []bool{false, true} {
		for _, key := range keys {
			for _, s := range j.slotsOf(*where[key]) {
				if j.isHost(s) == hosts {
					j.add(s)
				}
			}
		}
		if !hosts {
			j.podEnd = int32(len(j.slots))
		}
	}
	j.add(slot{[2]int32{x.anyHost, y.anyHost}})
	j.finish(where)
}

type keyed struct {
	podKey
	class int32
}

// keys names every end that is not outside.
func (m *Model) keys(order *[]podKey) (out []keyed) {
	count := map[bartizan.Ref]int{}
	add := func(ref bartizan.Ref, class [2]int32) {
		n := count[ref]
		count[ref]++
		for f, c := range class {
			key := podKey{ref, n, f}
			*order = append(*order, key)
			out = append(out, keyed{key, c})
		}
	}
	for i := range m.inv.pods {
		add(m.inv.pods[i].Ref, m.inv.pods[i].class)
	}
	for i := range m.inv.nodes {
		add(m.inv.nodes[i].ref, m.inv.nodes[i].class)
	}
	return out
}

// joiner numbers slots.
type joiner struct {
	models [2]*Model
	slots  []slot
	number map[slot]int32
	podEnd int32
}

func (j *joiner) isHost(s slot) bool {
	for k, c := range s.of {
		if c >= 0 && j.models[k].classes[c].kind == hostClass {
			return true
		}
	}
	return false
}

func (j *joiner) add(s slot) {
	if _, ok := j.number[s]; !ok {
		j.number[s] = int32(len(j.slots))
		j.slots = append(j.slots, s)
	}
}

// slots are the classes of a key: one, or two where it is a pod in one Model and a host in the other.
func (j *joiner) slotsOf(at [2]int32) []slot {
	if at[0] >= 0 && at[1] >= 0 && j.models[0].classes[at[0]].kind != j.models[1].classes[at[1]].kind {
		return []slot{{[2]int32{at[0], -1}}, {[2]int32{-1, at[1]}}}
	}
	return []slot{{at}}
}

// finish writes the new classes into the Models.
func (j *joiner) finish(where map[podKey]*[2]int32) {
	var fresh [2][]class
	for k, m := range j.models {
		for i, s := range j.slots {
			c := class{kind: podClass, ns: -1, absent: true}
			if int32(i) >= j.podEnd {
				c.kind = hostClass
			}
			if other := s.of[1-k]; other >= 0 {
				c.ns = j.models[1-k].classes[other].ns
			}
			if s.of[k] >= 0 {
				c = m.classes[s.of[k]]
				c.members, c.nodes = nil, nil
			}
			fresh[k] = append(fresh[k], c)
		}
		fresh[k] = append(fresh[k], m.classes[m.hostEnd:m.outEnd]...)
	}
	for k, m := range j.models {
		j.assign(k, m, where, fresh[k])
	}
	anyHost := j.number[slot{[2]int32{j.models[0].anyHost, j.models[1].anyHost}}]
	for k, m := range j.models {
		m.anyHost = anyHost
		m.classes, m.n = fresh[k], len(fresh[k])
		m.podEnd, m.hostEnd = j.podEnd, int32(len(j.slots))
		m.ranges()
	}
}

// assign tells pods and nodes their new classes.
func (j *joiner) assign(k int, m *Model, where map[podKey]*[2]int32, classes []class) {
	count := map[bartizan.Ref]int{}
	place := func(ref bartizan.Ref, class *[2]int32) {
		n := count[ref]
		count[ref]++
		for f := range class {
			slots := j.slotsOf(*where[podKey{ref, n, f}])
			s := slots[0]
			if len(slots) > 1 {
				s = slots[k]
			}
			class[f] = j.number[s]
		}
	}
	for i := range m.inv.pods {
		p := &m.inv.pods[i]
		place(p.Ref, &p.class)
		for f, c := range p.class {
			if f == 0 || c != p.class[0] {
				classes[c].members = append(classes[c].members, int32(i))
			}
		}
	}
	for i := range m.inv.nodes {
		n := &m.inv.nodes[i]
		place(n.ref, &n.class)
		for f, c := range n.class {
			if f == 0 || c != n.class[0] {
				classes[c].nodes = append(classes[c].nodes, int32(i))
			}
		}
	}
}
