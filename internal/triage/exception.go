package triage

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// Exception says that findings of a rule on some subjects are accepted, why, and until when.
type Exception struct {
	Rule                  string // glob over rule ids
	Kind, Namespace, Name string // globs; empty matches everything
	File                  string // glob over the file of the finding, "**" for any folders; empty matches everything
	Ref                   *bartizan.Ref
	First, Last           int // lines of File, from 1, that it covers; 0, 0 means all
	Reason                string
	Until                 time.Time // the last day on which it holds; the zero time is for ever
	Origin                bartizan.Origin
	used                  int
}

// dateLayout is how people write the last day of an exception.
const dateLayout = "2006-01-02"

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
	until, err := time.Parse(dateLayout, date)
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

// Apply parts findings into those that stay and those that an exception covers on the day of now. The notes
// name the exceptions that have expired, those that cover nothing though a rule that they name was run, and those
// that name none of the known rules; known may be nil.
// What stays is kept in the memory of findings.
func Apply(findings []bartizan.Finding, exceptions []Exception, ran, known []string, now time.Time) (kept []bartizan.Finding, held []Held, notes []string) {
	byRule := indexExceptions(exceptions, now)
	kept = findings[:0]
	for i := range findings {
		f := &findings[i]
		if x := covering(f, byRule, exceptions); x != nil {
			held = append(held, Held{*f, x.Reason, x.Origin.Source != ""})
			continue
		}
		kept = append(kept, *f)
	}
	clear(findings[len(kept):])
	for i := range exceptions {
		x := &exceptions[i]
		switch {
		case x.expired(now):
			notes = append(notes, fmt.Sprintf("%s: exception for %s expired on %s: mend the finding or set a new date", x.where(), x.Rule, x.Until.Format(dateLayout)))
		case x.used > 0:
		case known != nil && !x.names(known):
			notes = append(notes, fmt.Sprintf("%s: exception for %s covers nothing: there is no such rule", x.where(), x.Rule))
		case x.names(ran):
			notes = append(notes, fmt.Sprintf("%s: exception for %s covers nothing: remove it", x.where(), x.Rule))
		}
	}
	return kept, held, notes
}

// names says whether the exception is for one of some rules.
func (x *Exception) names(rules []string) bool {
	return slices.ContainsFunc(rules, func(rule string) bool { return glob(x.Rule, rule) })
}

// indexExceptions lists the exceptions in force by literal rule id; those with a glob stand under "".
func indexExceptions(exceptions []Exception, now time.Time) map[string][]int {
	byRule := map[string][]int{}
	for i := range exceptions {
		x := &exceptions[i]
		if x.expired(now) {
			continue
		}
		key := x.Rule
		if strings.ContainsAny(key, "*?[") {
			key = ""
		}
		byRule[key] = append(byRule[key], i)
	}
	return byRule
}

// covering is the first exception that covers a finding, or nil; every one that does counts as used.
func covering(f *bartizan.Finding, byRule map[string][]int, exceptions []Exception) *Exception {
	if len(byRule) == 0 {
		return nil
	}
	var first *Exception
	for _, key := range [2]string{f.Rule, ""} {
		for _, i := range byRule[key] {
			if x := &exceptions[i]; x.Matches(f) {
				x.used++
				if first == nil {
					first = x
				}
			}
		}
	}
	return first
}

func (x *Exception) expired(now time.Time) bool {
	return !x.Until.IsZero() && now.After(x.Until.AddDate(0, 0, 1))
}

func (x *Exception) where() string {
	if x.Origin.Line > 0 {
		return fmt.Sprintf("%s:%d", x.Origin.File, x.Origin.Line)
	}
	return x.Origin.File
}
