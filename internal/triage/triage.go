// Package triage decides what to show first and what not to show: the order of findings, their fingerprints,
// exceptions with reason and expiry, and baselines. It never changes a verdict, and whatever it holds back it
// counts. How findings are written is internal/sink's business.
package triage

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// Sort puts findings in the order in which they are shown: the worst first, then by rule, subject and place.
func Sort(findings []bartizan.Finding) { SortBy(findings, nil) }

// SortBy is Sort, but of the findings of one rule those of a higher rank come first. A nil rank ranks nothing.
func SortBy(findings []bartizan.Finding, rank func(*bartizan.Finding) int) {
	var ranks []int32
	if rank != nil {
		ranks = make([]int32, len(findings))
		for i := range findings {
			ranks[i] = int32(rank(&findings[i]))
		}
	}
	order := make([]int32, len(findings)) // a Finding is large: move each once
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &findings[i], &findings[j]
		if c := compareRule(a, b); c != 0 {
			return c
		}
		if ranks != nil && ranks[i] != ranks[j] {
			return cmp.Compare(ranks[j], ranks[i])
		}
		return cmp.Or(compareSubject(a, b), cmp.Compare(i, j))
	})
	permute(findings, order)
}

// permute puts at each place what stands at the place that order names there. It uses order up.
func permute(findings []bartizan.Finding, order []int32) {
	for start := range order {
		first, to := findings[start], start
		for order[to] >= 0 {
			from := int(order[to])
			order[to] = -1
			if from == start {
				findings[to] = first
				break
			}
			findings[to] = findings[from]
			to = from
		}
	}
}

func compareRule(a, b *bartizan.Finding) int {
	if c := cmp.Compare(b.Severity, a.Severity); c != 0 {
		return c
	}
	return strings.Compare(a.Rule, b.Rule)
}

func compareSubject(a, b *bartizan.Finding) int {
	if c := strings.Compare(a.Subject.Namespace, b.Subject.Namespace); c != 0 {
		return c
	}
	if c := strings.Compare(string(a.Subject.Kind), string(b.Subject.Kind)); c != 0 {
		return c
	}
	if c := strings.Compare(a.Subject.Name, b.Subject.Name); c != 0 {
		return c
	}
	return comparePlace(place(a), place(b))
}

func comparePlace(a, b *bartizan.Origin) int {
	return cmp.Or(
		strings.Compare(a.File, b.File),
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Rendered, b.Rendered),
		cmp.Compare(a.Column, b.Column),
	)
}

func place(f *bartizan.Finding) *bartizan.Origin {
	if len(f.Evidence) == 0 {
		return &bartizan.Origin{}
	}
	return &f.Evidence[0].Origin
}

// Fingerprint identifies a finding across runs: it is made of the rule, the subject, the path without list
// positions, and the message, so that it survives moved lines, reordered lists and renamed files. Two
// findings may share one (the same object in two files): a baseline counts them. It is 32 hex digits of a
// SHA-256.
func Fingerprint(f bartizan.Finding) string {
	text := make([]byte, 0, 512)
	for _, s := range [...]string{f.Rule, string(f.Subject.Kind), f.Subject.Namespace, f.Subject.Name, f.Message} {
		text = append(append(text, s...), 0)
	}
	if len(f.Evidence) > 0 {
		for part := range strings.SplitSeq(f.Evidence[0].Path, "/") {
			if strings.Trim(part, "0123456789") != "" {
				text = append(text, part...)
			}
			text = append(text, '/')
		}
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
