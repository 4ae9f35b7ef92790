package alert

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// groups are the open incidents. An incident is a component of the graph of alerts in which two are neighbours if they
// have an identity, an object or an address in common and are no more than Idle apart: the order in which alerts come
// makes no difference to it, as long as they are no more than Slack late.
type groups struct {
	Grouping
	links  map[string][]*link // by what is in common
	open   map[string]*incident
	sweep  time.Time // when links are looked through again for those that are over
	latest time.Time
	opened int
	joined int
	forced int
}

// link is a span of time through which alerts of one incident have something in common.
type link struct {
	Key         string
	First, Last time.Time
	// Identities are those met, as long as they are few; Shared says that they are too many for the link to mean anything.
	Identities []string
	Shared     bool
	in         *incident
}

func newGroups(g Grouping) groups {
	return groups{Grouping: g, links: map[string][]*link{}, open: map[string]*incident{}}
}

// take puts an alert into its incident, and tells of the incident if there is news.
func (g *groups) take(s *Shown) (id string, news []Shown) {
	if s.Alert.Time.After(g.latest) {
		g.latest = s.Alert.Time
	}
	keys := linkKeys(s)
	in := g.find(keys, s)
	if in == nil {
		in, news = g.begin(s)
	}
	in.add(s, g.Steps)
	g.connect(in, keys, s)
	if n, ok := in.news(s); ok {
		news = append(news, n)
	}
	return in.ID, news
}

// linkKeys is what an alert may have in common with others.
func linkKeys(s *Shown) (keys []string) {
	a := &s.Alert
	var addresses []string
	for i, text := range a.Addresses {
		if i > 0 && i < len(a.Addresses)-1 {
			continue // the first is the client, or says it is; the last is who spoke to the API server; what is between may be anything
		}
		if ip, err := netip.ParseAddr(text); err == nil && !ip.IsLoopback() && !ip.IsUnspecified() {
			addresses = append(addresses, "address "+ip.Unmap().String())
		}
	}
	switch who := IdentityRef(a.Identity); {
	case who.Name == "":
	case anonymous(a.Identity):
		for _, from := range addresses { // nobody in particular, except from one place
			keys = append(keys, "identity "+a.Identity+" "+from)
		}
	default:
		keys = append(keys, "thing "+who.String())
	}
	if subject := singular(a.Subject); subject.Name != "" && subject.Kind != "Namespace" {
		keys = append(keys, "thing "+subject.String())
	}
	keys = append(keys, addresses...)
	if len(keys) == 0 {
		keys = append(keys, "rule "+a.Rule)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func anonymous(identity string) bool {
	return identity == "system:anonymous" || identity == "system:unauthenticated"
}

// find is the incident that an alert belongs to. If there are several, they are one from now on.
func (g *groups) find(keys []string, s *Shown) *incident {
	var found []*incident
	for _, key := range keys {
		for _, l := range g.links[key] {
			if !l.Shared && l.near(s.Alert.Time, g.Idle) && !slices.Contains(found, l.in) {
				found = append(found, l.in)
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortFunc(found, func(a, b *incident) int { return cmp.Or(a.First.Compare(b.First), strings.Compare(a.ID, b.ID)) })
	in := found[0]
	for _, o := range found[1:] {
		in.absorb(o, g.Steps)
		delete(g.open, o.ID)
		g.joined++
	}
	return in
}

// near says whether a time lies in a link's span or no farther than idle from it.
func (l *link) near(at time.Time, idle time.Duration) bool {
	return !at.Before(l.First.Add(-idle)) && !at.After(l.Last.Add(idle))
}

// begin opens an incident. If too many are open, one is ended.
func (g *groups) begin(s *Shown) (in *incident, news []Shown) {
	if len(g.open) >= g.Open {
		news = g.force()
	}
	in = &incident{
		ID: s.ID[:min(len(s.ID), 12)], Steps: map[string]*Step{}, Rules: map[string]bool{}, Identities: map[string]bool{},
		Addresses: map[string]bool{}, More: map[string]bool{}, Tactics: map[string]bool{}, Techniques: map[string]bool{},
	}
	in.Subjects = map[string]bartizan.Ref{}
	for g.open[in.ID] != nil { // shown again after it was forgotten
		in.ID = identifyNth(in.ID, 0)[:12]
	}
	g.open[in.ID] = in
	g.opened++
	return in, news
}

// connect extends the links that an alert is near to, or begins new ones.
func (g *groups) connect(in *incident, keys []string, s *Shown) {
	at := s.Alert.Time
	for _, key := range keys {
		var mine *link
		rest := g.links[key][:0]
		for _, l := range g.links[key] {
			switch {
			case !l.near(at, g.Idle):
				rest = append(rest, l)
			case mine == nil:
				mine = l
				rest = append(rest, l)
			default:
				mine.join(l, g.Shared)
				l.in.drop(l)
			}
		}
		if mine == nil {
			if len(in.Links) >= maxLinks {
				continue
			}
			mine = &link{Key: key, First: at, Last: at, in: in}
			in.Links = append(in.Links, mine)
			rest = append(rest, mine)
		}
		g.links[key] = rest
		mine.meet(at, s.Alert.Identity, g.Shared)
	}
}

func (l *link) join(o *link, shared int) {
	l.Shared = l.Shared || o.Shared
	for _, who := range o.Identities {
		l.meet(o.First, who, shared)
	}
	l.span(o.First)
	l.span(o.Last)
}

func (l *link) span(at time.Time) {
	if at.Before(l.First) {
		l.First = at
	}
	if at.After(l.Last) {
		l.Last = at
	}
}

// meet extends a link to a time, and notes who was met.
func (l *link) meet(at time.Time, identity string, shared int) {
	l.span(at)
	if l.Shared || identity == "" || slices.Contains(l.Identities, identity) {
		return
	}
	l.Identities = append(l.Identities, strings.Clone(identity))
	if len(l.Identities) > shared {
		l.Shared, l.Identities = true, nil
	}
}

func (in *incident) drop(l *link) {
	if i := slices.Index(in.Links, l); i >= 0 {
		in.Links = slices.Delete(in.Links, i, i+1)
	}
}

// advance ends the incidents that nothing can be added to any more.
func (g *groups) advance(now time.Time) (news []Shown) {
	if now.Before(g.sweep) {
		return nil
	}
	g.sweep = now.Add(max(g.Idle/60, time.Second))
	over := now.Add(-g.Idle - g.Slack)
	for key, links := range g.links {
		left := links[:0]
		for _, l := range links {
			if l.Last.Before(over) {
				l.in.drop(l)
			} else {
				left = append(left, l)
			}
		}
		clear(links[len(left):])
		if len(left) == 0 {
			delete(g.links, key)
		} else {
			g.links[key] = left
		}
	}
	for _, in := range g.inOrder() {
		if in.Last.Before(over) {
			news = append(news, g.end(in)...)
		}
	}
	return news
}

// end forgets an incident, and tells of it if it was told of before.
func (g *groups) end(in *incident) []Shown {
	delete(g.open, in.ID)
	for _, l := range in.Links {
		links := g.links[l.Key]
		if i := slices.Index(links, l); i >= 0 {
			links = slices.Delete(links, i, i+1)
		}
		if len(links) == 0 {
			delete(g.links, l.Key)
		} else {
			g.links[l.Key] = links
		}
	}
	in.Links = nil
	if in.Told.Times == 0 {
		return nil
	}
	return []Shown{in.tell(Ended, nil)}
}

// force ends the incident that is idle the longest.
func (g *groups) force() []Shown {
	g.forced++
	var oldest *incident
	for _, in := range g.open {
		if oldest == nil || cmp.Or(in.Last.Compare(oldest.Last), strings.Compare(in.ID, oldest.ID)) < 0 {
			oldest = in
		}
	}
	return g.end(oldest)
}

// inOrder lists the open incidents by the time at which they began.
func (g *groups) inOrder() []*incident {
	all := make([]*incident, 0, len(g.open))
	for _, in := range g.open {
		all = append(all, in)
	}
	slices.SortFunc(all, func(a, b *incident) int { return cmp.Or(a.First.Compare(b.First), strings.Compare(a.ID, b.ID)) })
	return all
}

// standing tells how the incidents stand that were told of and are open.
func (g *groups) standing() (out []Shown) {
	for _, in := range g.inOrder() {
		if in.Told.Times > 0 {
			out = append(out, in.tell(StillOpen, nil))
		}
	}
	return out
}
