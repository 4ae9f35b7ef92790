package scan

import (
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/archive"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/source/helm"
)

// maxTrials bounds how many changes to one chart are tried.
const maxTrials = 150

// chartFix changes one chart.
type chartFix struct {
	*suggester
	r       *rendering
	traced  *tracer
	chosen  []setValue
	mended  []bartizan.Finding
	passed  map[string]bool // findings for which nothing was found
	trials  int
	objects []*kube.Object // as the chart gives them now
	found   map[int][]want // of each
}

// values suggests values for a chart.
func (s *suggester) values(ctx context.Context, r *rendering) error {
	c := &chartFix{suggester: s, r: r, passed: map[string]bool{}}
	if err := c.look(ctx); err != nil || len(c.found) == 0 {
		return err
	}
	if err := c.trace(ctx); err != nil {
		return err
	}
	was := maps.Clone(s.texts)
	err := c.all(ctx, c.byValues)
	if len(c.mended) > 0 {
		s.out = append(s.out, Suggestion{
			Source: helm.Name, Root: r.name(), Findings: c.mended, Files: s.changes(was, s.texts), Set: setFlags(c.chosen),
		})
	}
	return err
}

// all has a way to mend findings tried until it mends no more.
func (c *chartFix) all(ctx context.Context, try func(context.Context, int, []want) (bool, error)) error {
	for {
		if more, err := c.each(ctx, try); err != nil || !more {
			return err
		}
	}
}

// trace finds out which values show where.
func (c *chartFix) trace(ctx context.Context) error {
	fsys, done, err := c.r.open(c.texts)
	if err != nil {
		return err
	}
	defer done()
	chart := *c.r.chart
	chart.FS = fsys
	keys, err := helm.Keys(chart)
	if err != nil {
		return nil // a chart that cannot be read has no objects either
	}
	c.traced, err = trace(ctx, c.in, c.r, c.texts, keys)
	return err
}

// look notes what there is to mend in the chart as it is now.
func (c *chartFix) look(ctx context.Context) error {
	c.objects, c.found = c.current(c.r).objects(), map[int][]want{}
	for i, o := range c.objects {
		found, err := c.wantsEach(ctx, o, c.why)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			c.found[i] = found
		}
	}
	return nil
}

// each has a way to mend findings tried on every object, all findings of it together and then each for
// itself, until one works, and says whether one did.
func (c *chartFix) each(ctx context.Context, try func(context.Context, int, []want) (bool, error)) (bool, error) {
	if err := c.look(ctx); err != nil {
		return false, err
	}
	for _, i := range slices.Sorted(maps.Keys(c.found)) {
		var open []want
		for _, w := range c.found[i] {
			if !c.passed[blockKey(w.finding)] {
				open = append(open, w)
			}
		}
		if len(open) > 1 {
			if done, err := try(ctx, i, open); done || err != nil {
				return done, err
			}
		}
		for _, w := range open {
			if done, err := try(ctx, i, []want{w}); done || err != nil {
				return done, err
			}
			c.passed[blockKey(w.finding)] = true
		}
	}
	return false, nil
}

// maxAlternatives bounds the values that are tried for one finding.
const maxAlternatives = 4

// byValues tries values that mend findings of an object.
func (c *chartFix) byValues(ctx context.Context, i int, wants []want) (bool, error) {
	id := ""
	for name, o := range identities(c.objects) {
		if o == c.objects[i] {
			id = name
		}
	}
	for n := range maxAlternatives {
		values, more := c.alternative(id, c.objects[i], wants, n)
		if !more {
			return false, nil
		}
		t := &trial{texts: maps.Clone(c.texts), fresh: map[*rendering]*rendering{}}
		all := append(slices.Clone(c.chosen), values...)
		var given []helm.ValuesFile
		if c.r.top == "" || strings.HasSuffix(c.r.chart.Path, ".tgz") || strings.HasSuffix(c.r.chart.Path, ".tar.gz") {
			given = []helm.ValuesFile{{Name: "suggested", Data: valuesJSON(all)}}
		} else {
			real := filepath.Join(c.r.top, filepath.FromSlash(c.r.chart.Path), "values.yaml")
			text, _ := c.text(real, nil)
			edited, ok := editValues(text, values)
			if !ok || !unlinked(real) {
				continue
			}
			t.texts[real], c.shown[real] = edited, path.Join(c.r.name(), "values.yaml")
		}
		done, err := c.try(ctx, t, i, wants, given)
		if done {
			c.chosen = all
		}
		if done || err != nil {
			return done, err
		}
	}
	return false, nil
}

// try renders with a trial and accepts it if the findings are gone and nothing else has changed.
func (c *chartFix) try(ctx context.Context, t *trial, i int, wants []want, values []helm.ValuesFile) (bool, error) {
	if c.trials++; c.trials > maxTrials {
		return false, ctx.Err()
	}
	fresh, err := c.in.again(ctx, c.r, t.texts, values)
	if err != nil {
		return false, err
	}
	if fresh.broken() != "" && c.current(c.r).broken() == "" || !c.onlyWanted(fresh.objects(), i, wants) {
		return false, nil
	}
	t.fresh[c.r] = fresh
	for _, w := range wants {
		t.findings = append(t.findings, w.finding)
	}
	against, err := c.judge(ctx, t)
	if err != nil || against != "" {
		return false, err
	}
	c.accept(t)
	c.mended = append(c.mended, t.findings...)
	return true, nil
}

// onlyWanted says whether objects differ from what they were only where the findings of one are to be
// mended, or, in others, those of the same rules.
func (c *chartFix) onlyWanted(got []*kube.Object, i int, wants []want) bool {
	if len(got) != len(c.objects) {
		return false
	}
	rules := map[string]bool{}
	for _, w := range wants {
		rules[w.finding.Rule] = true
	}
	for j, o := range c.objects {
		if o.Ref != got[j].Ref {
			return false
		}
		var places []string
		for _, w := range c.found[j] {
			for _, op := range w.ops {
				if rules[w.finding.Rule] {
					places = append(places, op.Path)
				}
			}
		}
		for _, at := range differences(o.Root.Any(), got[j].Root.Any(), "", nil) {
			if !slices.ContainsFunc(places, func(p string) bool { return related(p, at) }) {
				return false
			}
		}
	}
	return true
}

// related says whether one JSON Pointer is, or leads through, the other.
func related(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/") ||
		strings.HasSuffix(a, "/-") && (strings.HasPrefix(b, strings.TrimSuffix(a, "-")) || b == strings.TrimSuffix(a, "/-"))
}

// differences are the JSON Pointers at which two values differ.
func differences(a, b any, at string, found []string) []string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		for k, v := range x {
			other, ok := y[k]
			if !ok {
				found = append(found, at+"/"+escapePointer(k))
				continue
			}
			found = differences(v, other, at+"/"+escapePointer(k), found)
		}
		for k := range y {
			if _, ok := x[k]; !ok {
				found = append(found, at+"/"+escapePointer(k))
			}
		}
		return found
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			found = differences(x[i], y[i], fmt.Sprintf("%s/%d", at, i), found)
		}
		return found
	}
	if !reflect.DeepEqual(a, b) {
		found = append(found, at)
	}
	return found
}

func escapePointer(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

// inArchive says whether a file that is shown stands in an archive.
func inArchive(shown string) bool { return strings.Contains(shown, archive.Separator) }
