// Package scan is the role of the command line: it reads what the user named, judges it, puts the findings
// in order and hands them to a sink. Flags become a Request in cmd/bartizan; what a rule says is decided in
// internal/engine, what is shown first in internal/triage.
package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/joined"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/triage"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
)

// Judgement is one more judge besides the engine: users' own admission policies, evaluated offline.
type Judgement interface {
	Judge(ctx context.Context, w bartizan.World, objects []*kube.Object, emit func(bartizan.Finding) error) (engine.Result, error)
}

// Request is one run.
type Request struct {
	Source     bartizan.Source
	Engine     *engine.Engine
	Also       []Judgement
	Exceptions []triage.Exception // from files; those in the objects are read with them
	Known      []string           // the ids of all rules, those included that do not run; nil if that is not known
	Edges      []*rule.Rule       // the attack steps to look for paths with; none: no paths are looked for
	PathsUpTo  int                // look for no paths among more objects; 0 is no limit
	Complete   bool               // everything of a live cluster is read
	Baseline   *triage.Baseline
	FailOn     bartizan.Severity
	Now        time.Time // the day on which exceptions expire
}

// Report is what a run found out.
type Report struct {
	World    *world.World
	Objects  []*kube.Object
	Findings []bartizan.Finding // to be shown, in order
	Accepted []triage.Held      // held back by exceptions
	Known    []bartizan.Finding // held back by the baseline
	Gaps     []bartizan.Gap     // what could not be read or evaluated
	Skips    []sink.Skip
	Tally    engine.Tally
	Notes    []string
	// Standings are where things stand on attack paths; nil where no paths were looked for.
	Standings *Standings
	engine    *engine.Engine // with the joined view of what was read
}

// Read reads everything and judges nothing: the Report has World, Objects, Gaps and Skips.
func Read(ctx context.Context, src bartizan.Source) (*Report, error) {
	report := &Report{}
	return report, report.read(ctx, src)
}

// Run reads, judges and triages.
func (r *Request) Run(ctx context.Context) (*Report, error) {
	report, err := Read(ctx, r.Source)
	if err != nil {
		return nil, err
	}
	keep := func(f bartizan.Finding) error {
		report.keep(f)
		return nil
	}
	report.engine = r.Engine
	if r.Engine.Needs() {
		report.engine = r.Engine.With(joined.New(joined.Input{World: report.World, Objects: report.Objects, Complete: r.Complete, Gaps: report.Gaps}))
	}
	result, err := report.engine.Run(ctx, report.World, report.Objects, keep)
	if err != nil {
		return nil, fmt.Errorf("judge %d objects: %w", len(report.Objects), err)
	}
	report.Tally, report.Gaps = result.Tally, append(report.Gaps, result.Gaps...)
	for _, j := range r.Also {
		more, err := j.Judge(ctx, report.World, report.Objects, keep)
		if err != nil {
			return nil, err
		}
		report.Gaps = append(report.Gaps, more.Gaps...)
		for id, c := range more.Tally {
			report.Tally[id] = c
		}
	}
	report.triage(r)
	return report, nil
}

// manyFindings is from how many findings on their array is worth growing by foresight.
const manyFindings = 1 << 14

// keep adds a finding. Findings come in the order of the objects: how far they have come tells how many there
// will be, and the array, the largest one of a scan, need not be copied again and again.
func (p *Report) keep(f bartizan.Finding) {
	if n := len(p.Findings); n == cap(p.Findings) && n >= manyFindings {
		i := slices.IndexFunc(p.Objects, func(o *kube.Object) bool { return o.Ref == f.Subject })
		if i > 0 {
			rest := float64(len(p.Objects)-i) / float64(i)
			p.Findings = slices.Grow(p.Findings, n/8+int(float64(n)*min(rest, 64)))
		}
	}
	p.Findings = append(p.Findings, f)
}

// read fills World, Objects, Gaps and Skips.
func (p *Report) read(ctx context.Context, src bartizan.Source) error {
	var entities []bartizan.Entity
	skips := map[string]int{}
	err := src.Read(ctx, func(it bartizan.Item) error {
		switch {
		case it.Entity != nil:
			entities = append(entities, *it.Entity)
			if o, ok := it.Entity.Value.(*kube.Object); ok {
				p.Objects = append(p.Objects, o)
			}
		case it.Gap != nil && it.Gap.Skip:
			skips[it.Gap.Reason]++
		case it.Gap != nil:
			p.Gaps = append(p.Gaps, *it.Gap)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	for reason, n := range skips {
		p.Skips = append(p.Skips, sink.Skip{Reason: reason, Count: n})
	}
	sort.Slice(p.Skips, func(i, j int) bool { return p.Skips[i].Reason < p.Skips[j].Reason })
	p.World = world.New(entities)
	return nil
}

// triage applies exceptions and the baseline, and puts what stays in order.
func (p *Report) triage(r *Request) {
	if p.Standings = p.stand(r); p.Standings != nil {
		triage.SortBy(p.Findings, p.Standings.rank)
	} else {
		triage.Sort(p.Findings)
	}
	exceptions := slices.Clone(r.Exceptions)
	written, faults := writtenExceptions(p.Objects)
	exceptions = append(exceptions, written...)
	p.Gaps = append(p.Gaps, faults...)
	var ran []string
	for _, x := range r.Engine.Rules() {
		ran = append(ran, x.ID)
	}
	p.Findings, p.Accepted, p.Notes = triage.Apply(p.Findings, exceptions, triage.Rules{Ran: ran, Known: r.Known}, r.Now)
	if r.Baseline == nil {
		return
	}
	gone := 0
	p.Findings, p.Known, gone = r.Baseline.Split(p.Findings)
	if gone > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d findings of the baseline are mended: write it anew with --write-baseline", gone))
	}
}

// writtenExceptions collects the exceptions in annotations and comments of what was read.
func writtenExceptions(objects []*kube.Object) (found []triage.Exception, faults []bartizan.Gap) {
	seen := map[*tree.Doc]bool{}
	for _, o := range objects {
		x, gaps := triage.FromAnnotations(o)
		found, faults = append(found, x...), append(faults, gaps...)
		d := o.Root.Doc()
		if o.Provenance != nil || seen[d] {
			continue
		}
		seen[d] = true
		if strings.Contains(docText(d), triage.CommentMarker) {
			x, gaps := triage.FromComments(d, o.Origin)
			found, faults = append(found, x...), append(faults, gaps...)
		}
	}
	return found, faults
}

func docText(d *tree.Doc) string {
	start, end := d.Bounds()
	return d.Source()[start:end]
}

// Worst says whether a finding to be shown is at or above a severity.
func (p *Report) Worst(at bartizan.Severity) bool {
	return slices.ContainsFunc(p.Findings, func(f bartizan.Finding) bool { return f.Severity >= at })
}

// Write hands the findings to a sink and closes it.
func (p *Report) Write(ctx context.Context, to bartizan.Sink) error {
	for _, f := range p.Findings {
		if err := to.Write(ctx, f); err != nil {
			return errors.Join(fmt.Errorf("write findings: %w", err), to.Close())
		}
	}
	if err := to.Close(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}
