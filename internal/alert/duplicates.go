package alert

// generation is how many IDs are remembered at least, and half of how many at most.
const generation = 8192

// duplicates remembers the IDs of the latest alerts in two generations: when the young one is full, it becomes the old
// one and the old one is forgotten.
type duplicates struct {
	young, old map[string]struct{}
}

func newDuplicates() duplicates {
	return duplicates{map[string]struct{}{}, map[string]struct{}{}}
}

// seen says whether an ID was seen before, and remembers it.
func (d *duplicates) seen(id string) bool {
	if _, ok := d.young[id]; ok {
		return true
	}
	_, known := d.old[id]
	if len(d.young) >= generation {
		d.old, d.young = d.young, make(map[string]struct{}, generation)
	}
	d.young[id] = struct{}{}
	return known
}
