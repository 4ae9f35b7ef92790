// Package excess compares the rights that identities hold with those that an audit log shows in use, and proposes
// bindings and roles that hold no more. It reads no files: internal/source/audit does, and shows it one record at a
// time. Who holds what is internal/grant's to say.
//
// A Usage collects; several may collect side by side and be merged. New then compares it with a World: it says of
// every binding whether to keep, narrow or drop it, writes the objects that would replace it, reads those back and
// replays every request of the log against them. A proposal that the replay contradicts is an error and is never shown.
//
// What a log cannot show it cannot know: requests that the audit policy leaves out, rights used before or after the
// window, rights that others check by themselves. See Report.Notes, and do not use it on a log of a few hours.
package excess

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/grant"
)

// Bounds on what is kept of a log.
const (
	maxActors = 200_000
	maxKinds  = 2_000_000
	maxNames  = 256 // of one kind of request, besides those that some rule names
)

// Usage is what identities did, as an audit log shows it.
type Usage struct {
	Records   int64 // seen
	Requests  int64 // that count as use
	Forbidden int64 // that no authorizer allowed
	Hidden    int64 // reviews of other people's rights, of which the log does not say what was asked
	First     time.Time
	Last      time.Time

	named  map[string]bool // names that some rule mentions
	actors map[string]*actor
	raw    map[string]*use // by the JSON text of what makes up the key
	kinds  int
	full   bool
	key    []byte
	text   event.Text
}

// actor is a user with the groups that it had.
type actor struct {
	subject grant.Subject
	uses    map[grant.Request]*use // by the request without a name
}

// use is a kind of request that an actor made.
type use struct {
	request     grant.Request
	direct      bool // somebody asked for it
	count       int64
	implied     int64  // how often it came with another request
	why         string // with which
	first, last time.Time
	names       map[string]bool // "" for requests without a name
	others      bool            // there were more names than are kept
}

// NewUsage makes a Usage that keeps the names which rules mention, whatever else it leaves out.
func NewUsage(named []string) *Usage {
	u := &Usage{named: map[string]bool{}, actors: map[string]*actor{}, raw: map[string]*use{}}
	for _, n := range named {
		u.named[n] = true
	}
	return u
}

// Full says that the log held more identities or kinds of requests than are kept.
func (u *Usage) Full() bool { return u.full }

// actor finds or makes an actor; nil if there are too many.
func (u *Usage) actor(user string, groups []string) *actor {
	groups = slices.Clone(groups)
	slices.Sort(groups)
	groups = slices.Compact(groups)
	key := user + "\x00" + strings.Join(groups, "\x00")
	if a, ok := u.actors[key]; ok {
		return a
	}
	if len(u.actors) >= maxActors {
		u.full = true
		return nil
	}
	key = strings.Clone(key)
	for i, g := range groups {
		groups[i] = strings.Clone(g)
	}
	a := &actor{subject: grant.Subject{User: strings.Clone(user), Groups: groups, Exact: true}, uses: map[grant.Request]*use{}}
	u.actors[key] = a
	return a
}

// use finds or makes a kind of request, of which the name does not count; nil if there are too many.
func (u *Usage) use(a *actor, r grant.Request) *use {
	r.Name = ""
	if have, ok := a.uses[r]; ok {
		return have
	}
	if u.kinds >= maxKinds {
		u.full = true
		return nil
	}
	u.kinds++
	for _, s := range [...]*string{&r.Verb, &r.Group, &r.Resource, &r.Subresource, &r.Namespace, &r.Path} {
		*s = strings.Clone(*s)
	}
	made := &use{request: r, names: map[string]bool{}}
	a.uses[r] = made
	return made
}

// tick notes the time and the name of a use.
func (u *Usage) tick(x *use, name string, at time.Time) {
	x.span(at, at)
	u.span(at)
	x.name(name, u.named)
}

func (x *use) name(name string, named map[string]bool) {
	switch {
	case x.names[name]:
	case name == otherName || len(x.names) >= maxNames && !named[name]:
		x.others = true
	default:
		x.names[strings.Clone(name)] = true
	}
}

func (x *use) span(first, last time.Time) {
	if !first.IsZero() && (x.first.IsZero() || first.Before(x.first)) {
		x.first = first
	}
	if last.After(x.last) {
		x.last = last
	}
}

func (u *Usage) span(at time.Time) {
	if !at.IsZero() && (u.First.IsZero() || at.Before(u.First)) {
		u.First = at
	}
	if at.After(u.Last) {
		u.Last = at
	}
}

// Merge adds what another Usage collected; that one must not be used any more.
func (u *Usage) Merge(o *Usage) {
	u.Records += o.Records
	u.Requests += o.Requests
	u.Forbidden += o.Forbidden
	u.Hidden += o.Hidden
	u.full = u.full || o.full
	u.span(o.First)
	u.span(o.Last)
	for _, key := range slices.Sorted(maps.Keys(o.actors)) {
		from := o.actors[key]
		to := u.actor(from.subject.User, from.subject.Groups)
		if to == nil {
			continue
		}
		for _, r := range sortedRequests(maps.Keys(from.uses)) {
			if x := u.use(to, r); x != nil {
				x.merge(from.uses[r], u.named)
			}
		}
	}
	clear(u.raw)
}

func (x *use) merge(o *use, named map[string]bool) {
	x.direct = x.direct || o.direct
	x.count += o.count
	x.implied += o.implied
	x.because(o.why)
	x.others = x.others || o.others
	x.span(o.first, o.last)
	for _, name := range slices.Sorted(maps.Keys(o.names)) {
		x.name(name, named)
	}
}

// because keeps one reason, whichever order they come in.
func (x *use) because(why string) {
	if x.why == "" || why != "" && why < x.why {
		x.why = why
	}
}

// otherName stands for every name that is neither kept nor mentioned in a rule: the authorizers treat them alike.
const otherName = "\x00any other"

// asked are the names of a kind of request, the unknown ones as one. Names that no rule mentions are alike, so that
// where not all were kept none of them is told.
func (x *use) asked(named map[string]bool) (names []string) {
	for _, n := range slices.Sorted(maps.Keys(x.names)) {
		if !x.others || n == "" || named[n] {
			names = append(names, n)
		}
	}
	if x.others {
		names = append(names, otherName)
	}
	return names
}

// sortedRequests puts kinds of requests in order.
func sortedRequests(seq iter.Seq[grant.Request]) []grant.Request {
	return slices.SortedFunc(seq, compareRequests)
}

func compareRequests(a, b grant.Request) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource),
		cmp.Compare(a.Subresource, b.Subresource), cmp.Compare(verbRank(a.Verb), verbRank(b.Verb)), cmp.Compare(a.Verb, b.Verb), cmp.Compare(a.Name, b.Name))
}

// verbs are in the order in which people write them.
var verbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

func verbRank(v string) int {
	if i := slices.Index(verbs, v); i >= 0 {
		return i
	}
	return len(verbs)
}
