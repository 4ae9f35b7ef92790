package scan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// FixPlan is what fix would do, or did.
type FixPlan struct {
	Files       []FixedFile        // in order of their names
	Applied     []bartizan.Finding // mended
	Suggestions []Suggestion       // for charts and kustomizations; those that are in Files, too, were applied
	Late        []string           // charts and kustomizations for which the search for changes took too long
	Left        []LeftFinding      // not mended, and why
	Report      *Report            // of the last scan, after everything that could be mended was
}

// FixedFile is a file before and after.
type FixedFile struct {
	Name          string
	Before, After string
}

// LeftFinding is a finding that fix did not mend.
type LeftFinding struct {
	Finding bartizan.Finding
	Reason  string
}

// maxRounds bounds how often fix scans again to mend what earlier changes stood in the way of.
const maxRounds = 40

// Fixer mends findings in the text of manifests that its request reads.
type Fixer struct {
	Request *Request
	Unsafe  bool // also changes that need knowledge of the application
	// Suggested also writes what is suggested for kustomizations and for the values of charts. Templates
	// are never written.
	Suggested bool

	source bartizan.Source // as it was before Plan put a replay in its place
}

// Plan works out all changes without writing anything: it scans, edits the text in memory, and scans again
// until nothing more can be mended.
func (f *Fixer) Plan(ctx context.Context) (*FixPlan, error) {
	plan := &FixPlan{}
	overlay, before := map[string]string{}, map[string]string{}
	blocked := map[string]string{} // finding -> why it cannot be mended
	again := &replay{overlay: overlay}
	f.source = f.Request.Source
	if err := again.record(ctx, f.source); err != nil {
		return nil, err
	}
	f.Request.Source = again
	for round := 0; ; round++ {
		report, err := f.Request.Run(ctx)
		if err != nil {
			return nil, err
		}
		if plan.Report != nil && len(report.Gaps) > len(plan.Report.Gaps) {
			return nil, fmt.Errorf("edit: the edited text cannot be read (%s): nothing was written; please report this", report.Gaps[len(report.Gaps)-1].Reason)
		}
		plan.Report = report
		var done []bartizan.Finding
		if round < maxRounds {
			done = f.round(report, overlay, before, blocked)
		}
		if len(done) == 0 {
			break
		}
		plan.Applied = append(plan.Applied, done...)
	}
	for name, after := range overlay {
		plan.Files = append(plan.Files, FixedFile{name, before[name], after})
	}
	suggested, err := f.suggest(ctx, again, plan.Report, plan.Files)
	if err != nil {
		return nil, err
	}
	suggested.into(plan)
	plan.Left = f.left(plan, blocked, suggested)
	slices.SortFunc(plan.Files, func(a, b FixedFile) int { return cmp.Compare(a.Name, b.Name) })
	return plan, nil
}

// round edits every file as far as one scan allows and returns the findings that it mended.
func (f *Fixer) round(report *Report, overlay, before, blocked map[string]string) []bartizan.Finding {
	places := f.place(report, blocked)
	var done []bartizan.Finding
	for _, file := range slices.Sorted(maps.Keys(places)) {
		docs := places[file]
		text := ""
		var splices []edit.Splice
		for _, d := range sortedDocs(docs) {
			text = d.Source()
			planned, mended := editDoc(d, docs[d], blocked)
			splices = append(splices, planned...)
			done = append(done, mended...)
		}
		if len(splices) == 0 {
			continue
		}
		if _, known := before[file]; !known {
			before[file] = text
		}
		merged, err := edit.Merge(splices)
		if err != nil {
			continue // documents of a file do not overlap
		}
		overlay[file] = edit.Apply(text, 0, merged)
	}
	return done
}

// placed is a finding with the object it is about.
type placed struct {
	finding bartizan.Finding
	object  *kube.Object
}

// place finds for each finding that may be mended the file, document and object it stands in.
func (f *Fixer) place(report *Report, blocked map[string]string) map[string]map[*tree.Doc][]placed {
	objects := map[string][]*kube.Object{}
	for _, o := range report.Objects {
		key := o.Origin.File + "\x00" + o.Ref.String()
		objects[key] = append(objects[key], o)
	}
	places := map[string]map[*tree.Doc][]placed{}
	for _, x := range report.Findings {
		if f.reason(x, blocked) != "" {
			continue
		}
		o := holder(objects[x.Evidence[0].Origin.File+"\x00"+x.Subject.String()], x)
		if o == nil {
			blocked[blockKey(x)] = "the object is not found in the text again"
			if slices.ContainsFunc(objects[x.Evidence[0].Origin.File+"\x00"+x.Subject.String()], func(o *kube.Object) bool { return o.Provenance != nil }) {
				blocked[blockKey(x)] = "only the list around it says what it is: write apiVersion and kind into the item first"
			}
			continue
		}
		file := o.Origin.File
		if places[file] == nil {
			places[file] = map[*tree.Doc][]placed{}
		}
		places[file][o.Root.Doc()] = append(places[file][o.Root.Doc()], placed{x, o})
	}
	return places
}

// holder is the object whose text holds the finding's line; a file may hold two objects of one name.
func holder(objects []*kube.Object, x bartizan.Finding) *kube.Object {
	for _, o := range objects {
		if o.Provenance == nil && holdsLine(o, x.Evidence[0].Origin.Line) {
			return o
		}
	}
	return nil
}

// editDoc plans as many changes of a document as do not stand in one another's way; the others wait for the
// next round. The plan is verified as a whole: the text will mean what the changes make of the objects.
func editDoc(d *tree.Doc, changes []placed, blocked map[string]string) (plan []edit.Splice, mended []bartizan.Finding) {
	touched := map[string]bool{}
	var ops []edit.Op
	for _, c := range changes {
		patch, err := absolute(c.object.Root.Path(), c.finding.Fix.Do)
		if err == nil && clash(patch, touched) {
			continue
		}
		var splices []edit.Splice
		if err == nil {
			splices, err = edit.Plan(d, patch)
		}
		if err != nil {
			blocked[blockKey(c.finding)] = err.Error()
			continue
		}
		own, err := edit.ParsePatch(patch)
		if err != nil {
			continue
		}
		all := append(slices.Clone(ops), own...)
		both, err := edit.Merge(append(slices.Clone(plan), splices...))
		if err != nil || edit.Verify(d, all, both) != nil {
			continue
		}
		plan, ops, mended = both, all, append(mended, c.finding)
		touch(own, touched)
	}
	return plan, mended
}

// absolute moves a patch on an object to the document that the object stands in.
func absolute(base string, patch []byte) ([]byte, error) {
	if base == "" {
		return patch, nil
	}
	ops, err := edit.ParsePatch(patch)
	if err != nil {
		return nil, err
	}
	for i := range ops {
		ops[i].Path = base + ops[i].Path
	}
	return edit.Encode(ops)
}

// clash says whether a patch writes where another already does, or above or below it.
func clash(patch []byte, touched map[string]bool) bool {
	ops, err := edit.ParsePatch(patch)
	if err != nil {
		return true
	}
	for _, op := range ops {
		for path := range touched {
			if path == op.Path || strings.HasPrefix(path, op.Path+"/") || strings.HasPrefix(op.Path, path+"/") {
				return true
			}
		}
	}
	return false
}

// touch marks where operations write. What changes the places of a list's items touches the whole list.
func touch(ops []edit.Op, touched map[string]bool) {
	for _, op := range ops {
		cut := strings.LastIndexByte(op.Path, '/')
		if last := op.Path[cut+1:]; op.Op != "replace" && strings.Trim(last, "0123456789") == "" {
			touched[op.Path[:cut]] = true
		}
		touched[op.Path] = true
	}
}

// reason says why a finding is not to be mended; "" if it is.
func (f *Fixer) reason(x bartizan.Finding, blocked map[string]string) string {
	switch {
	case x.Fix == nil || len(x.Fix.Do) == 0:
		return "no fix: this needs a person"
	case x.Fix.Unsafe != "" && !f.Unsafe:
		return "needs --unsafe: " + x.Fix.Unsafe
	case len(x.Evidence) == 0:
		return "no place in the text is known"
	}
	switch x.Evidence[0].Origin.Source {
	case "helm":
		return "rendered from a chart: change its values or template"
	case "kustomize":
		return "built by kustomize: change the base or add a patch"
	case "cluster":
		return "read from a live cluster: change the manifest it was made from"
	}
	if inArchive(x.Evidence[0].Origin.File) {
		return "in an archive, which fix does not edit: unpack it, fix the files, and pack it again"
	}
	return blocked[blockKey(x)]
}

// left says of every finding that stays why it does.
func (f *Fixer) left(plan *FixPlan, blocked map[string]string, suggested *suggester) []LeftFinding {
	would := map[string]bool{} // stay even with what is suggested
	for _, x := range suggested.report.Findings {
		would[stayKey(x)] = true
	}
	var all []LeftFinding
	for _, x := range plan.Report.Findings {
		why := f.reason(x, blocked)
		switch {
		case !would[stayKey(x)]:
			why = "mended by what is suggested"
		case len(x.Evidence) > 0 && suggested.wanted(x) && suggested.why[blockKey(x)] != "":
			why += "; " + suggested.why[blockKey(x)]
		case why == "":
			why = fmt.Sprintf("still there after %d rounds of changes", maxRounds)
		}
		all = append(all, LeftFinding{x, why})
	}
	return all
}

func stayKey(x bartizan.Finding) string {
	if len(x.Evidence) == 0 {
		return x.Rule + "\x00" + x.Subject.String()
	}
	return blockKey(x)
}

func blockKey(x bartizan.Finding) string {
	return x.Rule + "\x00" + x.Subject.String() + "\x00" + x.Evidence[0].Origin.File + "\x00" + x.Evidence[0].Path
}

func sortedDocs(docs map[*tree.Doc][]placed) []*tree.Doc {
	all := make([]*tree.Doc, 0, len(docs))
	for d := range docs {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *tree.Doc) int {
		x, _ := a.Bounds()
		y, _ := b.Bounds()
		return cmp.Compare(x, y)
	})
	return all
}
