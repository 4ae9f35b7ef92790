package scan

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/source/kustomize"
)

// The ways in which an object of a kustomization can be changed, the best first.
type way int

const (
	inPlace    way = iota // in the file that the finding points to: the manifest that is taken in, or a patch
	byMerge               // a strategic merge patch
	byJSON                // a JSON patch
	noWay                 // none
	noWayFound = "no change to the base and no patch was found that changes this alone: edit what builds it by hand"
)

// wayKey is an object, by its place in the output, and the file that findings on it point to.
type wayKey struct {
	object int
	file   string
}

// kustomizeFix changes one kustomization.
type kustomizeFix struct {
	*suggester
	r       *rendering
	ways    map[wayKey]way
	patches map[int]*patch
	stuck   map[string]string
	mended  []bartizan.Finding
}

// kustomization suggests changes for one: to its base, or patches.
func (s *suggester) kustomization(ctx context.Context, r *rendering) error {
	k := &kustomizeFix{suggester: s, r: r, ways: map[wayKey]way{}, patches: map[int]*patch{}, stuck: s.why}
	was := maps.Clone(s.texts)
	err, more := error(nil), true
	for i := 0; i < maxRounds && more && err == nil; i++ {
		more, err = k.round(ctx)
	}
	if len(k.mended) > 0 {
		s.out = append(s.out, Suggestion{Source: kustomize.Name, Root: r.name(), Findings: k.mended, Files: s.changes(was, s.texts)})
	}
	return err
}

// step is what one round is to change.
type step struct {
	objects  []*kube.Object
	wants    map[int][]want
	expected map[int]any
	keys     map[int]wayKey
}

// drop leaves an object to a later round.
func (st *step) drop(i int) {
	delete(st.wants, i)
	delete(st.expected, i)
}

// round mends as much at a time as does not stand in one another's way, and says whether it did anything.
func (k *kustomizeFix) round(ctx context.Context) (bool, error) {
	st, err := k.step(ctx)
	if err != nil {
		return false, err
	}
	// Each attempt that fails takes at least one object to a worse way.
	for len(st.wants) > 0 && ctx.Err() == nil {
		t := &trial{fresh: map[*rendering]*rendering{}}
		wrong, err := k.attempt(ctx, st, t)
		if err != nil {
			return false, err
		}
		if len(wrong) > 0 {
			k.degrade(st, wrong)
			continue
		}
		against, err := k.judge(ctx, t)
		if err != nil {
			return false, err
		}
		if against != "" {
			for _, x := range t.findings {
				k.stuck[blockKey(x)] = against
			}
			return true, nil
		}
		k.accept(t)
		k.mended = append(k.mended, t.findings...)
		for _, p := range k.patches {
			p.ops, p.next = append(p.ops, p.next...), nil
		}
		return true, nil
	}
	return false, ctx.Err()
}

func (k *kustomizeFix) step(ctx context.Context) (*step, error) {
	st := &step{objects: k.current(k.r).objects(), wants: map[int][]want{}, expected: map[int]any{}, keys: map[int]wayKey{}}
	for i, o := range st.objects {
		found, expected, err := k.wants(ctx, o, k.stuck)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			st.wants[i], st.expected[i], st.keys[i] = found, expected, wayKey{i, fileOf(found[0].finding)}
		}
	}
	return st, nil
}

// degrade takes objects that did not come out as they should to the next way.
func (k *kustomizeFix) degrade(st *step, wrong []int) {
	guilty := map[int]bool{}
	for _, i := range wrong {
		if len(st.wants[i]) > 0 {
			guilty[i] = true
			continue
		}
		for j := range st.wants { // another object's base is this one's, too
			guilty[j] = guilty[j] || k.ways[st.keys[j]] == inPlace && st.keys[j].file == st.objects[i].Origin.File
		}
	}
	if !slices.Contains(slices.Collect(maps.Values(guilty)), true) {
		for i := range st.wants {
			guilty[i] = true
		}
	}
	for i, is := range guilty {
		if is {
			k.worsen(st, i)
		}
	}
}

// worsen takes an object to the next way. After the last one its findings are stuck.
func (k *kustomizeFix) worsen(st *step, i int) {
	key := st.keys[i]
	if p := k.patches[i]; p != nil {
		p.next = nil
	}
	if k.ways[key]++; k.ways[key] < noWay {
		return
	}
	k.ways[key] = byMerge
	for _, w := range st.wants[i] {
		k.stuck[blockKey(w.finding)] = noWayFound
	}
	st.drop(i)
}

// attempt builds with all changes of a step and returns the objects that did not come out as they should.
func (k *kustomizeFix) attempt(ctx context.Context, st *step, t *trial) (wrong []int, err error) {
	t.texts = maps.Clone(k.texts)
	based, wrong := k.editBases(st, t)
	if len(wrong) > 0 {
		return wrong, nil
	}
	if wrong = k.writePatches(st, t, based); len(wrong) > 0 {
		return wrong, nil
	}
	fresh, err := k.in.again(ctx, k.r, t.texts, nil)
	if err != nil {
		return nil, err
	}
	t.fresh[k.r] = fresh
	got := fresh.objects()
	if fresh.broken() != "" && k.current(k.r).broken() == "" || len(got) != len(st.objects) {
		return slices.Collect(maps.Keys(st.wants)), nil
	}
	for i, o := range st.objects {
		expected, changed := st.expected[i]
		if !changed {
			expected = o.Root.Any()
		}
		if o.Ref != got[i].Ref || !reflect.DeepEqual(expected, got[i].Root.Any()) {
			wrong = append(wrong, i)
		}
	}
	if len(wrong) == 0 {
		wrong, err = k.others(ctx, st, t, based)
	}
	for _, list := range st.wants {
		for _, w := range list {
			t.findings = append(t.findings, w.finding)
		}
	}
	return wrong, err
}

// others builds the other kustomizations that take in the files that were edited. Only what is made of
// these may have changed.
func (k *kustomizeFix) others(ctx context.Context, st *step, t *trial, based map[int]bool) (wrong []int, err error) {
	type place struct {
		file string
		line int
	}
	edited := map[place]bool{}
	files := map[string]bool{}
	for i := range based {
		if o := st.objects[i]; st.keys[i].file == o.Origin.File {
			real, _ := realPath(o.Origin.File)
			files[real], edited[place{real, o.Origin.Line}] = true, true
			continue
		}
		real, _ := realPath(st.keys[i].file)
		files[real], edited[place{real, 0}] = true, true
	}
	mayChange := func(o *kube.Object) bool {
		real, _ := realPath(o.Origin.File)
		return edited[place{real, o.Origin.Line}] || o.Provenance != nil && slices.ContainsFunc(o.Provenance.Files, func(f string) bool {
			real, _ := realPath(f)
			return edited[place{real, 0}]
		})
	}
	for _, r := range k.in.renderings {
		is := k.current(r)
		if r == k.r || r.kustom == nil || !slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(f string) bool { return is.used[f] }) {
			continue
		}
		fresh, err := k.in.again(ctx, r, t.texts, nil)
		if err != nil {
			return nil, err
		}
		was, got := is.objects(), fresh.objects()
		same := len(was) == len(got) && (fresh.broken() == "" || is.broken() != "")
		for i := 0; same && i < len(was); i++ {
			same = was[i].Ref == got[i].Ref && (mayChange(was[i]) || reflect.DeepEqual(was[i].Root.Any(), got[i].Root.Any()))
		}
		if !same {
			return slices.Collect(maps.Keys(based)), nil
		}
		t.fresh[r] = fresh
	}
	return nil, nil
}
