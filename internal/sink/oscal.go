package sink

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bartizan-dev/bartizan"
)

// oscalVersion is the version of OSCAL that is written.
const oscalVersion = "1.1.2"

// oscalEvidence bounds the places that one observation lists.
const oscalEvidence = 200

// oscalSink writes a compliance report as OSCAL assessment results. Identifiers are made of the content, and
// the one time in it is Run.Now.
type oscalSink struct {
	w    io.Writer
	run  *Run
	fold groups
}

func newOSCAL(w io.Writer, run *Run) bartizan.Sink {
	return &oscalSink{w: w, run: run, fold: groups{keep: true, most: oscalEvidence}}
}

func (s *oscalSink) Write(ctx context.Context, f bartizan.Finding) error {
	if f.Verdict == bartizan.Fail {
		s.fold.add(f)
	}
	return ctx.Err()
}

func (s *oscalSink) Close() error {
	fw := s.run.Framework
	failed := s.fold.of(bartizan.Fail)
	failed = slices.DeleteFunc(failed, func(g *group) bool {
		return !slices.ContainsFunc(fw.Controls, func(c Control) bool { return slices.Contains(c.Rules, g.rule) })
	})
	result := s.result(fw, failed)
	plan := uuid5("plan", fw.ID, fw.Version)
	now := s.run.Now.UTC().Format(time.RFC3339)
	content, err := marshal(result)
	if err != nil {
		return err
	}
	doc := oscalDocument{oscalResults{
		UUID: uuid5("document", string(content), now),
		Metadata: oscalMetadata{Title: oscalLine("Bartizan: " + fw.Title + " " + fw.Version), Modified: now,
			Version: oscalLine(s.run.Version), OSCAL: oscalVersion},
		Plan:    oscalLink{Href: "#" + plan},
		Results: []oscalResult{result},
		Back: oscalBack{[]oscalResource{{plan, "Automated assessment by Bartizan",
			"There is no assessment plan of its own: the plan is the framework's table in Bartizan and the command " + oscalLine(s.run.Command) + "."}}},
	}}
	b, err := marshalIndent(doc)
	if err != nil {
		return err
	}
	_, err = s.w.Write(b)
	return err
}

func (s *oscalSink) result(fw *Framework, failed []*group) oscalResult {
	now := s.run.Now.UTC().Format(time.RFC3339)
	r := oscalResult{
		UUID: uuid5("result", fw.ID, fw.Version, s.run.Command, now), Title: oscalLine(fw.Title), Start: now, End: now,
		Description: fmt.Sprintf("%s judged by %s for Kubernetes %s.", count(s.run.Inputs.Objects, "object"), count(len(s.run.Rules), "rule"), s.run.Target),
		Reviewed:    oscalReviewed(fw),
	}
	if len(s.run.Gaps) > 0 {
		r.Remarks = fmt.Sprintf("Not everything could be read (%d); the first reason: %s", len(s.run.Gaps), oscalLine(s.run.Gaps[0].Reason))
	}
	seen := map[bartizan.Ref]bool{}
	for _, g := range failed {
		r.Observations = append(r.Observations, s.observation(g, now))
		for _, ref := range g.subjects {
			if !seen[ref] {
				seen[ref] = true
				if r.Local == nil {
					r.Local = &oscalLocal{}
				}
				r.Local.Items = append(r.Local.Items, oscalItem{uuid5("subject", ref.String()), oscalLine(ref.String())})
			}
		}
	}
	for _, c := range fw.Controls {
		if c.Verdict == bartizan.NotEvaluated {
			continue
		}
		observed := oscalObservation{
			UUID: uuid5("control", fw.ID, c.ID), Methods: []string{"TEST"}, Collected: now,
			Description: fmt.Sprintf("Control %s: %d findings, %d checks passed.", oscalLine(c.ID), c.Failed, c.Passed),
		}
		r.Observations = append(r.Observations, observed)
		r.Findings = append(r.Findings, oscalFindingOf(fw, c, observed.UUID, failed))
	}
	return r
}

// observation tells where one rule failed.
func (s *oscalSink) observation(g *group, now string) oscalObservation {
	o := oscalObservation{
		UUID: uuid5("rule", g.rule, g.severity.String()), Title: oscalLine(s.run.title(g.rule)), Methods: []string{"TEST"}, Collected: now,
		Description: fmt.Sprintf("Rule %s (%s): %s in %s.", oscalLine(g.rule), g.severity, count(g.findings, "finding"), count(len(g.subjects), "object")),
	}
	for _, ref := range g.subjects {
		o.Subjects = append(o.Subjects, oscalSubject{uuid5("subject", ref.String()), "inventory-item"})
	}
	for _, f := range g.all {
		text := f.Subject.String() + ": " + f.Message
		if w := at(place(f)); w != "" {
			text = w + ": " + text
		}
		o.Evidence = append(o.Evidence, oscalDescribed{oscalLine(text)})
	}
	if rest := g.findings - len(g.all); rest > 0 {
		o.Remarks = fmt.Sprintf("%d more findings are not listed.", rest)
	}
	return o
}

func oscalFindingOf(fw *Framework, c Control, observation string, failed []*group) oscalFinding {
	f := oscalFinding{
		UUID: uuid5("finding", fw.ID, c.ID, c.Verdict.String()), Title: oscalLine(c.ID + " " + c.Title), Description: oscalLine(c.Title),
		Target: oscalTarget{Type: "objective-id", ID: oscalToken(fw.ID, c.ID), Status: oscalStatus{"satisfied", "pass"}},
	}
	f.Props = []oscalProp{{"control", homepage, oscalLine(c.ID)}}
	f.Related = []oscalRelated{{observation}}
	if c.Verdict == bartizan.Fail {
		f.Target.Status = oscalStatus{"not-satisfied", "fail"}
		for _, g := range failed {
			if slices.Contains(c.Rules, g.rule) {
				f.Related = append(f.Related, oscalRelated{uuid5("rule", g.rule, g.severity.String())})
			}
		}
	}
	return f
}

// oscalReviewed says which controls were judged, and which were not, with the reasons.
func oscalReviewed(fw *Framework) oscalControls {
	var sel oscalSelection
	var reasons []string
	for _, c := range fw.Controls {
		id := oscalControl{oscalToken(fw.ID, c.ID)}
		if c.Verdict != bartizan.NotEvaluated {
			sel.Include = append(sel.Include, id)
			continue
		}
		sel.Exclude = append(sel.Exclude, id)
		reasons = append(reasons, oscalLine(c.ID)+": "+oscalLine(c.Reason))
	}
	r := oscalControls{Selections: []oscalSelection{sel}}
	if len(reasons) > 0 {
		r.Remarks = "Not evaluated: " + strings.Join(reasons, "; ")
	}
	return r
}

// oscalLine makes a text fit for a field of one line, which may not be empty.
func oscalLine(s string) string {
	s = strings.Join(strings.Fields(Printable(s)), " ")
	if s == "" {
		return "none"
	}
	return s
}

// oscalToken makes an identifier: OSCAL's begin with a letter or a line, which numbers of controls do not.
func oscalToken(framework, control string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".-_", r) {
			return r
		}
		return '_'
	}, framework+"_"+control)
	if first := []rune(clean)[0]; !unicode.IsLetter(first) && first != '_' {
		return "_" + clean
	}
	return clean
}
