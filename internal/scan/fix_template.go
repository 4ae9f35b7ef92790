package scan

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/source/helm"
)

// templates suggests edits of a chart's templates for what no value mends, and says for the rest what would
// have to be written where.
func (s *suggester) templates(ctx context.Context, r *rendering) error {
	c := &chartFix{suggester: s, r: r, passed: map[string]bool{}}
	was := maps.Clone(s.texts)
	err := c.all(ctx, c.byTemplate)
	hints := c.hints()
	if len(c.mended)+len(hints) > 0 {
		s.out = append(s.out, Suggestion{
			Source: helm.Name, Root: r.name(), Findings: c.mended, Files: s.changes(was, s.texts), ByHand: true, Hints: hints,
		})
	}
	return err
}

// byTemplate tries to make the change of one finding, made in the rendered text, in the template's lines.
func (c *chartFix) byTemplate(ctx context.Context, i int, wants []want) (bool, error) {
	o := c.objects[i]
	if len(wants) > 1 || o.Provenance == nil {
		return false, nil
	}
	real, source, ok := c.template(o)
	if !ok {
		return false, nil
	}
	for _, front := range []bool{false, true} {
		edited, ok := editTemplate(source, o, wants[0].ops, front)
		if !ok {
			continue
		}
		t := &trial{texts: maps.Clone(c.texts), fresh: map[*rendering]*rendering{}}
		t.texts[real], c.shown[real], c.byHand[real] = edited, o.Provenance.File, true
		if done, err := c.try(ctx, t, i, wants, nil); done || err != nil {
			return done, err
		}
	}
	return false, nil
}

// template is the file and text of an object's template, if it stands where the user said and not in an
// archive.
func (c *chartFix) template(o *kube.Object) (real, text string, ok bool) {
	if inArchive(o.Provenance.File) {
		return "", "", false
	}
	real, err := realPath(o.Provenance.File)
	if err != nil || !strings.HasPrefix(real, c.r.walked+string(filepath.Separator)) {
		return "", "", false
	}
	text, ok = c.text(real, nil)
	return real, text, ok
}

// editTemplate carries over to the template an edit of the rendered text: the lines that change must stand in
// the template as they are, and what is added goes behind the line that the line before it came from; with
// front, before the first entry of the map it is added to.
func editTemplate(source string, o *kube.Object, ops []edit.Op, front bool) (string, bool) {
	d := o.Root.Doc()
	moved := slices.Clone(ops)
	for n := range moved {
		moved[n].Path = o.Root.Path() + moved[n].Path
	}
	patch, err := edit.Encode(moved)
	if err != nil {
		return "", false
	}
	splices, err := edit.Plan(d, patch)
	if err != nil {
		return "", false
	}
	h := changed(strings.SplitAfter(d.Source(), "\n"), strings.SplitAfter(edit.Apply(d.Source(), 0, splices), "\n"))
	lines := strings.SplitAfter(source, "\n")
	at := func(line int) int { // of the template, from 0, for a rendered line, from 0
		if line < 0 || line+1 >= len(o.Provenance.Lines) {
			return -1
		}
		return int(o.Provenance.Lines[line+1]) - 1
	}
	first := at(h.from)
	for i, line := range h.old {
		n := at(h.from + i)
		if front || n < 0 || n >= len(lines) || n != first+i || strings.TrimSpace(lines[n]) != strings.TrimSpace(line) {
			return "", false
		}
	}
	switch {
	case len(h.old) > 0:
	case front:
		first = -1
		if cut := strings.LastIndexByte(moved[0].Path, '/'); cut > 0 {
			line, _ := d.Root().Lookup(moved[0].Path[:cut]).First().KeyPos()
			first = at(line - 1)
		}
	default:
		first = at(h.from-1) + 1
		if first == 0 {
			return "", false
		}
	}
	if first < 0 || first > len(lines) {
		return "", false
	}
	return strings.Join(slices.Concat(lines[:first], h.fresh, lines[first+len(h.old):]), ""), true
}

// hunk is the lines in which two texts differ.
type hunk struct {
	from       int
	old, fresh []string
}

func changed(a, b []string) hunk {
	from := 0
	for from < len(a) && from < len(b) && a[from] == b[from] {
		from++
	}
	end, last := len(a), len(b)
	for end > from && last > from && a[end-1] == b[last-1] {
		end, last = end-1, last-1
	}
	return hunk{from, a[from:end], b[from:last]}
}

// hints say for what is left where to write what.
func (c *chartFix) hints() []Hint {
	var all []Hint
	for _, i := range slices.Sorted(maps.Keys(c.found)) {
		for _, w := range c.found[i] {
			at := w.finding.Evidence[0].Origin
			h := Hint{File: at.File, Line: at.Line}
			var parts []string
			for _, op := range w.ops {
				parts = append(parts, describe(op))
			}
			h.Text = fmt.Sprintf("%s: %s (%s)", c.objects[i].Ref, strings.Join(parts, "; "), w.finding.Rule)
			if inArchive(h.File) {
				h.Text += "; it stands in an archive: change it where that is made"
			}
			if !slices.Contains(all, h) {
				all = append(all, h)
			}
		}
	}
	return all
}

// describe says in one line what an operation does.
func describe(op edit.Op) string {
	place := strings.ReplaceAll(strings.TrimPrefix(op.Path, "/"), "~1", "/")
	if op.Op == "remove" {
		return "remove " + place
	}
	value, err := json.Marshal(op.Value)
	if err != nil {
		return "change " + place
	}
	if list, ok := strings.CutSuffix(place, "/-"); ok {
		return fmt.Sprintf("add to %s: %s", list, value)
	}
	return fmt.Sprintf("set %s: %s", place, value)
}
