package alert

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/triage"
)

// Propose makes the narrowest exception that covers an alert and will cover the same thing happening again: the same rule,
// identity, object and addresses. A broad one covers the rule and identity in the namespace, from everywhere.
// notes say what it covers that one might not expect.
func Propose(a *detect.Alert, broad bool) (x Exception, notes []string) {
	subject := singular(a.Subject)
	x.Rule, x.Identity = Literal(a.Rule), Literal(a.Identity)
	x.Kind, x.Namespace = Literal(string(subject.Kind)), Literal(subject.Namespace)
	if a.Identity == "" {
		notes = append(notes, "the alert does not say who did it: the exception covers everybody")
	}
	switch {
	case subject.Name == "" && subject.Kind == "":
		notes = append(notes, "the alert names no object: the exception covers every object")
	case subject.Name == "":
		notes = append(notes, fmt.Sprintf("the alert names no object: the exception covers every %s%s", subject.Kind, within(subject)))
	case broad:
		notes = append(notes, fmt.Sprintf("broad: it covers every %s%s", subject.Kind, within(subject)))
	default:
		x.Name = Literal(subject.Name)
		if generated(subject) {
			notes = append(notes, "the object's name is a generated one, and the next will have another: --broad covers those as well")
		}
	}
	if broad {
		return x, append(notes, "broad: it covers requests from everywhere")
	}
	for _, text := range a.Addresses {
		p, err := triage.ParsePrefix(text)
		if err != nil {
			x.Addresses = nil
			return x, append(notes, "an address of the alert is none: the exception covers requests from everywhere")
		}
		if !slices.Contains(x.Addresses, p) {
			x.Addresses = append(x.Addresses, p)
		}
	}
	return x, notes
}

func within(r bartizan.Ref) string {
	if r.Namespace == "" {
		return ""
	}
	return " in namespace " + r.Namespace
}

// suffix is what controllers put behind the names that they generate.
var suffix = regexp.MustCompile(`-[bcdfghjklmnpqrstvwxz2456789]{5}$|-[0-9]{8}(-[bcdfghjklmnpqrstvwxz2456789]{5})?$`)

func generated(r bartizan.Ref) bool {
	return (r.Kind == "Pod" || r.Kind == "Job") && suffix.MatchString(r.Name)
}

// Impact is what an exception covers of a history.
type Impact struct {
	Alerts   int // of the history
	SameRule int // of the rules that the exception covers
	Covered  int
	Severity map[bartizan.Severity]int // of the covered
	// Others are those covered that differ from the alert that the exception was made from, by identity and object, the
	// most frequent first.
	Others []Coverage
	More   int // of Others that are not listed
}

// Coverage counts alerts of one identity on one object.
type Coverage struct {
	Rule, Identity string
	Subject        bartizan.Ref
	Severity       bartizan.Severity // the highest
	Count          int
}

// maxOthers bounds the list of an Impact.
const maxOthers = 20

// Weigh says what an exception covers of a history, beside the alert that it was made from. Alerts that were held back
// count as the one that tells of them.
func (x *Exception) Weigh(from *detect.Alert, history []Written) Impact {
	in := Impact{Severity: map[bartizan.Severity]int{}}
	others := map[string]*Coverage{}
	for i := range history {
		a, n := &history[i].Alert, max(history[i].Count, 1)
		in.Alerts += n
		if globRule(x.Rule, a.Rule) {
			in.SameRule += n
		}
		if !x.Matches(a) {
			continue
		}
		in.Covered += n
		in.Severity[a.Severity] += n
		if a.Rule == from.Rule && a.Identity == from.Identity && singular(a.Subject) == singular(from.Subject) {
			continue
		}
		key := a.Rule + "\x00" + a.Identity + "\x00" + a.Subject.String()
		if others[key] == nil {
			others[key] = &Coverage{Rule: a.Rule, Identity: a.Identity, Subject: a.Subject}
		}
		others[key].Count += n
		others[key].Severity = max(others[key].Severity, a.Severity)
	}
	for _, key := range slices.Sorted(maps.Keys(others)) {
		in.Others = append(in.Others, *others[key])
	}
	slices.SortStableFunc(in.Others, func(a, b Coverage) int { return b.Count - a.Count })
	if len(in.Others) > maxOthers {
		in.More, in.Others = len(in.Others)-maxOthers, in.Others[:maxOthers]
	}
	return in
}
