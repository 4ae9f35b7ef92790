package detect

// track is what a rule remembers of one key.
type track struct {
	key        string
	facts      []fact            // in the order of time; of those of one time in the order they came
	muted      int64             // until then the key's rule says nothing more
	since      int64             // of a rule about first values: when the key was first seen
	values     map[string]*int64 // of a rule about first values: when each value was last seen
	last       int64             // the latest time of an event of the key
	prev, next *track            // by when they were last touched
}

// known says whether a fact is there already: records may come twice.
func (t *track) known(f *fact) bool {
	for i := range t.facts {
		if t.facts[i].id == f.id && t.facts[i].step == f.step {
			return true
		}
	}
	return false
}

// keyTable is the tracks of a rule, at most limit; the one that was not touched for longest makes room.
type keyTable struct {
	limit int
	byKey map[string]*track
	ends  track // next is the one untouched for longest, prev the one just touched
	lost  func(*track)
}

func newKeyTable(limit int, lost func(*track)) keyTable {
	return keyTable{limit: limit, byKey: map[string]*track{}, lost: lost}
}

// get is the track of a key, made if it is new, and now the one just touched.
func (k *keyTable) get(name []byte) *track {
	t := k.byKey[string(name)]
	if t == nil {
		if len(k.byKey) >= k.limit {
			oldest := k.ends.next
			k.drop(oldest)
			k.lost(oldest)
		}
		t = &track{key: string(name), muted: never, since: never, last: never}
		k.byKey[t.key] = t
	} else {
		k.unlink(t)
	}
	if k.ends.next == nil {
		k.ends.next, k.ends.prev = &k.ends, &k.ends
	}
	t.prev, t.next = k.ends.prev, &k.ends
	t.prev.next, k.ends.prev = t, t
	return t
}

func (k *keyTable) unlink(t *track) {
	t.prev.next, t.next.prev = t.next, t.prev
}

func (k *keyTable) drop(t *track) {
	k.unlink(t)
	delete(k.byKey, t.key)
}

// each visits the tracks, the one untouched for longest first.
func (k *keyTable) each(visit func(*track)) {
	if k.ends.next == nil {
		return
	}
	for t := k.ends.next; t != &k.ends; t = t.next {
		visit(t)
	}
}

// expire forgets keys of which nothing can come to anything any more, given that later events are not before a time.
func (k *keyTable) expire(now int64, w *watch) {
	if w.horizon == none || k.ends.next == nil {
		return
	}
	for t := k.ends.next; t != &k.ends && max(t.last+w.horizon, t.muted) < now; t = k.ends.next {
		k.drop(t)
	}
}
