package alert

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/triage"
)

// Exception says that alerts are accepted: which, why, until when, and who said so. What it says nothing of matches
// everything. It is the exception of findings (rule, kind, namespace, name, reason, until) and more.
type Exception struct {
	triage.Exception
	// Identity is a glob over who did it, in which * also stands for slashes and colons.
	Identity string
	// Addresses hold where the request came from; every address of the alert must lie in one of them.
	Addresses []netip.Prefix
	// Fields are conditions on the alert's fields: every one of them must hold.
	Fields []FieldCondition
	// Who made the exception, or answers for it.
	Who string
}

// FieldCondition is a glob over a field's value; of a list, every item must match. A field that the alert does not
// have matches nothing.
type FieldCondition struct{ Name, Glob string }

// use is how often an exception covered something, before it expired and after.
type use struct {
	Covered int `json:"covered,omitempty"`
	Missed  int `json:"missed,omitempty"`
}

// Matches says whether an exception covers an alert, if it is in force.
func (x *Exception) Matches(a *detect.Alert) bool {
	subject := singular(a.Subject)
	if !globRule(x.Rule, a.Rule) || !Glob(x.Identity, a.Identity) {
		return false
	}
	f := bartizan.Finding{Rule: a.Rule, Subject: subject, Evidence: a.Evidence}
	scoped := x.Exception
	scoped.Rule = ""
	if !scoped.Matches(&f) {
		if f.Subject = a.Subject; subject == a.Subject || !scoped.Matches(&f) {
			return false
		}
	}
	return x.holdsAddresses(a.Addresses) && !slices.ContainsFunc(x.Fields, func(c FieldCondition) bool { return !c.holds(a) })
}

// globRule matches rule ids as exceptions of findings do, and those of Falco, which may have slashes, with * as well.
func globRule(pattern, rule string) bool {
	if pattern == rule || Glob(pattern, rule) {
		return true
	}
	if !strings.Contains(pattern, "[") {
		return false
	}
	ok, err := path.Match(pattern, rule)
	return ok && err == nil
}

func (x *Exception) holdsAddresses(addresses []string) bool {
	if len(x.Addresses) == 0 {
		return true
	}
	for _, text := range addresses {
		a, err := netip.ParseAddr(text)
		if err != nil || !slices.ContainsFunc(x.Addresses, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) }) {
			return false
		}
	}
	return len(addresses) > 0
}

func (c FieldCondition) holds(a *detect.Alert) bool {
	for _, f := range a.Fields {
		if f.Name != c.Name {
			continue
		}
		switch v := f.Value.(type) {
		case nil:
			return false
		case []string:
			return len(v) > 0 && !slices.ContainsFunc(v, func(s string) bool { return !Glob(c.Glob, s) })
		default:
			return Glob(c.Glob, FieldText(v))
		}
	}
	return false
}

// FieldText is the value of a field in words.
func FieldText(v any) string {
	switch v := v.(type) {
	case nil:
		return "<NA>"
	case string:
		return v
	case []string:
		return "(" + strings.Join(v, ",") + ")"
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	}
	return fmt.Sprint(v)
}

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

// except says whether an alert is covered, or which exception would have covered it, had it not expired.
func (d *Desk) except(a *detect.Alert) (covered bool, expired string) {
	for i := range d.options.Exceptions {
		x := &d.options.Exceptions[i]
		if !x.Matches(a) {
			continue
		}
		if !x.Expired(a.Time) {
			d.used[i].Covered++
			covered = true
			continue
		}
		d.used[i].Missed++
		if expired == "" {
			expired = fmt.Sprintf("the exception at %s expired on %s: %s", x.Where(), x.Until.Format(time.DateOnly), x.Reason)
		}
	}
	if covered {
		return true, ""
	}
	return false, expired
}

// Notes tell of exceptions that have expired and of those that covered nothing, in the order in which they were given.
func (d *Desk) Notes() (notes []string) {
	for i := range d.options.Exceptions {
		x, u := &d.options.Exceptions[i], d.used[i]
		switch {
		case u.Missed > 0:
			notes = append(notes, fmt.Sprintf("%s: exception for %s expired on %s; %s since: set a new date or end what they tell of",
				x.Where(), x.Rule, x.Until.Format(time.DateOnly), plural(u.Missed, "alert")))
		case x.Expired(d.now):
			notes = append(notes, fmt.Sprintf("%s: exception for %s expired on %s: remove it", x.Where(), x.Rule, x.Until.Format(time.DateOnly)))
		case u.Covered == 0:
			notes = append(notes, fmt.Sprintf("%s: exception for %s covered nothing", x.Where(), x.Rule))
		}
	}
	return notes
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}
