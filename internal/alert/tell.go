package alert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// news tells of an incident that an alert was added to, if that makes it worth telling: alerts of several rules for the
// first time, and later a higher severity, another tactic or another incident that it was joined with.
func (in *incident) news(s *Shown) (Shown, bool) {
	switch {
	case in.Told.Times == 0 && len(in.Rules) < 2:
		return Shown{}, false
	case in.Told.Times == 0:
		return in.tell(Opened, s), true
	case in.Severity > in.Told.Severity || len(in.Tactics) > len(in.Told.Tactics) || len(in.Joined) > in.Told.Joined:
		return in.tell(Grown, s), true
	}
	return Shown{}, false
}

// tell is the incident as it stands.
func (in *incident) tell(state State, because *Shown) Shown {
	before := in.Told
	in.Told = told{before.Times + 1, in.Severity, inOrder(slices.Sorted(maps.Keys(in.Tactics))), len(in.Joined)}
	i := &Incident{
		ID: in.ID, State: state, Severity: in.Severity, First: in.First, Last: in.Last, Alerts: in.Alerts, Rules: len(in.Rules),
		Identities: slices.Sorted(maps.Keys(in.Identities)), Addresses: slices.Sorted(maps.Keys(in.Addresses)), More: len(in.More), Tactics: slices.Clone(in.Told.Tactics),
		Techniques: slices.Sorted(maps.Keys(in.Techniques)), MoreAlerts: in.MoreAlerts, Joined: slices.Clone(in.Joined), Raised: in.Raised,
	}
	for _, t := range i.Tactics {
		if !slices.Contains(before.Tactics, t) {
			i.New = append(i.New, t)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Subjects)) {
		i.Subjects = append(i.Subjects, in.Subjects[name])
	}
	for _, key := range slices.Sorted(maps.Keys(in.Steps)) {
		i.Steps = append(i.Steps, *in.Steps[key])
	}
	slices.SortStableFunc(i.Steps, func(a, b Step) int { return cmp.Or(a.First.Compare(b.First), strings.Compare(a.Alert, b.Alert)) })
	slices.SortStableFunc(i.Techniques, func(a, b string) int {
		return cmp.Or(slices.Index(tactics, tacticOf(a))-slices.Index(tactics, tacticOf(b)), strings.Compare(a, b))
	})
	i.Text = i.explain()
	s := Shown{Kind: KindIncident, ID: identifyNth(in.ID, in.Told.Times), IncidentID: in.ID, Incident: i}
	if because != nil {
		s.Alert = because.Alert
	}
	return s
}

// explain tells an incident in a few sentences.
func (in *Incident) explain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s", plural(in.Alerts, "alert"), plural(in.Rules, "rule"))
	if d := in.Last.Sub(in.First).Round(time.Second); d > 0 {
		fmt.Fprintf(&b, " within %s", Span(d))
	}
	b.WriteString(in.who() + ".")
	if len(in.Tactics) > 0 {
		fmt.Fprintf(&b, " As attacks go: %s.", strings.Join(spaced(in.Tactics), ", then "))
	}
	if len(in.Steps) > 0 {
		first, worst := &in.Steps[0], in.worst()
		fmt.Fprintf(&b, " It began with %q", first.name())
		if worst != first {
			fmt.Fprintf(&b, "; the gravest is %q (%s)%s", worst.name(), worst.Severity, on(worst.Subject))
		} else {
			fmt.Fprintf(&b, " (%s)%s, the gravest", first.Severity, on(first.Subject))
		}
		b.WriteString(".")
	}
	if r := in.Raised; r != nil {
		fmt.Fprintf(&b, " %s stands on an attack path to %s.", r.Thing, r.Standing.words())
	}
	return b.String()
}

func (in *Incident) who() string {
	text := ""
	if n := len(in.Identities); n > 0 {
		text = " by " + list(in.Identities[:min(n, 3)], max(n-3, 0))
	}
	if n := len(in.Addresses); n > 0 {
		text += " from " + list(in.Addresses[:min(n, 3)], max(n-3, 0))
	}
	return text
}

// worst is the step with the highest severity, the first of them.
func (in *Incident) worst() *Step {
	best := &in.Steps[0]
	for i := range in.Steps {
		if in.Steps[i].Severity > best.Severity {
			best = &in.Steps[i]
		}
	}
	return best
}

func (s *Step) name() string { return cmp.Or(s.Title, s.Rule) }

func on(subject bartizan.Ref) string {
	if subject.Name == "" {
		return ""
	}
	return " on " + subject.String()
}

func (s *Standing) words() string {
	if s.To == "" {
		return s.Target
	}
	return s.Target + ": " + s.To
}

func spaced(tactics []string) []string {
	out := make([]string, len(tactics))
	for i, t := range tactics {
		out[i] = strings.ReplaceAll(t, "-", " ")
	}
	return out
}

// Span writes a duration as people do: 3 s, 12 min, 2 h 5 min, 3 d 4 h.
func Span(d time.Duration) string {
	part := func(n time.Duration, unit string, rest time.Duration, small string) string {
		if rest == 0 {
			return fmt.Sprintf("%d %s", n, unit)
		}
		return fmt.Sprintf("%d %s %d %s", n, unit, rest, small)
	}
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d.Round(time.Minute)/time.Minute)
	case d < 24*time.Hour:
		return part(d/time.Hour, "h", d%time.Hour/time.Minute, "min")
	}
	return part(d/(24*time.Hour), "d", d%(24*time.Hour)/time.Hour, "h")
}
