package excess

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// Options say how far proposals go.
type Options struct {
	Grant grant.Options
	// MaxNames is up to how many objects a narrowed rule lists by name. MaxNamespaces is up to how many namespaces a
	// ClusterRoleBinding is replaced by RoleBindings in. 0 is never.
	MaxNames, MaxNamespaces int
	// Enough is the window from which on a log is taken to show what is done regularly.
	Enough time.Duration
}

// Report is what a comparison of rights held and rights used says.
type Report struct {
	Usage      *Usage
	Bindings   []*Binding  // by namespace, kind and name
	Identities []*Identity // seen, by user name
	NeverSeen  []Absent    // that bindings name or that were read, and that the log does not show
	Proof      Proof
	Window     time.Duration
	Short      bool    // the window is shorter than Options.Enough
	Unseen     float64 // Good-Turing estimate of the share of requests of a kind that the log has not shown
	Notes      []string
	Model      *grant.Model
}

// Used is one kind of request that somebody made.
type Used struct {
	Who         string
	Request     grant.Request
	Count       int64
	First, Last time.Time
	Implied     bool         // it came with another request
	Reason      string       // why it was asked, or why nothing explains it
	Grant       *grant.Grant // the rule it is charged to; nil where none is needed
	More        int          // other rules that allow it as well
	use         *use
}

// AnyName says that a request stands for names that are not told.
func (u *Used) AnyName() bool { return u.Request.Name == otherName }

// Identity is a user that the log shows.
type Identity struct {
	User        string
	Groups      []string
	Requests    int64
	Kinds, Once int // kinds of requests, and how many of them were seen once
	Unseen      float64
	First, Last time.Time
	Masters     bool
	Used        []Used
	Unexplained []Used // allowed in the log, and not by what was read
	Unused      []IdentityUnused
	Rights      int // that its bindings list
	UnusedN     int
	Wild        int // wildcards that it used in part
}

// IdentityUnused is what an identity holds through one binding and did not use.
type IdentityUnused struct {
	Binding *Binding
	Unused  []Unused
}

// Absent is an identity that the log does not show.
type Absent struct {
	Identity grant.Identity
	Bindings []*Binding // through which it holds rights, by its own name
}

type run struct {
	world    bartizan.World
	model    *grant.Model
	usage    *Usage
	options  Options
	report   *Report
	bindings []*Binding
	byRef    map[bartizan.Ref]*Binding
	people   []*actor
	naming   map[grant.Principal][]*Binding // that name a user or group
	members  map[grant.Principal][]*actor   // seen as a user or in a group
	tallies  map[*actor]*tally
	parts    map[*Binding][]part
	taken    map[bartizan.Ref]bool
	replay   []replayed
}

type replayed struct {
	who     *actor
	request grant.Request
}

// tally sums up one actor.
type tally struct {
	used, notes []Used // notes: what nothing explains
}

func (a *actor) of(q grant.Request) *use {
	q.Name = ""
	return a.uses[q]
}

// is says whether a principal of a binding stands for an actor.
func (a *actor) is(p grant.Principal) bool {
	if p.Group {
		return slices.Contains(a.subject.Groups, p.Name)
	}
	return a.subject.User == p.Name
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Named lists the names that rules of a World mention: a Usage keeps these whatever it leaves out.
func Named(w bartizan.World) []string {
	names := map[string]bool{}
	for _, kind := range []bartizan.Kind{"Role", "ClusterRole"} {
		for e := range w.All(kind) {
			if o, ok := e.Value.(*kube.Object); ok {
				for rule := range o.Root.Get("rules").Items() {
					for n := range rule.Get("resourceNames").Items() {
						names[n.Text()] = true
					}
				}
			}
		}
	}
	for e := range grant.Bootstrap().All("ClusterRole") {
		if o, ok := e.Value.(*kube.Object); ok {
			for rule := range o.Root.Get("rules").Items() {
				for n := range rule.Get("resourceNames").Items() {
					names[n.Text()] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// New compares what a World grants with what was used.
func New(w bartizan.World, u *Usage, o Options) (*Report, error) {
	if o.Grant.Namespace == "" {
		o.Grant.Namespace = "default"
	}
	r := &run{
		world: w, usage: u, options: o, model: grant.New(w, o.Grant), tallies: map[*actor]*tally{}, parts: map[*Binding][]part{}, taken: map[bartizan.Ref]bool{},
		naming: map[grant.Principal][]*Binding{}, members: map[grant.Principal][]*actor{},
	}
	r.report = &Report{Usage: u, Model: r.model}
	r.bindings, r.byRef = readBindings(w, r.model, o.Grant.Namespace, o.Grant.Complete)
	r.index()
	r.weigh()
	r.propose()
	if err := r.within(); err != nil {
		return nil, err
	}
	if err := r.prove(); err != nil {
		return nil, err
	}
	r.report.Bindings = r.bindings
	r.identities()
	r.absent()
	r.confidence()
	return r.report, nil
}

// index finds things by what names them.
func (r *run) index() {
	for _, ref := range r.model.Roles() {
		r.taken[ref] = true
	}
	for _, b := range r.bindings {
		r.taken[b.Ref] = true
		for _, s := range b.Subjects {
			r.naming[s.Principal] = append(r.naming[s.Principal], b)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.usage.actors)) {
		a := r.usage.actors[key]
		r.people = append(r.people, a)
		r.tallies[a] = &tally{}
		for _, p := range principals(a.subject.User, a.subject.Groups) {
			r.members[p] = append(r.members[p], a)
		}
	}
}

// principals are what bindings may name of a user.
func principals(user string, groups []string) []grant.Principal {
	out := []grant.Principal{{Name: user}}
	for _, g := range groups {
		out = append(out, grant.Principal{Group: true, Name: g})
	}
	return out
}

// identities sums up the users.
func (r *run) identities() {
	byUser := map[string]*Identity{}
	for _, a := range r.people {
		id := byUser[a.subject.User]
		if id == nil {
			id = &Identity{User: a.subject.User}
			byUser[id.User] = id
			r.report.Identities = append(r.report.Identities, id)
		}
		id.Groups = append(id.Groups, a.subject.Groups...)
		slices.Sort(id.Groups)
		id.Groups = slices.Compact(id.Groups)
		t := r.tallies[a]
		id.Used = append(id.Used, t.used...)
		id.Unexplained = append(id.Unexplained, t.notes...)
		for _, x := range a.uses {
			id.First, id.Last = earlier(id.First, x.first), later(id.Last, x.last)
			if !x.direct {
				continue
			}
			id.Kinds++
			id.Once += flag(x.count <= 1)
			id.Requests += max(x.count, 1)
		}
	}
	slices.SortFunc(r.report.Identities, func(a, b *Identity) int { return cmp.Compare(a.User, b.User) })
	for _, id := range r.report.Identities {
		id.Masters = slices.Contains(id.Groups, grant.GroupMasters)
		if id.Requests > 0 {
			id.Unseen = float64(id.Once) / float64(id.Requests)
		}
		r.spare(id)
	}
}

// spare lists what an identity holds and did not use.
func (r *run) spare(id *Identity) {
	own := func(a *actor) bool { return a.subject.User == id.User }
	var reaching []*Binding
	for _, p := range principals(id.User, id.Groups) {
		reaching = append(reaching, r.naming[p]...)
	}
	slices.SortFunc(reaching, func(a, b *Binding) int { return compareRefs(a.Ref, b.Ref) })
	for _, b := range slices.Compact(reaching) {
		entry := IdentityUnused{Binding: b}
		for i := range b.grants {
			g := &b.grants[i]
			rest, n, wild := unused(g, b.hits[keyOf(g)].of(own))
			entry.Unused = append(entry.Unused, rest...)
			id.Rights += cells(&g.Rule)
			id.UnusedN += n
			id.Wild += wild
		}
		if len(entry.Unused) > 0 {
			id.Unused = append(id.Unused, entry)
		}
	}
}

// absent lists who was not seen.
func (r *run) absent() {
	for _, x := range r.model.Identities() {
		p := grant.Principal{Name: x.Subject.User}
		if x.Kind == grant.Group {
			p = grant.Principal{Group: true, Name: x.Ref.Name}
		}
		if len(r.members[p]) == 0 && (len(r.naming[p]) > 0 || x.Read) {
			r.report.NeverSeen = append(r.report.NeverSeen, Absent{x, r.naming[p]})
		}
	}
	slices.SortStableFunc(r.report.NeverSeen, func(a, b Absent) int {
		return cmp.Or(cmp.Compare(flag(len(a.Bindings) == 0), flag(len(b.Bindings) == 0)), cmp.Compare(a.Identity.Kind, b.Identity.Kind), compareRefs(a.Identity.Ref, b.Identity.Ref))
	})
}

// confidence says how far the log can be relied on.
func (r *run) confidence() {
	rep, u := r.report, r.usage
	rep.Window = u.Last.Sub(u.First)
	rep.Short = rep.Window < r.options.Enough
	var once, requests int64
	unexplained := 0
	for _, id := range rep.Identities {
		once += int64(id.Once)
		requests += id.Requests
		unexplained += len(id.Unexplained)
	}
	if rep.Unseen = 1; requests > 0 { // of nothing seen, all is new
		rep.Unseen = float64(once) / float64(requests)
	}
	if u.Hidden > 0 {
		rep.Notes = append(rep.Notes, fmt.Sprintf("%s of other people's rights (SubjectAccessReview) without what was asked: rights on URLs and on nodes' "+
			"sub-resources are kept. Log them at level Request to see them.", count(int(u.Hidden), "review", "reviews")))
	}
	unread := 0
	for _, b := range r.bindings {
		unread += flag(b.Verdict == Unknown)
	}
	if unread > 0 {
		rep.Notes = append(rep.Notes, fmt.Sprintf("%s a role that was not read, or cannot be read in full: nothing is proposed for it, and nothing is dropped of those it reaches.",
			map[bool]string{true: "1 binding gives", false: fmt.Sprintf("Each of %d bindings gives", unread)}[unread == 1]))
	}
	if unexplained > 0 {
		rep.Notes = append(rep.Notes, fmt.Sprintf("%s that the log shows as allowed and that nothing read explains: were all roles and bindings read, and are they "+
			"those of the cluster and time of the log?", count(unexplained, "kind of request", "kinds of requests")))
	}
	if u.full {
		rep.Notes = append(rep.Notes, "The log holds more identities or kinds of requests than are kept: nothing is proposed. Split it.")
	}
}
