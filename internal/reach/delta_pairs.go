package reach

import (
	"encoding/binary"
	"iter"
)

// verdictPair is a verdict before and after.
type verdictPair struct{ old, new Verdict }

// verdictPairs are those that differ.
func verdictPairs() [6]verdictPair {
	return [...]verdictPair{{Unknown, Allowed}, {Unknown, Denied}, {Allowed, Unknown}, {Allowed, Denied}, {Denied, Unknown}, {Denied, Allowed}}
}

// edges is the peers of one class that were and are allowed, and may be.
type edges struct {
	wasYes, wasMay, isYes, isMay bits

	doubt bool // some may be allowed and are not surely
}

// differ puts the peers at which the verdict differs into sets by how it does.
func (e *edges) differ(i int, p verdictPair) uint64 {
	was := [...]uint64{Unknown: e.wasMay[i] &^ e.wasYes[i], Allowed: e.wasYes[i], Denied: ^e.wasMay[i]}[p.old]
	is := [...]uint64{Unknown: e.isMay[i] &^ e.isYes[i], Allowed: e.isYes[i], Denied: ^e.isMay[i]}[p.new]
	return was & is
}

// fill works out the edges of a class between whose row and the other ends' nothing but peers counts.
func (e *edges) fill(was, is *outcome, c *column, peers bits) {
	doubt := uint64(0)
	for i, p := range peers {
		e.wasMay[i] = was.accept[i] & c.before.may[i] & p
		e.wasYes[i] = was.accept[i] &^ was.deny[i] & c.before.yes[i] & p
		e.isMay[i] = is.accept[i] & c.after.may[i] & p
		e.isYes[i] = is.accept[i] &^ is.deny[i] & c.after.yes[i] & p
		doubt |= e.wasMay[i]&^e.wasYes[i] | e.isMay[i]&^e.isYes[i]
	}
	e.doubt = doubt != 0
}

// parts notes peers by the ports on which their verdict differs, for each way in which it does.
type parts struct {
	d     *delta
	in    bits
	lists [6][]part // by verdictPairs
}

// note adds what differs on a group of atoms.
func (p *parts) note(e *edges, group int) {
	for k, v := range verdictPairs() {
		if !e.doubt && (v.old == Unknown || v.new == Unknown) {
			continue
		}
		some := uint64(0)
		for i := range p.in {
			p.in[i] = e.differ(i, v)
			some |= p.in[i]
		}
		if some == 0 {
			continue
		}
		if p.lists[k] == nil {
			p.lists[k] = []part{{targets: p.d.all()}}
		}
		p.lists[k] = divide(p.lists[k], p.in, group)
	}
}

// all is every class that can be an end.
func (d *delta) all() bits {
	b := newBits(d.n)
	b.fill(0, d.outEnd)
	return b
}

func deltaKey(v verdictPair, groups []int) string {
	key := []byte{byte(v.old), byte(v.new)}
	for _, g := range groups {
		key = binary.LittleEndian.AppendUint16(key, uint16(g))
	}
	return string(key)
}

// sources finds what differs for sources whose egress is touched.
func (d *delta) sources() {
	for _, b := range d.bundles(Egress) {
		for key, peers := range d.differing(Egress, b, d.all()) {
			d.add(b.classes, peers, key)
		}
	}
}

// targets finds what differs at the targets whose ingress is touched, for sources whose egress is not: sources that
// differ at the same targets stand together.
func (d *delta) targets() {
	rest := d.all()
	rest.andNot(d.mask[Egress])
	groups := map[string][]rectangle{}
	for _, b := range d.bundles(Ingress) {
		for key, peers := range d.differing(Ingress, b, rest) {
			groups[key] = overlay(groups[key], peers, b.classes)
		}
	}
	for key, list := range groups {
		for i := range list {
			d.add(list[i].from, list[i].to, key)
		}
	}
}

// differing visits the peers at which the verdict of a bundle differs, by how it does and on which ports.
func (d *delta) differing(dir Direction, b *bundle, peers bits) iter.Seq2[string, bits] {
	return func(yield func(string, bits) bool) {
		peers = d.sameFamily(b.family, peers)
		p := parts{d: d, in: newBits(d.n)}
		e := &d.scratch
		for g, atoms := range d.like {
			if b.columns[g] == nil {
				continue
			}
			was, is := d.was(dir, b.band, atoms[0]), b.now.at(atoms[0])
			e.fill(&was, is, b.columns[g], peers)
			p.note(e, g)
		}
		for k, v := range verdictPairs() {
			for _, x := range p.lists[k] {
				if len(x.atoms) > 0 && !yield(deltaKey(v, x.atoms), x.targets) {
					return
				}
			}
		}
	}
}

// sameFamily is those peers that a class with addresses of a family can have.
func (d *delta) sameFamily(family uint8, peers bits) bits {
	if family == 0 {
		return peers
	}
	out := peers.clone()
	for c := range peers.all() {
		if f := d.classes[c].family; f != 0 && f != family {
			out[c>>6] &^= 1 << (c & 63)
		}
	}
	return out
}

// overlay adds targets to the rectangles of the sources that differ at them.
func overlay(list []rectangle, sources, targets bits) (out []rectangle) {
	rest := sources.clone()
	for _, r := range list {
		both := r.from.clone()
		both.and(sources)
		if both.empty() {
			out = append(out, r)
			continue
		}
		rest.andNot(both)
		with := r.to.clone()
		with.or(targets)
		out = append(out, rectangle{from: both, to: with})
		left := r.from.clone()
		left.andNot(both)
		if !left.empty() {
			out = append(out, rectangle{from: left, to: r.to})
		}
	}
	if !rest.empty() {
		out = append(out, rectangle{from: rest, to: targets})
	}
	return out
}
