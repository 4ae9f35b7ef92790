package path

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/grant/excess"
	"github.com/bartizan-dev/bartizan/internal/reach/suggest"
	"github.com/bartizan-dev/bartizan/rule"
)

// Use is a right or a flow that was seen in use, and that a fix takes away.
type Use struct {
	Who, What   string
	Count       int64
	First, Last time.Time
	Doubt       string // why it may be used otherwise, too
	Flow        bool   // it is a flow
}

// Uses are the rights and flows of a graph's World that were seen in use.
type Uses struct {
	g      *Graph
	rights []usedRight
	flows  []usedFlow
	of     map[bartizan.Ref][]int // rights by each binding and role that gives them
	memo   map[int32][]Use        // of a fix alone
	// Rights and Flows count what was seen and is allowed by what was read; Strange what is not, so that no fix is
	// charged with it.
	Rights, Flows, Strange int
	First, Last            time.Time
}

// usedRight is a kind of request that somebody made, and all that allows it.
type usedRight struct {
	excess.Seen
	by []grant.Grant
}

// Uses reads what was seen: requests of an audit log and flows; either may be nil.
func (g *Graph) Uses(audit *excess.Usage, flows *suggest.Log) *Uses {
	u := &Uses{g: g, of: map[bartizan.Ref][]int{}, memo: map[int32][]Use{}}
	if audit != nil {
		for seen := range audit.All() {
			u.right(seen)
		}
		u.Rights = len(u.rights)
		u.span(audit.First, audit.Last)
	}
	if flows != nil {
		u.readFlows(flows)
		u.span(flows.First, flows.Last)
	}
	return u
}

func (u *Uses) span(first, last time.Time) {
	if !first.IsZero() && (u.First.IsZero() || first.Before(u.First)) {
		u.First = first
	}
	if last.After(u.Last) {
		u.Last = last
	}
}

// right keeps a kind of request that was made.
func (u *Uses) right(seen excess.Seen) {
	answer := u.g.facts.grants.Can(seen.Subject, seen.Request)
	if answer.Verdict != grant.Allowed && len(answer.By) == 0 {
		u.Strange++
		return
	}
	n := len(u.rights)
	u.rights = append(u.rights, usedRight{seen, answer.By})
	for i := range answer.By {
		by := &answer.By[i]
		for _, r := range []bartizan.Ref{by.Binding, by.Role, by.Source} {
			if list := u.of[r]; r.Name != "" && (len(list) == 0 || list[len(list)-1] != n) {
				u.of[r] = append(list, n)
			}
		}
	}
}

// Lost is what some fixes take away together of what was seen in use.
func (u *Uses) Lost(fixes []int32) []Use {
	if len(fixes) == 1 {
		if have, ok := u.memo[fixes[0]]; ok {
			return have
		}
	}
	var lost []Use
	for _, i := range u.lostRights(fixes) {
		lost = append(lost, u.told(i, ""))
	}
	lost = append(lost, u.lostTokens(fixes)...)
	lost = append(lost, u.lostFlows(fixes)...)
	lost = summed(lost)
	if len(fixes) == 1 {
		u.memo[fixes[0]] = lost
	}
	return lost
}

// lostRights are the rights that no rule allows any more. Of the World only what allows them now is looked at: fixes
// of roles and bindings take rights and never give any.
func (u *Uses) lostRights(fixes []int32) (lost []int) {
	var at []int
	changed := u.g.changed(fixes, func(r bartizan.Ref) bool { return len(u.of[r]) > 0 })
	for r := range changed {
		at = append(at, u.of[r]...)
	}
	if len(at) == 0 {
		return nil
	}
	slices.Sort(at)
	at = slices.Compact(at)
	m := u.g.lesser(u.rights, at, changed)
	for _, i := range at {
		if a := m.Can(u.rights[i].Subject, u.rights[i].Request); a.Verdict != grant.Allowed && len(a.By) == 0 {
			lost = append(lost, i)
		}
	}
	return lost
}

// lostTokens are the rights of service accounts whose tokens are not mounted any more: all that they were seen to use.
func (u *Uses) lostTokens(fixes []int32) (lost []Use) {
	off := map[bartizan.Ref]int{}
	for _, f := range fixes {
		for _, account := range u.g.facts.tokens[f] {
			off[account]++
		}
	}
	for _, account := range sortedRefs(off) {
		user := grant.ServiceAccountSubject(account.Namespace, account.Name).User
		doubt := ""
		if n := len(u.g.facts.byAccount[account]); n > off[account] {
			doubt = "which of " + count(n, "workload", "workloads") + " that run as it did is not known"
		}
		for i := range u.rights {
			if u.rights[i].Subject.User == user {
				lost = append(lost, u.told(i, doubt))
			}
		}
	}
	return lost
}

func sortedRefs[V any](m map[bartizan.Ref]V) (out []bartizan.Ref) {
	for r := range m {
		out = append(out, r)
	}
	slices.SortFunc(out, compareRefs)
	return out
}

// told puts a right in words, without the name: it is the same right for all of them.
func (u *Uses) told(i int, doubt string) Use {
	r := &u.rights[i]
	return Use{Who: words(subjectRef(r.Subject)), What: requestWords(r.Request), Count: r.Count, First: r.First, Last: r.Last, Doubt: doubt}
}

func subjectRef(s grant.Subject) bartizan.Ref {
	if ns, name, ok := s.ServiceAccount(); ok {
		return rule.Account(ns, name)
	}
	return rule.User(s.User)
}

func requestWords(r grant.Request) string {
	s := r.Verb + " " + r.Path + r.Resource
	if r.Subresource != "" {
		s += "/" + r.Subresource
	}
	if r.Namespace != "" {
		s += " in " + r.Namespace
	}
	return s
}

// summed puts uses in order, the same one once. Names of one kind of request were counted together: they are not
// added up.
func summed(all []Use) (out []Use) {
	slices.SortFunc(all, func(a, b Use) int {
		return cmp.Or(strings.Compare(a.Who, b.Who), strings.Compare(a.What, b.What), cmp.Compare(b.Count, a.Count))
	})
	for _, x := range all {
		if n := len(out); n > 0 && out[n-1].same(x) {
			if last := &out[n-1]; x.First.Before(last.First) {
				last.First = x.First
			}
			if last := &out[n-1]; x.Last.After(last.Last) {
				last.Last = x.Last
			}
			continue
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b Use) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// same says whether two uses are of the same right or flow.
func (x *Use) same(o Use) bool { return x.Who == o.Who && x.What == o.What }
