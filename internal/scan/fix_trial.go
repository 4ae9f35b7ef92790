package scan

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"

	"github.com/bartizan-dev/bartizan"
)

// trial is a change that is being tried.
type trial struct {
	texts    map[string]string // absolute path -> text, all that differ from disk
	fresh    map[*rendering]*rendering
	findings []bartizan.Finding // that it is to mend
	report   *Report            // with it
}

// ruleOn names a rule's verdicts on a subject.
type ruleOn struct {
	rule    string
	subject bartizan.Ref
}

func tally(findings []bartizan.Finding) map[ruleOn]int {
	counts := map[ruleOn]int{}
	for _, x := range findings {
		counts[ruleOn{x.Rule, x.Subject}]++
	}
	return counts
}

// judge scans everything as it would be with the trial and says what speaks against it; "" if nothing does.
func (s *suggester) judge(ctx context.Context, t *trial) (against string, err error) {
	saved := s.replay.fresh
	s.replay.fresh = maps.Clone(saved)
	for r, fresh := range t.fresh {
		s.replay.fresh[r] = fresh
	}
	t.report, err = s.Request.Run(ctx)
	s.replay.fresh = saved
	if err != nil {
		return "", err
	}
	if len(t.report.Gaps) > len(s.report.Gaps) {
		return t.report.Gaps[len(t.report.Gaps)-1].Reason, nil
	}
	before, after := tally(s.report.Findings), tally(t.report.Findings)
	for _, x := range t.report.Findings {
		if key := (ruleOn{x.Rule, x.Subject}); after[key] > before[key] {
			return "it would bring a new finding, " + x.Rule, nil
		}
	}
	for key, n := range tally(t.findings) {
		if after[key]+n > before[key] {
			return "it would not mend " + key.rule, nil
		}
	}
	return "", nil
}

// accept takes a trial for what is.
func (s *suggester) accept(t *trial) {
	for r, fresh := range t.fresh {
		s.replay.fresh[r] = fresh
	}
	for real, text := range t.texts {
		if _, known := s.before[real]; !known {
			b, _ := os.ReadFile(real)
			s.before[real] = string(b)
		}
		s.texts[real] = text
	}
	s.report = t.report
}

// current is what a rendering gives with everything that was accepted so far.
func (s *suggester) current(r *rendering) *rendering {
	if fresh := s.replay.fresh[r]; fresh != nil {
		return fresh
	}
	return r
}

// changes are the files that differ between two states of the texts.
func (s *suggester) changes(was, is map[string]string) []FixedFile {
	var files []FixedFile
	for real, text := range is {
		before, known := was[real]
		if !known {
			before = s.before[real]
		}
		if before != text {
			files = append(files, FixedFile{s.shown[real], before, text})
		}
	}
	slices.SortFunc(files, func(a, b FixedFile) int { return cmp.Compare(a.Name, b.Name) })
	return files
}
