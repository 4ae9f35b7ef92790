package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/grant/excess"
)

func identities(n int) string {
	if n == 1 {
		return "1 identity"
	}
	return fmt.Sprintf("%d identities", n)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// span is a duration for people.
func span(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}

func percent(f float64) string {
	switch {
	case f == 0:
		return "0 %"
	case f < 0.001:
		return "less than 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", f*100)
}

type usedLine struct {
	text, tail string
	count      int64
}

// usedLines sums up requests by what they ask for: a line for each resource, in each place.
func usedLines(list []excess.Used) (out []usedLine) {
	type place struct{ target, namespace, path, how string }
	type sum struct {
		verbs, names []string
		any, implied bool
		count        int64
		last         time.Time
		seen         map[[2]string]bool
	}
	sums := map[place]*sum{}
	var order []place
	for i := range list {
		u := &list[i]
		k := place{grouped(resourceText(u.Request), u.Request.Group), u.Request.Namespace, u.Request.Path, ""}
		if u.Implied {
			k.how = u.Request.Verb
		}
		s := sums[k]
		if s == nil {
			s = &sum{seen: map[[2]string]bool{}}
			sums[k] = s
			order = append(order, k)
		}
		s.implied = s.implied || u.Implied
		if !slices.Contains(s.verbs, u.Request.Verb) {
			s.verbs = append(s.verbs, u.Request.Verb)
		}
		if u.Request.Name == "" || u.AnyName() {
			s.any = true
		} else if !slices.Contains(s.names, u.Request.Name) {
			s.names = append(s.names, u.Request.Name)
		}
		if id := [2]string{u.Who, u.Request.Verb}; !s.seen[id] {
			s.seen[id] = true
			s.count += u.Count
		}
		if u.Last.After(s.last) {
			s.last = u.Last
		}
	}
	for _, k := range order {
		s := sums[k]
		line := usedLine{text: strings.Join(s.verbs, ", ") + " → " + k.target + k.path, count: s.count}
		if len(s.names) > 0 && len(s.names) <= 4 && !s.any {
			line.text += " named " + strings.Join(s.names, ", ")
		}
		if k.namespace != "" {
			line.text += " in " + k.namespace
		}
		line.tail = fmt.Sprintf("(%d×, last %s)", s.count, stamp(s.last))
		switch {
		case s.count == 0 && !s.implied:
			line.tail = fmt.Sprintf("(not ended yet, last %s)", stamp(s.last))
		case s.implied:
			line.tail = fmt.Sprintf("(with other requests, last %s)", stamp(s.last))
		}
		out = append(out, line)
	}
	slices.SortStableFunc(out, func(a, b usedLine) int { return cmp.Compare(b.count, a.count) })
	return out
}

func resourceText(q grant.Request) string {
	if q.Subresource != "" {
		return q.Resource + "/" + q.Subresource
	}
	return q.Resource
}

// unusedText tells what nobody used of a rule.
func unusedText(u *excess.Unused) string {
	r := u.Grant.Rule
	r.Verbs, r.Resources, r.NonResourceURLs = u.Verbs, u.Resources, u.URLs
	if u.Names != nil {
		r.ResourceNames = u.Names
	}
	s := ruleText(&r)
	if u.Part {
		s += ", beyond what was used"
	}
	if u.Grant.Source.Name != "" {
		s += ", aggregated from " + u.Grant.Source.Name
	}
	return s
}
