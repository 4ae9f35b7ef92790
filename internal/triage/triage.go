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
func Sort(findings []bartizan.Finding) {
	slices.SortStableFunc(findings, func(a, b bartizan.Finding) int {
		return cmp.Or(
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Subject.Namespace, b.Subject.Namespace),
			cmp.Compare(a.Subject.Kind, b.Subject.Kind),
			cmp.Compare(a.Subject.Name, b.Subject.Name),
			cmp.Compare(place(a).File, place(b).File),
			cmp.Compare(place(a).Line, place(b).Line),
			cmp.Compare(place(a).Rendered, place(b).Rendered),
			cmp.Compare(place(a).Column, place(b).Column),
		)
	})
}

func place(f bartizan.Finding) bartizan.Origin {
	if len(f.Evidence) == 0 {
		return bartizan.Origin{}
	}
	return f.Evidence[0].Origin
}

// Fingerprint identifies a finding across runs: it is made of the rule, the subject, the path without list
// positions, and the message, so that it survives moved lines, reordered lists and renamed files. Two
// findings may share one (the same object in two files): a baseline counts them. It is 32 hex digits of a
// SHA-256.
func Fingerprint(f bartizan.Finding) string {
	h := sha256.New()
	for _, s := range []string{f.Rule, string(f.Subject.Kind), f.Subject.Namespace, f.Subject.Name, f.Message} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	if len(f.Evidence) > 0 {
		for part := range strings.SplitSeq(f.Evidence[0].Path, "/") {
			if strings.Trim(part, "0123456789") != "" {
				h.Write([]byte(part))
			}
			h.Write([]byte{'/'})
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
