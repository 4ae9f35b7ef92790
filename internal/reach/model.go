package reach

import (
	"encoding/binary"
	"iter"
	"net/netip"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// Options say what is known besides the World.
type Options struct {
	// PodCIDRs are the ranges that pods without a known address get theirs from.
	PodCIDRs []netip.Prefix
	// Complete says that every policy, pod and namespace of the cluster was read.
	Complete bool
}

// Model answers questions about one World. It is immutable and safe for concurrent use.
type Model struct {
	world    bartizan.World
	options  Options
	inv      *inventory
	svcs     []*service
	words    *vocabulary
	policies []*policy
	faults   []Fault

	config  ciliumConfig
	servers []netip.Addr // of the API server; nil if not known
	cilium  bool         // a policy of Cilium was read: it is the network plugin

	space     *space
	ports     *portSpace
	portNames map[string]bool
	hasBlocks bool

	classes         []class
	n               int
	podEnd, hostEnd int32
	outEnd          int32 // of the outside classes; nodes as their own pods see them follow
	subjectEnd      int32 // of the classes that policies may select
	anyHost         int32
	nsRange         [][2]int32 // classes of each namespace, end exclusive

	byName    map[[2]string][]int32
	byAddress map[netip.Addr]int32
	peerCache map[string]peerSet
	named     map[portName][]peerSet // by atom of ports: where the name stands for it
	possible  map[bool]bits          // atoms a pod, or a node, without a known address may lie in

	sig  [2][]int32 // by direction: the signature of each pod class
	sigs [2][]signature
	rows [2][]*row

	// twin is a Model with the same classes and mostly the same policies, whose rows serve where the signatures are
	// the same; -1 where they are not.
	twin    *Model
	twinSig [2][]int32
}

// signature is the policies that apply to a class in one direction, in the order of evaluation.
type signature struct {
	policies []applied
	ports    []namedPort // what names stand for; of the destination, for ingress
	classes  []int32
}

// applied is a policy that applies, surely or perhaps.
type applied struct {
	*policy
	sure bool
}

// everything is what a World can have besides All.
type everything interface {
	Everything() iter.Seq[bartizan.Entity]
}

// New reads policies, pods, namespaces and nodes of a World and works out who can reach whom.
func New(w bartizan.World, o Options) *Model {
	m := &Model{world: w, options: o, words: newVocabulary(), inv: takeInventory(w, customWorkloads(w))}
	m.inv.podCIDRs = append(m.inv.podCIDRs, o.PodCIDRs...)
	m.config, m.servers = readCiliumConfig(w), backendsOf(w, "default", "kubernetes")
	d := m.decoder(m.words)
	d.read(w)
	m.policies, m.faults = d.policies, d.faults
	m.build()
	m.indexPods()
	m.readServices()
	m.fillRows()
	return m
}

// fillRows works out every row, so that nothing of the Model changes afterwards.
func (m *Model) fillRows() {
	for dir := range m.rows {
		for s := range m.sigs[dir] {
			m.row(Direction(dir), int32(s))
		}
	}
	for _, p := range m.policies {
		for _, rules := range p.rules {
			for i := range rules {
				m.reached(p, &rules[i])
			}
		}
	}
}

// customWorkloads are the objects of custom kinds that hold pod templates.
func customWorkloads(w bartizan.World) (out []*kube.Object) {
	all, ok := w.(everything)
	if !ok {
		return nil
	}
	for e := range all.Everything() {
		if o, ok := e.Value.(*kube.Object); ok && len(o.Workloads) > 0 && !kube.HoldsPods(e.Ref.Kind) {
			out = append(out, o)
		}
	}
	return out
}

// build makes classes and signatures of the policies and the inventory.
func (m *Model) build() {
	m.possible = map[bool]bits{}
	m.peerCache, m.named = map[string]peerSet{}, map[portName][]peerSet{}
	m.cilium = speakCilium(m.policies)
	m.hasBlocks = len(cidrs(m.policies)) > 0
	m.space = newSpace(m.borders())
	m.ports = newPortSpace(m.portRanges())
	for i := range m.inv.namespaces {
		m.nameVector(&m.inv.namespaces[i])
	}
	m.classify()
	m.sign()
}

// borders are the prefixes at which addresses are cut.
func (m *Model) borders() []netip.Prefix {
	list := append(append(cidrs(m.policies), standing()...), neverPods()...)
	return append(append(list, m.inv.podCIDRs...), m.nodeBorders()...)
}

// nodeBorders are the addresses of nodes, if policies speak of nodes.
func (m *Model) nodeBorders() (out []netip.Prefix) {
	speak := speakOfNodes(m.policies)
	for i := range m.inv.nodes {
		for _, a := range m.inv.nodes[i].addresses {
			if speak {
				out = append(out, netip.PrefixFrom(a, a.BitLen()))
			}
		}
	}
	return out
}

func speakOfNodes(list []*policy) bool {
	for _, p := range list {
		for _, rules := range p.rules {
			for i := range rules {
				for k := range rules[i].peers {
					if rules[i].peers[k].nodes != nil {
						return true
					}
				}
			}
		}
	}
	return false
}

// nameVector gives a namespace the labels that selectors see: not known where its object was not read.
func (m *Model) nameVector(ns *namespace) {
	var unknown func(string) bool
	if !ns.read {
		unknown = func(string) bool { return true }
	}
	labels := append(ns.labels[:len(ns.labels):len(ns.labels)], label{metadataName, ns.name})
	ns.vector = m.words.vector(labels, unknown)
}

// portRanges are the ranges at which ports are cut, with the numbers that the names in policies stand for.
func (m *Model) portRanges() []portRange {
	m.portNames = map[string]bool{}
	seen := map[portRange]bool{}
	var ranges []portRange
	add := func(r portRange) {
		if !seen[r] {
			seen[r] = true
			ranges = append(ranges, r)
		}
	}
	for _, p := range m.policies {
		for _, rules := range p.rules {
			for i := range rules {
				for _, r := range rules[i].ports.ranges {
					add(r)
				}
				for _, n := range rules[i].ports.names {
					m.portNames[n.name] = true
				}
			}
		}
	}
	for i := range m.inv.pods {
		for _, d := range m.inv.pods[i].ports {
			if m.portNames[d.name] {
				add(portRange{protocol: d.protocol, lo: d.number, hi: d.number})
			}
		}
	}
	return ranges
}

// speakCilium says whether there is a policy of Cilium among some.
func speakCilium(list []*policy) bool {
	for _, p := range list {
		if p.cilium {
			return true
		}
	}
	return false
}

// speakToNodes says whether a policy selects nodes.
func speakToNodes(list []*policy) bool {
	for _, p := range list {
		if p.subject.nodes != nil {
			return true
		}
	}
	return false
}

// sign finds which policies apply to which classes.
func (m *Model) sign() {
	var lists [2][][]applied
	for dir := range lists {
		lists[dir] = make([][]applied, m.subjectEnd)
	}
	for _, p := range m.inOrder() {
		set := m.subjects(p)
		for dir := range lists {
			if !p.speaks(Direction(dir)) {
				continue
			}
			for c := range set.may.all() {
				if m.governs(c) {
					lists[dir][c] = append(lists[dir][c], applied{p, p.doubt == "" && set.yes.has(c)})
				}
			}
		}
	}
	for dir := range lists {
		m.intern(Direction(dir), lists[dir])
	}
}

// intern numbers the signatures; the first has no policies.
func (m *Model) intern(dir Direction, lists [][]applied) {
	index := map[string]int32{"": 0}
	m.sigs[dir] = []signature{{}}
	m.sig[dir] = make([]int32, m.subjectEnd)
	var key []byte
	for c, list := range lists {
		key = key[:0]
		names := false
		for _, a := range list {
			key = binary.LittleEndian.AppendUint32(key, uint32(a.position)<<1)
			if a.sure {
				key[len(key)-4] |= 1
			}
			names = names || a.usesNames(dir)
		}
		ports := []namedPort(nil)
		if dir == Ingress && names {
			ports = m.classes[c].ports
			for _, p := range ports {
				key = append(append(key, p.name...), 0, byte(p.protocol), byte(p.number), byte(p.number>>8))
			}
		}
		s, ok := index[string(key)]
		if !ok {
			s = int32(len(m.sigs[dir]))
			index[string(key)] = s
			m.sigs[dir] = append(m.sigs[dir], signature{policies: list, ports: ports})
		}
		m.sig[dir][c] = s
		m.sigs[dir][s].classes = append(m.sigs[dir][s].classes, int32(c))
	}
	m.rows[dir] = make([]*row, len(m.sigs[dir]))
}

func (p *policy) usesNames(dir Direction) bool {
	for i := range p.rules[dir] {
		if len(p.rules[dir][i].ports.names) > 0 {
			return true
		}
	}
	return false
}

// Faults lists what is wrong with the policies that were read: what cannot be read, selects nothing, never
// matches, is shadowed, or whose order the API leaves open. It works them out anew each time.
func (m *Model) Faults() []Fault { return m.findFaults() }

// Pods visits all pods and templates; the index stands for the pod in Reaches.
func (m *Model) Pods() iter.Seq2[int, *Pod] {
	return func(yield func(int, *Pod) bool) {
		for i := range m.inv.pods {
			if !yield(i, &m.inv.pods[i]) {
				return
			}
		}
	}
}

// PodCount is the number of pods and templates.
func (m *Model) PodCount() int { return len(m.inv.pods) }

// Pod is a pod by its index.
func (m *Model) Pod(i int) *Pod { return &m.inv.pods[i] }
