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

// Exception says that alerts are accepted: which, why, until when, and who said so.
type Exception struct{ triage.Exception }

// ReadExceptions reads an exceptions file, the same that a scan reads. An exception with a file is about findings, and
// passed over.
func ReadExceptions(file, text string) (found []Exception, err error) {
	all, err := triage.FromFile(file, text)
	for _, x := range all {
		if x.ForAlerts() {
			found = append(found, Exception{x})
		}
	}
	return found, err
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
	return x.holdsAddresses(a.Addresses) && !slices.ContainsFunc(x.Fields, func(c triage.FieldCondition) bool { return !holds(c, a) })
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

// holds says whether a condition on a field holds.
func holds(c triage.FieldCondition, a *detect.Alert) bool {
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
		return "none"
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
		if note := d.options.Exceptions[i].Note(d.used[i], "alert", d.options.Rules, d.now); note != "" {
			notes = append(notes, note)
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
