package triage

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/spell"
)

// Exception says that findings of a rule on some subjects, or alerts about them, are accepted, why, and until when. What
// it says nothing of matches everything.
type Exception struct {
	Rule                  string // glob over rule ids
	Kind, Namespace, Name string // globs
	File                  string // of findings only: glob over the file, "**" for any folders
	Ref                   *bartizan.Ref
	First, Last           int              // lines of File, from 1, that it covers; 0, 0 means all
	Identity              string           // of alerts only: glob over who did it, in which * also stands for slashes and colons
	Addresses             []netip.Prefix   // of alerts only: every address of the request must lie in one of them
	Fields                []FieldCondition // of alerts only: every one of them must hold
	Reason                string
	Who                   string    // who made the exception, or answers for it
	Until                 time.Time // the last day on which it holds; the zero time is for ever
	Origin                bartizan.Origin
}

// FieldCondition is a glob over a field's value; of a list, every item must match. A field that the alert does not
// have matches nothing.
type FieldCondition struct{ Name, Glob string }

// ForFindings says whether the exception can cover findings: it has no condition that only alerts can meet.
func (x *Exception) ForFindings() bool {
	return x.Identity == "" && len(x.Addresses) == 0 && len(x.Fields) == 0
}

// ForAlerts says whether the exception can cover alerts, which have no file.
func (x *Exception) ForAlerts() bool { return x.File == "" }

// Expired says whether an exception no longer holds. It holds on the whole of its last day.
func (x *Exception) Expired(now time.Time) bool {
	return !x.Until.IsZero() && !now.Before(x.Until.AddDate(0, 0, 1))
}

// Where is the place that an exception is written at.
func (x *Exception) Where() string {
	if x.Origin.Line > 0 {
		return fmt.Sprintf("%s:%d", x.Origin.File, x.Origin.Line)
	}
	return x.Origin.File
}

// Use is how often an exception covered something while it held, and how often it would have since it expired.
type Use struct {
	Covered int `json:"covered,omitempty"`
	Missed  int `json:"missed,omitempty"`
}

// Rules are the rules of a run: those that ran, and all that it knows of; Known is nil if that is not known.
type Rules struct{ Ran, Known []string }

// Note says of an exception that it has expired, that it covers nothing though a rule that it names ran, or that there is
// no rule that it names; empty if there is nothing to say. The things are what is covered: "finding", "alert".
func (x *Exception) Note(u Use, thing string, rules Rules, now time.Time) string {
	says := func(format string, args ...any) string {
		return fmt.Sprintf("%s: exception for %s ", x.Where(), x.Rule) + fmt.Sprintf(format, args...)
	}
	date := x.Until.Format(time.DateOnly)
	switch {
	case u.Missed == 1:
		return says("expired on %s and no longer covers 1 %s: mend what it tells of, or set a new date", date, thing)
	case u.Missed > 1:
		return says("expired on %s and no longer covers %d %ss: mend what they tell of, or set a new date", date, u.Missed, thing)
	case x.Expired(now):
		return says("expired on %s: remove it, or set a new date", date)
	case u.Covered > 0:
		return ""
	case rules.Known != nil && !x.names(rules.Known) && !x.names(rules.Ran):
		return says("covers nothing: there is no such rule%s", spell.DidYouMean(x.Rule, rules.Known))
	case x.names(rules.Ran):
		return says("covers nothing: remove it")
	}
	return ""
}

// names says whether the exception is for one of some rules.
func (x *Exception) names(rules []string) bool {
	return slices.ContainsFunc(rules, func(rule string) bool { return glob(x.Rule, rule) })
}

// untilWord is the word "until" and what follows it.
var untilWord = regexp.MustCompile(`(?i)\buntil\b[\s=:]*(\S*)`)

// parseReason splits an expiry off a reason: "until=2027-01-31 text", "text (until 2027-01-31)". What looks like a
// date and is none is an error: an exception that was to end must not hold for ever.
func parseReason(text string) (reason string, until time.Time, err error) {
	text = strings.TrimSpace(text)
	for _, m := range slices.Backward(untilWord.FindAllStringSubmatchIndex(text, -1)) {
		date := strings.TrimRight(text[m[2]:m[3]], ").,;")
		assigned := strings.ContainsAny(text[m[0]:m[2]], "=:")
		if !assigned && (date == "" || date[0] < '0' || date[0] > '9') {
			continue // "until" is just a word of the reason
		}
		if until, err = parseDate(date); err != nil {
			return text, until, err
		}
		before := strings.TrimRight(text[:m[0]], " (;,")
		after := strings.TrimSpace(text[m[2]+len(date):])
		return strings.TrimSpace(before + " " + strings.TrimSpace(strings.TrimLeft(after, ").,;"))), until, nil
	}
	return text, time.Time{}, nil
}

func parseDate(date string) (time.Time, error) {
	until, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return time.Time{}, fmt.Errorf("exception: %q is not a date: write until YYYY-MM-DD", date)
	}
	return until, nil
}

// Matches says whether the exception covers a finding.
func (x *Exception) Matches(f *bartizan.Finding) bool {
	if !glob(x.Rule, f.Rule) {
		return false
	}
	if x.Ref != nil && *x.Ref != f.Subject {
		return false
	}
	if !glob(x.Kind, string(f.Subject.Kind)) || !glob(x.Namespace, f.Subject.Namespace) || !glob(x.Name, f.Subject.Name) {
		return false
	}
	at := place(f)
	if x.File != "" && !globPath(x.File, at.File) {
		return false
	}
	return x.First == 0 || at.Line >= x.First && at.Line <= x.Last
}

func glob(pattern, s string) bool {
	if pattern == "" || pattern == "*" || pattern == s {
		return true
	}
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}

// globPath matches a slash-separated path; "**" stands for any number of folders.
func globPath(pattern, file string) bool {
	if pattern == file {
		return true
	}
	return globParts(strings.Split(pattern, "/"), strings.Split(file, "/"))
}

func globParts(pattern, parts []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := range len(parts) + 1 {
				if globParts(pattern[1:], parts[i:]) {
					return true
				}
			}
			return false
		}
		if len(parts) == 0 {
			return false
		}
		if ok, err := path.Match(pattern[0], parts[0]); !ok || err != nil {
			return false
		}
		pattern, parts = pattern[1:], parts[1:]
	}
	return len(parts) == 0
}

// Held is a finding that an exception covers, with the exception's reason. InSource says that the exception
// stands in what was read, not in a file of its own.
type Held struct {
	Finding  bartizan.Finding
	Reason   string
	InSource bool
}

// Apply parts findings into those that stay and those that an exception covers on the day of now. The notes are those
// of Exception.Note; exceptions that only alerts can meet are passed over.
// What stays is kept in the memory of findings.
func Apply(findings []bartizan.Finding, exceptions []Exception, rules Rules, now time.Time) (kept []bartizan.Finding, held []Held, notes []string) {
	byRule, uses := indexExceptions(exceptions), make([]Use, len(exceptions))
	kept = findings[:0]
	for i := range findings {
		f := &findings[i]
		if x := covering(f, byRule, exceptions, uses, now); x != nil {
			held = append(held, Held{*f, x.Reason, x.Origin.Source != ""})
			continue
		}
		kept = append(kept, *f)
	}
	clear(findings[len(kept):])
	for i := range exceptions {
		if x := &exceptions[i]; x.ForFindings() && !x.ofFalco() {
			if note := x.Note(uses[i], "finding", rules, now); note != "" {
				notes = append(notes, note)
			}
		}
	}
	return kept, held, notes
}

// ofFalco says whether an exception names a rule of Falco, whose names are no ids: findings are of no such rule.
func (x *Exception) ofFalco() bool {
	return strings.ContainsFunc(x.Rule, func(c rune) bool { return c == ' ' || unicode.IsUpper(c) })
}

// indexExceptions lists the exceptions for findings by literal rule id; those with a glob stand under "".
func indexExceptions(exceptions []Exception) map[string][]int {
	byRule := map[string][]int{}
	for i := range exceptions {
		if !exceptions[i].ForFindings() {
			continue
		}
		key := exceptions[i].Rule
		if strings.ContainsAny(key, `*?[\`) {
			key = ""
		}
		byRule[key] = append(byRule[key], i)
	}
	return byRule
}

// covering is the first exception in force that covers a finding, or nil; every one that does, or did, is counted.
func covering(f *bartizan.Finding, byRule map[string][]int, exceptions []Exception, uses []Use, now time.Time) *Exception {
	if len(byRule) == 0 {
		return nil
	}
	var first *Exception
	for _, key := range [2]string{f.Rule, ""} {
		for _, i := range byRule[key] {
			x := &exceptions[i]
			switch {
			case !x.Matches(f):
			case x.Expired(now):
				uses[i].Missed++
			default:
				uses[i].Covered++
				if first == nil {
					first = x
				}
			}
		}
	}
	return first
}
