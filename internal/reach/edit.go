package reach

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// Edit is the exact difference that a change of policies makes: the policies named in remove go, and the objects
// in add come, in the place of those of the same name. It costs little of what New costs, and m stays as it is.
func (m *Model) Edit(remove []bartizan.Ref, add []*kube.Object) (opened, closed []Flow) {
	gone, words, more := m.change(remove, add)
	if r, ok := m.refine(words, more); ok && (!m.cilium || m.staysCilium(gone, more)) {
		return newDelta(r, gone, more).flows()
	}
	old, new := m.edited(gone, words, more)
	return diff(old, new)
}

// staysCilium says whether there is a policy of Cilium after a change.
func (m *Model) staysCilium(gone map[bartizan.Ref]bool, more []*policy) bool {
	if speakCilium(more) {
		return true
	}
	for _, p := range m.policies {
		if p.cilium && !gone[p.ref] {
			return true
		}
	}
	return false
}

// change decodes what comes and names what goes.
func (m *Model) change(remove []bartizan.Ref, add []*kube.Object) (gone map[bartizan.Ref]bool, words *vocabulary, more []*policy) {
	words = m.words.clone()
	d := m.decoder(words)
	gone = map[bartizan.Ref]bool{}
	for _, ref := range remove {
		gone[ref] = true
	}
	for _, o := range add {
		d.decode(o)
		gone[o.Ref] = true
	}
	d.duplicates()
	for i, p := range d.policies {
		p.position = len(m.policies) + i
	}
	return gone, words, d.policies
}

// edited gives the Models before and after, with the same classes. Their rows are worked out as they are needed.
func (m *Model) edited(gone map[bartizan.Ref]bool, words *vocabulary, more []*policy) (old, new *Model) {
	old = m
	if !m.covers(words, more) {
		old = m.widened(words, more)
	}
	next := *old
	new = &next
	new.words = words
	new.policies = nil
	for _, p := range old.policies {
		if !gone[p.ref] {
			new.policies = append(new.policies, p)
		}
	}
	new.cilium = speakCilium(new.policies) || speakCilium(more)
	if new.cilium == old.cilium {
		new.peerCache, new.named, new.possible = maps.Clone(old.peerCache), maps.Clone(old.named), maps.Clone(old.possible)
	} else { // the same rules match otherwise under another network plugin
		new.peerCache, new.named, new.possible = map[string]peerSet{}, map[portName][]peerSet{}, map[bool]bits{}
		new.policies = copied(new.policies)
	}
	new.policies = append(new.policies, more...)
	new.sign()
	new.pair(old)
	return old, new
}

// decode decodes one object, if it is a policy.
func (d *decoder) decode(o *kube.Object) {
	for _, k := range policyKinds() {
		if k.kind == o.Ref.Kind {
			d.current = o
			k.decode(d, o)
		}
	}
}

// covers says whether the classes and atoms of m tell apart everything that more policies tell apart.
func (m *Model) covers(words *vocabulary, more []*policy) bool {
	if len(words.names) != len(m.words.names) || len(words.values) != len(m.words.values) {
		return false
	}
	if speakCilium(more) && m.outEnd == int32(m.n) || speakToNodes(more) && m.subjectEnd == m.podEnd {
		return false
	}
	probe := Model{policies: more, inv: &inventory{}, space: m.space}
	blocks := cidrs(more)
	if len(blocks) > 0 && !m.hasBlocks || len(m.space.more(blocks)) > 0 || len(m.nodeBorders()) == 0 && speakOfNodes(more) && len(m.inv.nodes) > 0 {
		return false
	}
	for _, r := range probe.portRanges() {
		if len(m.ports.more(r)) > 0 {
			return false
		}
	}
	for name := range probe.portNames {
		if !m.portNames[name] {
			return false
		}
	}
	return true
}

// more are the borders of prefixes that the space does not have.
func (s *space) more(prefixes []netip.Prefix) (out []netip.Prefix) {
	for _, p := range prefixes {
		next := lastOf(p).Next()
		if s.starts[s.atom(p.Addr())] != p.Addr() || next.IsValid() && s.starts[s.atom(next)] != next {
			out = append(out, p)
		}
	}
	return out
}

// more are the atoms that a range divides.
func (s *portSpace) more(r portRange) (out []int) {
	for p := range Protocol(protocols) {
		if !r.any && r.protocol != p {
			continue
		}
		if i := s.atom(p, r.lo); s.atoms[i].lo != r.lo {
			out = append(out, i)
		}
		if i := s.atom(p, r.hi); s.atoms[i].hi != r.hi {
			out = append(out, i)
		}
	}
	return out
}

// widened is m with classes and atoms that tell apart what more policies tell apart as well.
func (m *Model) widened(words *vocabulary, more []*policy) *Model {
	w := m.blank()
	w.words = words
	kept := copied(m.policies)
	all := append(slices.Clone(kept), more...)
	w.policies = all
	probe := Model{policies: all, inv: w.inv}
	w.hasBlocks = m.hasBlocks || len(cidrs(more)) > 0
	w.space = newSpace(probe.borders())
	w.ports = newPortSpace(probe.portRanges())
	w.portNames = probe.portNames
	for i := range w.inv.namespaces {
		w.nameVector(&w.inv.namespaces[i])
	}
	w.cilium = speakCilium(all)
	w.classify()
	w.policies, w.cilium = kept, m.cilium
	w.sign()
	return w
}

// copied is policies of which nothing was worked out.
func copied(list []*policy) []*policy {
	out := make([]*policy, len(list))
	for i, p := range list {
		own := *p
		for dir := range own.rules {
			own.rules[dir] = slices.Clone(p.rules[dir])
			for k := range own.rules[dir] {
				own.rules[dir][k].yes, own.rules[dir][k].may = nil, nil
			}
		}
		out[i] = &own
	}
	return out
}

// pair notes which signatures are the same as those of another Model with the same classes.
func (m *Model) pair(old *Model) {
	m.twin = old
	for dir := range m.sigs {
		m.twinSig[dir] = make([]int32, len(m.sigs[dir]))
		for s := range m.twinSig[dir] {
			m.twinSig[dir][s] = -1
		}
		for c, s := range m.sig[dir] {
			o := old.sig[dir][c]
			if m.twinSig[dir][s] < 0 && sameSignature(&m.sigs[dir][s], &old.sigs[dir][o]) {
				m.twinSig[dir][s] = o
			}
		}
	}
}

func sameSignature(a, b *signature) bool {
	return slices.Equal(a.policies, b.policies) && slices.Equal(a.ports, b.ports)
}
