package triage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// Baseline is the set of findings that are known and accepted for now: only what is not in it counts as new.
type Baseline struct {
	Schema   string  `json:"schema"`
	Findings []Known `json:"findings"`
}

// Known is a finding of a baseline. Rule and Subject are for the person who reads the file; Count is how many
// findings share the fingerprint.
type Known struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	Subject     string `json:"subject"`
	Count       int    `json:"count"`
}

const baselineSchema = "bartizan.dev/baseline/v1"

// NewBaseline records findings.
func NewBaseline(findings []bartizan.Finding) Baseline {
	known := map[string]*Known{}
	b := Baseline{Schema: baselineSchema, Findings: []Known{}}
	for _, f := range findings {
		fp := Fingerprint(f)
		if known[fp] == nil {
			known[fp] = &Known{Fingerprint: fp, Rule: f.Rule, Subject: f.Subject.String()}
		}
		known[fp].Count++
	}
	for _, k := range known {
		b.Findings = append(b.Findings, *k)
	}
	slices.SortFunc(b.Findings, func(x, y Known) int {
		return strings.Compare(x.Rule+"\x00"+x.Subject+"\x00"+x.Fingerprint, y.Rule+"\x00"+y.Subject+"\x00"+y.Fingerprint)
	})
	return b
}

// ParseBaseline reads what Encode wrote.
func ParseBaseline(data []byte) (Baseline, error) {
	var b Baseline
	if err := json.Unmarshal(data, &b); err != nil {
		return b, fmt.Errorf("baseline is not valid JSON: %w; write it anew with --write-baseline", err)
	}
	if b.Schema != baselineSchema {
		return b, fmt.Errorf("baseline has schema %q, not %q; write it anew with --write-baseline", b.Schema, baselineSchema)
	}
	return b, nil
}

// Encode writes the baseline as JSON with a line for each finding, so that changes to it review well.
func (b Baseline) Encode() ([]byte, error) {
	out, err := json.MarshalIndent(b, "", "  ")
	return append(out, '\n'), err
}

// Split parts findings into those that are new and those that the baseline knows, and counts the entries of
// the baseline that nothing matched any more.
func (b Baseline) Split(findings []bartizan.Finding) (fresh, known []bartizan.Finding, gone int) {
	left := make(map[string]int, len(b.Findings))
	for _, k := range b.Findings {
		left[k.Fingerprint] += k.Count
	}
	for _, f := range findings {
		fp := Fingerprint(f)
		if left[fp] > 0 {
			left[fp]--
			known = append(known, f)
			continue
		}
		fresh = append(fresh, f)
	}
	for _, n := range left {
		gone += n
	}
	return fresh, known, gone
}
