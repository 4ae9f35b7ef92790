package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
)

// The bounds of what is remembered for folding.
const (
	maxKeys       = 20_000 // of all rules; alerts with a key beyond them are limited by their rule only
	maxIdentities = 1_000  // that a rule has shown an alert of
	summaryNames  = 5      // identities and subjects that a summary names
)

// folds holds the buckets, and what they held back.
type folds struct {
	limits *Limits
	rules  map[string]*ruleFold
	keys   int       // of all rules
	due    time.Time // when the next summary may be due; zero if nothing is held back
	pruned time.Time
}

// ruleFold is what is remembered of a rule.
type ruleFold struct {
	rule, key      Limit
	Debt, Newcomer int64
	Since          time.Time // of the first alert held back that is not told of; zero if none is
	Keys           map[string]*keyFold
	Identities     map[string]int64 // until when an identity is no newcomer
}

// keyFold is what is remembered of a rule, an identity and a subject together. Beyond maxKeys they share one.
type keyFold struct {
	Debt        int64
	Identity    string
	Subject     bartizan.Ref
	Folded      int
	First, Last time.Time
	Latest      *Shown `json:",omitempty"` // of the folded, with the highest severity among them
}

func newFolds(l *Limits) folds { return folds{limits: l, rules: map[string]*ruleFold{}} }

// take says whether an alert is shown, and how many like it were held back before. If it is not, it is counted. Buckets
// go by the desk's clock, which an alert that comes late does not set back.
func (f *folds) take(s *Shown, at time.Time) (shown bool, folded int) {
	r := f.rules[s.Alert.Rule]
	if r == nil {
		r = &ruleFold{Keys: map[string]*keyFold{}, Identities: map[string]int64{}}
		r.rule, r.key = f.limits.of(s.Alert.Rule)
		f.rules[s.Alert.Rule] = r
	}
	k, own := f.key(r, &s.Alert)
	if (!own || r.key.has(k.Debt, at)) && f.ruleTakes(r, s.Alert.Identity, at) {
		r.met(s.Alert.Identity, at.Add(f.limits.Summary).UnixNano())
		if own {
			k.Debt = r.key.spend(k.Debt, at)
			folded, k.Folded, k.Latest = k.Folded, 0, nil
		}
		return true, folded
	}
	k.fold(s)
	if r.Since.IsZero() {
		r.Since = at
		f.dueBy(at)
	}
	return false, 0
}

// key is where a rule's alerts with an identity and a subject are counted; own is false where there is no room for one.
func (f *folds) key(r *ruleFold, a *detect.Alert) (k *keyFold, own bool) {
	name := a.Identity + "\x00" + string(a.Subject.Kind) + "\x00" + a.Subject.Namespace + "\x00" + a.Subject.Name
	if k = r.Keys[name]; k != nil {
		return k, true
	}
	if f.keys >= maxKeys {
		if k = r.Keys[""]; k == nil {
			k = &keyFold{}
			r.Keys[""] = k
		}
		return k, false
	}
	f.keys++
	k = &keyFold{Identity: strings.Clone(a.Identity), Subject: a.Subject}
	r.Keys[name] = k
	return k, true
}

// ruleTakes takes a token of the rule, or of those for newcomers.
func (f *folds) ruleTakes(r *ruleFold, identity string, at time.Time) bool {
	if r.rule.take(&r.Debt, at) {
		return true
	}
	if until, ok := r.Identities[identity]; ok && until > at.UnixNano() {
		return false
	}
	return f.limits.Newcomer.Burst > 0 && f.limits.Newcomer.take(&r.Newcomer, at)
}

// met remembers that an alert of an identity was shown.
func (r *ruleFold) met(identity string, until int64) {
	if _, ok := r.Identities[identity]; ok || len(r.Identities) < maxIdentities {
		r.Identities[identity] = until
	}
}

func (k *keyFold) fold(s *Shown) {
	at := s.Alert.Time
	if k.Folded == 0 {
		k.First, k.Last = at, at
	}
	k.Folded++
	if at.Before(k.First) {
		k.First = at
	}
	if at.After(k.Last) {
		k.Last = at
	}
	if k.Latest == nil || s.Alert.Severity >= k.Latest.Alert.Severity {
		latest := *s
		k.Latest = &latest
	}
}

func (f *folds) dueBy(at time.Time) {
	if due := at.Add(f.limits.Summary); f.due.IsZero() || due.Before(f.due) {
		f.due = due
	}
}

// advance gives the summaries that are due, and forgets what makes no difference any more.
func (f *folds) advance(now time.Time) (out []Shown) {
	if !f.due.IsZero() && !now.Before(f.due) {
		out = f.summaries(now.Add(-f.limits.Summary))
	}
	if f.keys > maxKeys/2 && now.Sub(f.pruned) > time.Minute {
		f.pruned = now
		f.prune(now.UnixNano())
	}
	return out
}

// back says that the clock was wrong, and it is earlier.
func (f *folds) back(now time.Time) {
	f.due, f.pruned = time.Time{}, time.Time{}
	for _, r := range f.rules {
		r.Debt, r.Newcomer = r.rule.settle(r.Debt, now), f.limits.Newcomer.settle(r.Newcomer, now)
		for _, k := range r.Keys {
			k.Debt = r.key.settle(k.Debt, now)
		}
		for identity, until := range r.Identities {
			r.Identities[identity] = min(until, now.Add(f.limits.Summary).UnixNano())
		}
		if r.Since.After(now) {
			r.Since = now
		}
		if !r.Since.IsZero() {
			f.dueBy(r.Since)
		}
	}
}

// flush gives summaries of all that is held back.
func (f *folds) flush() []Shown {
	if f.due.IsZero() {
		return nil
	}
	return f.summaries(time.Unix(1<<40, 0))
}

// summaries tells of the rules that have held something back since a time or longer.
func (f *folds) summaries(since time.Time) (out []Shown) {
	f.due = time.Time{}
	for name, r := range f.rules {
		switch {
		case r.Since.IsZero():
		case r.Since.After(since):
			f.dueBy(r.Since)
		default:
			r.Since = time.Time{}
			if s, ok := r.summary(); ok {
				s.Alert.Rule = name
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(a, b Shown) int { return strings.Compare(a.Alert.Rule, b.Alert.Rule) })
	return out
}

// summary counts what a rule has held back, and begins anew; false if that was told of with later alerts.
func (r *ruleFold) summary() (Shown, bool) {
	names := make([]string, 0, len(r.Keys))
	for name, k := range r.Keys {
		if k.Folded > 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return Shown{}, false
	}
	slices.Sort(names)
	sum := &Summary{}
	var worst *Shown
	identities, subjects := map[string]int{}, map[string]int{}
	for _, name := range names {
		k := r.Keys[name]
		sum.add(k)
		if worst == nil || k.Latest.Alert.Severity > worst.Alert.Severity {
			worst = k.Latest
		}
		identities[k.Latest.Alert.Identity] += k.Folded
		if k.Latest.Alert.Subject.Name != "" {
			subjects[k.Latest.Alert.Subject.String()] += k.Folded
		}
		k.Folded, k.Latest = 0, nil
	}
	delete(identities, "")
	sum.Identities, sum.MoreIdentities = most(identities)
	sum.Subjects, sum.MoreSubjects = most(subjects)
	s := Shown{Kind: KindSummary, Alert: worst.Alert, Raised: worst.Raised, IncidentID: worst.IncidentID, Summary: sum}
	s.ID = identifyNth(worst.ID+sum.First.UTC().Format(time.RFC3339Nano), sum.Folded)
	s.Alert.Folded, s.Alert.Time, s.Alert.Output = sum.Folded, sum.Last, sum.text()
	return s, true
}

func (s *Summary) add(k *keyFold) {
	if s.Folded == 0 || k.First.Before(s.First) {
		s.First = k.First
	}
	if s.Folded == 0 || k.Last.After(s.Last) {
		s.Last = k.Last
	}
	s.Folded += k.Folded
}

// most lists the names that occur most often, and how many there are besides.
func most(counts map[string]int) (names []string, more int) {
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if c := counts[b] - counts[a]; c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	if len(names) > summaryNames {
		return names[:summaryNames], len(names) - summaryNames
	}
	return names, 0
}

// text tells of a summary in one line.
func (s *Summary) text() string {
	what := "1 more alert of this rule was held back"
	if s.Folded != 1 {
		what = fmt.Sprintf("%d more alerts of this rule were held back", s.Folded)
	}
	if d := s.Last.Sub(s.First).Round(time.Second); d > 0 {
		what += " within " + Span(d)
	}
	if len(s.Identities) > 0 {
		what += ", of " + list(s.Identities, s.MoreIdentities)
	}
	if len(s.Subjects) > 0 {
		what += ", on " + list(s.Subjects, s.MoreSubjects)
	}
	return what
}

func list(names []string, more int) string {
	if more > 0 {
		names = append(slices.Clip(names), fmt.Sprintf("%d more", more))
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// prune forgets keys with a full bucket and nothing held back, and identities that are newcomers again.
func (f *folds) prune(now int64) {
	for _, r := range f.rules {
		for name, k := range r.Keys {
			if name != "" && k.Debt <= now && k.Folded == 0 {
				delete(r.Keys, name)
				f.keys--
			}
		}
		for identity, until := range r.Identities {
			if until <= now {
				delete(r.Identities, identity)
			}
		}
	}
}
