package scan

import (
	"context"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/source/manifest"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Suggestion is a change to what a chart or a kustomization is made of. It was tried: rendered again with
// it, the findings are gone, no new one came, and nothing else changed.
type Suggestion struct {
	Source   string             // "helm" or "kustomize"
	Root     string             // the chart or the directory of the kustomization
	Findings []bartizan.Finding // that it mends
	Files    []FixedFile        // in order of their names; none for the archive of a chart
	Set      []SetFlag          // for the helm program, to the same end
	// ByHand says that a template would have to be edited, which fix leaves to a person.
	ByHand bool
	// Hints say, for what no change was found for, where to write what.
	Hints []Hint
}

// SetFlag is a flag of the helm program that sets a value.
type SetFlag struct{ Flag, Value string }

// Hint is a change that was not tried.
type Hint struct {
	File string
	Line int
	Text string // what to write, in words and YAML
}

// suggester works out changes to charts and kustomizations.
type suggester struct {
	*Fixer
	in     *InputSource
	replay *replay
	report *Report           // of everything as it would be
	texts  map[string]string // absolute path -> the text as it would be
	before map[string]string // absolute path -> the text as it is; "" for a new file
	shown  map[string]string // absolute path -> as to be shown
	direct map[string]bool   // absolute paths of files that are edited anyway
	out    []Suggestion
	byHand map[string]bool // absolute paths of templates
	// writable is what can be written of texts, and what comes of it.
	writable map[string]string
	written  *Report
	why      map[string]string // finding -> why there is no suggestion
	late     []string          // charts and kustomizations for which the time ran out
}

// suggest tries to mend what charts and kustomizations gave. The report is of everything as it is now.
func (f *Fixer) suggest(ctx context.Context, again *replay, report *Report, files []FixedFile) (*suggester, error) {
	in, ok := f.source.(*InputSource)
	s := &suggester{
		Fixer: f, in: in, replay: again, report: report, why: map[string]string{}, direct: map[string]bool{},
		texts: map[string]string{}, before: map[string]string{}, shown: map[string]string{}, byHand: map[string]bool{},
	}
	if !ok {
		return s, nil
	}
	for _, file := range files {
		if real, err := realPath(file.Name); err == nil {
			s.direct[real] = true
		}
	}
	for _, r := range in.renderings {
		try := s.values
		if r.kustom != nil {
			try = s.kustomization
		}
		if err := s.bounded(ctx, r, try); err != nil {
			return nil, err
		}
	}
	s.writable, s.written = maps.Clone(s.texts), s.report
	for _, r := range in.renderings {
		if r.chart != nil {
			if err := s.bounded(ctx, r, s.templates); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// suggestTime bounds the search for changes to one chart or kustomization. What was found until then stays.
const suggestTime = 30 * time.Second

func (s *suggester) bounded(ctx context.Context, r *rendering, try func(context.Context, *rendering) error) error {
	inner, cancel := context.WithTimeout(ctx, suggestTime)
	defer cancel()
	err := try(inner, r)
	if err != nil && ctx.Err() == nil && inner.Err() != nil {
		s.late = append(s.late, r.name())
		return nil
	}
	return err
}

// want is a finding on an object of a rendering that is to be mended.
type want struct {
	finding bartizan.Finding
	ops     []edit.Op // on the object
}

// candidates are the findings on an object that may be mended.
func (s *suggester) candidates(ctx context.Context, o *kube.Object, stuck map[string]string) (list []placed, err error) {
	_, err = s.report.engine.Run(ctx, s.report.World, []*kube.Object{o}, func(x bartizan.Finding) error {
		if s.reported(x) && s.wanted(x) && stuck[blockKey(x)] == "" {
			list = append(list, placed{x, o})
		}
		return nil
	})
	return list, err
}

// wants are the findings on an object that may be mended together, with what the object's document must
// become: those that point to one file, the base or a patch. What cannot be mended at all is noted in stuck.
func (s *suggester) wants(ctx context.Context, o *kube.Object, stuck map[string]string) (found []want, expected any, err error) {
	list, err := s.candidates(ctx, o, stuck)
	if len(list) == 0 || err != nil {
		return nil, nil, err
	}
	list = slices.DeleteFunc(list, func(p placed) bool { return fileOf(p.finding) != fileOf(list[0].finding) })
	d := o.Root.Doc()
	plan, mended := editDoc(d, list, stuck)
	for _, x := range mended {
		ops, err := edit.ParsePatch(x.Fix.Do)
		if err != nil {
			return nil, nil, err
		}
		found = append(found, want{x, ops})
	}
	start, end := d.Bounds()
	root := firstRoot(edit.Apply(d.Source()[start:end], start, plan))
	return found, root.Any(), nil
}

func fileOf(x bartizan.Finding) string { return x.Evidence[0].Origin.File }

// wantsEach are the findings on an object that may be mended, each for itself.
func (s *suggester) wantsEach(ctx context.Context, o *kube.Object, stuck map[string]string) (found []want, err error) {
	list, err := s.candidates(ctx, o, stuck)
	for _, p := range list {
		ops, err := edit.ParsePatch(p.finding.Fix.Do)
		if err != nil {
			return nil, err
		}
		found = append(found, want{p.finding, ops})
	}
	return found, err
}

// wanted says whether a finding has a fix that may be applied.
func (s *suggester) wanted(x bartizan.Finding) bool {
	return x.Fix != nil && len(x.Fix.Do) > 0 && len(x.Evidence) > 0 && (x.Fix.Unsafe == "" || s.Unsafe)
}

// reported says whether a finding is not held back by an exception.
func (s *suggester) reported(x bartizan.Finding) bool {
	return slices.ContainsFunc(s.report.Findings, func(y bartizan.Finding) bool {
		return x.Rule == y.Rule && x.Subject == y.Subject && len(x.Evidence) > 0 && len(y.Evidence) > 0 && x.Evidence[0].Path == y.Evidence[0].Path
	})
}

func firstRoot(text string) tree.Node {
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err == nil && doc.Root().Exists() {
			return doc.Root()
		}
	}
	return tree.Node{}
}

// text is a file as it would be.
func (s *suggester) text(real string, more map[string]string) (string, bool) {
	for _, m := range []map[string]string{more, s.texts} {
		if text, ok := m[real]; ok {
			return text, true
		}
	}
	info, err := os.Stat(real)
	if err != nil || !info.Mode().IsRegular() || info.Size() > manifest.MaxBytes {
		return "", false
	}
	b, err := os.ReadFile(real)
	return string(b), err == nil
}

// into adds the suggestions to a plan, and applies them if that is asked for.
func (s *suggester) into(plan *FixPlan) {
	plan.Suggestions, plan.Late = s.out, s.late
	if !s.Suggested || len(s.writable) == 0 {
		return
	}
	plan.Report = s.written
	for _, x := range s.out {
		if !x.ByHand && len(x.Files) > 0 {
			plan.Applied = append(plan.Applied, x.Findings...)
		}
	}
	for real, text := range s.writable {
		plan.Files = append(plan.Files, FixedFile{s.shown[real], s.before[real], text})
	}
}
