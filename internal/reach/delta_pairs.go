package reach

import "encoding/binary"

// verdictPair is a verdict before and after.
type verdictPair struct{ old, new Verdict }

// verdictPairs are those that differ.
func verdictPairs() []verdictPair {
	return []verdictPair{{Unknown, Allowed}, {Unknown, Denied}, {Allowed, Unknown}, {Allowed, Denied}, {Denied, Unknown}, {Denied, Allowed}}
}

// edges is the peers of one class that were and are allowed, and may be.
type edges struct{ wasYes, wasMay, isYes, isMay bits }

// differ puts the peers at which the verdict differs into sets by how it does.
func (e *edges) differ(i int, p verdictPair) uint64 {
	was := [...]uint64{Unknown: e.wasMay[i] &^ e.wasYes[i], Allowed: e.wasYes[i], Denied: ^e.wasMay[i]}[p.old]
	is := [...]uint64{Unknown: e.isMay[i] &^ e.isYes[i], Allowed: e.isYes[i], Denied: ^e.isMay[i]}[p.new]
	return was & is
}

// parts notes peers by the ports on which their verdict differs, for each way in which it does.
type parts struct {
	d     *delta
	lists map[verdictPair][]part
}

// note adds what differs on a group of atoms.
func (p *parts) note(e *edges, group int) {
	for _, v := range verdictPairs() {
		var in bits
		for i := range e.wasYes {
			if w := e.differ(i, v); w != 0 {
				if in == nil {
					in = newBits(p.d.n)
				}
				in[i] = w
			}
		}
		if in == nil {
			continue
		}
		if p.lists[v] == nil {
			p.lists[v] = []part{{targets: p.d.all()}}
		}
		p.lists[v] = divide(p.lists[v], in, group)
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

// source finds what differs for a source whose egress is touched.
func (d *delta) source(t *touch) {
	p := parts{d: d, lists: map[verdictPair][]part{}}
	for g, atoms := range d.like {
		was, is := d.was(Egress, t, atoms[0]), t.now.at(atoms[0])
		if was.accept.equal(is.accept) && was.deny.equal(is.deny) && len(d.touched[Ingress]) == 0 {
			continue
		}
		e := d.reached(t.class, atoms[0], &was, is)
		p.note(e, g)
	}
	self := newBits(d.n)
	self.set(t.class)
	for v, list := range p.lists {
		for _, x := range list {
			if len(x.atoms) > 0 {
				d.add(self, x.targets, deltaKey(v, x.atoms))
			}
		}
	}
}

// reached works out whom a source reaches and reached on an atom, as far as that may differ.
func (d *delta) reached(s int32, atom int, was, is *outcome) *edges {
	e := &edges{newBits(d.n), newBits(d.n), newBits(d.n), newBits(d.n)}
	base := d.asker(Ingress, s, atom)
	for t := range d.perhaps(Ingress, was, is).all() {
		if t >= d.outEnd || d.apart(s, t) || !d.governs(s) && !d.governs(t) {
			continue
		}
		before := Allowed
		if d.governs(t) {
			before = base.verdict(t)
		}
		after := before
		if k := d.of[Ingress][t]; k >= 0 {
			after = verdictOf(d.touched[Ingress][k].now.at(atom), s)
		}
		e.set(t, both(verdictOf(was, t), before), both(verdictOf(is, t), after))
	}
	return e
}

// asker tells what the policies of the base say of one peer on one atom, once for each signature.
type asker struct {
	d    *delta
	dir  Direction
	peer int32
	atom int
	told []uint8 // by signature: the verdict and one
}

func (d *delta) asker(dir Direction, peer int32, atom int) *asker {
	return &asker{d, dir, d.classParent(peer), d.atomParent(atom), make([]uint8, len(d.base.sigs[dir]))}
}

func (a *asker) verdict(c int32) Verdict {
	sig := a.d.base.sig[a.dir][a.d.classParent(c)]
	if a.told[sig] == 0 {
		a.told[sig] = 1 + uint8(verdictOf(a.d.base.rows[a.dir][sig].at(a.atom), a.peer))
	}
	return Verdict(a.told[sig] - 1)
}

// perhaps are the peers of a class at which something may differ: its own row does, or theirs in the other
// direction may, and one of its rows lets them through.
func (d *delta) perhaps(other Direction, was, is *outcome) bits {
	out := newBits(d.n)
	for i := range out {
		differ := (was.accept[i] ^ is.accept[i]) | (was.deny[i] ^ is.deny[i]) | d.mask[other][i]
		out[i] = differ & (was.accept[i] | is.accept[i])
	}
	return out
}

func (e *edges) set(c int32, was, is Verdict) {
	if was != Denied {
		e.wasMay.set(c)
	}
	if was == Allowed {
		e.wasYes.set(c)
	}
	if is != Denied {
		e.isMay.set(c)
	}
	if is == Allowed {
		e.isYes.set(c)
	}
}

// verdictOf is what an outcome says of a peer.
func verdictOf(o *outcome, peer int32) Verdict {
	switch accept, deny := o.accept.has(peer), o.deny.has(peer); {
	case accept && deny:
		return Unknown
	case accept:
		return Allowed
	}
	return Denied
}

// targets finds what differs at the targets whose ingress is touched, for sources whose egress is not: sources that
// differ at the same targets stand together.
func (d *delta) targets() {
	groups := map[string][]rectangle{}
	for _, t := range d.touched[Ingress] {
		p := parts{d: d, lists: map[verdictPair][]part{}}
		for g, atoms := range d.like {
			was, is := d.was(Ingress, t, atoms[0]), t.now.at(atoms[0])
			if was.accept.equal(is.accept) && was.deny.equal(is.deny) {
				continue
			}
			p.note(d.letIn(t.class, atoms[0], &was, is), g)
		}
		for v, list := range p.lists {
			for _, x := range list {
				if len(x.atoms) > 0 {
					key := deltaKey(v, x.atoms)
					groups[key] = overlay(groups[key], x.targets, t.class, d.n)
				}
			}
		}
	}
	for key, list := range groups {
		for i := range list {
			if list[i].to != nil {
				d.add(list[i].from, list[i].to, key)
			}
		}
	}
}

// overlay adds a target to the rectangles of the sources that differ at it.
func overlay(list []rectangle, sources bits, target int32, n int) (out []rectangle) {
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
		with.set(target)
		out = append(out, rectangle{from: both, to: with})
		left := r.from.clone()
		left.andNot(both)
		if !left.empty() {
			out = append(out, rectangle{from: left, to: r.to})
		}
	}
	if !rest.empty() {
		to := newBits(n)
		to.set(target)
		out = append(out, rectangle{from: rest, to: to})
	}
	return out
}

// letIn works out which sources whose egress is not touched reach a target, and did, as far as that may differ.
func (d *delta) letIn(t int32, atom int, was, is *outcome) *edges {
	e := &edges{newBits(d.n), newBits(d.n), newBits(d.n), newBits(d.n)}
	base := d.asker(Egress, t, atom)
	for s := range d.perhaps(Egress, was, is).all() {
		if s >= d.outEnd || d.of[Egress][s] >= 0 || d.apart(s, t) {
			continue
		}
		egress := Allowed
		if d.governs(s) {
			egress = base.verdict(s)
		}
		e.set(s, both(egress, verdictOf(was, s)), both(egress, verdictOf(is, s)))
	}
	return e
}
