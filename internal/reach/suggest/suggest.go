package suggest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
)

// Enough is how long flows must have been recorded before what happens once a week can be supposed to be in them.
const Enough = 7 * 24 * time.Hour

// Policy is a NetworkPolicy for the pods of a workload.
type Policy struct {
	Ref       bartizan.Ref
	Workloads []bartizan.Ref // more than one where their labels are the same
	Text      string         // the object in YAML, with comments
	Flows     int            // different peers and ports
	Seen      int            // connections
	Once      int            // flows that were seen one single time
	Unseen    float64        // the estimated share of connections that are of flows not seen yet (Good and Turing)
}

// Left is a workload that gets no policy.
type Left struct {
	Workload bartizan.Ref
	Reason   string
	Flows    bool // it has flows all the same
}

// Excess is what policies let through that was not observed.
type Excess struct {
	From, To string
	Ports    []reach.Port
	New      bool // it was not let through before
}

// Result is what New suggests.
type Result struct {
	Policies []Policy
	Left     []Left
	Beyond   []Excess
	Warnings []string
	Flows    int // different flows between workloads and addresses, each of which was checked
	From     time.Time
	To       time.Time
}

// peer is an end of a link: a group, or an address where group is -1.
type peer struct {
	group   int
	address netip.Addr
}

// link is an observed flow between groups and addresses.
type link struct {
	from, to peer
	port     reach.Port
}

// observed is how a link was seen.
type observed struct {
	count    int
	from, to int // a pod at each end that has it, -1 for an address
	requests []Request
	many     bool // there were more, or such that no rule can be written for
}

type maker struct {
	place
	world    *world.World
	options  reach.Options
	links    map[link]*observed
	order    []link
	held     map[int]string // groups that get no policy although they have flows
	has      map[int]bool   // groups with flows
	policied map[int]bool
	result   *Result
	dialect  Dialect
	written  []tree.Node             // the policies as read back
	ruling   map[ruled][]tree.Node   // the rules that they hold
	asking   map[ruled]*requests     // and what those are for requests, as far as it was asked
	named    map[netip.Addr][]string // names of addresses that are allowed by name
}

// New suggests policies for what was observed in a World and proves them. An error says which observed flow the
// policies would cut: then nothing may be applied.
func New(w *world.World, log *Log, o reach.Options, d Dialect) (*Result, error) {
	k := &maker{
		world: w, options: o, links: map[link]*observed{}, held: map[int]string{}, has: map[int]bool{}, policied: map[int]bool{},
		result: &Result{From: log.First, To: log.Last}, dialect: d, named: map[netip.Addr][]string{},
	}
	before := reach.New(w, o)
	k.place = *newPlace(k, before, o.PodCIDRs)
	for i := range log.Flows {
		k.add(&log.Flows[i])
	}
	k.result.Flows = len(k.order)
	k.choose()
	k.write()
	after, err := k.overlaid()
	if err != nil {
		return nil, err
	}
	if err := k.prove(before, after); err != nil {
		return nil, err
	}
	k.beyond(before, after)
	k.warn(log, after)
	return k.result, nil
}

// add takes a flow in.
func (k *maker) add(f *Flow) {
	to, whyTo := k.find(f.To)
	if f.From.Local && whyTo == "" {
		return
	}
	from, whyFrom := k.find(f.From)
	if why := strings.TrimPrefix(strings.Join([]string{whyFrom, whyTo}, "; "), "; "); why != "" {
		why = strings.TrimSuffix(why, "; ")
		k.hold(from, f, why)
		k.hold(to, f, why)
		if from.group < 0 && to.group < 0 {
			k.result.Warnings = append(k.result.Warnings, fmt.Sprintf("line %d is left out: %s", f.Line, why))
		}
		return
	}
	if from.group < 0 && to.group < 0 || k.local(f, from, to) {
		return
	}
	l := link{peer{from.group, from.address}, peer{to.group, to.address}, f.Port}
	seen := k.links[l]
	if seen == nil {
		seen = &observed{from: from.pod, to: to.pod}
		k.links[l] = seen
		k.order = append(k.order, l)
	}
	seen.take(f)
	if k.dialect == Cilium && to.group < 0 && len(f.Names) > 0 {
		k.named[to.address] = f.Names
	}
	for _, e := range []end{from, to} {
		if e.group >= 0 {
			k.has[e.group] = true
		}
	}
}

// take adds what was seen of a flow.
func (x *observed) take(f *Flow) {
	x.count += f.Count
	x.many = x.many || f.Many
	for _, r := range f.Requests {
		if !slices.Contains(x.requests, r) {
			x.requests = append(x.requests, r)
		}
	}
}

func (k *maker) hold(e end, f *Flow, why string) {
	groups := e.maybe
	if e.group >= 0 {
		groups = []int{e.group}
	}
	for _, g := range groups {
		k.has[g] = true
		if k.held[g] == "" {
			k.held[g] = fmt.Sprintf("the policy would cut the flow of line %d: %s", f.Line, why)
		}
	}
}

// choose decides which groups get a policy.
func (k *maker) choose() {
	for i, g := range k.groups {
		reason := ""
		switch {
		case g.host:
			reason = "it is on its node's network, where policies do not reach"
		case !k.has[i]:
			reason = "no flow was observed"
		case g.dns:
			reason = "every pod asks it for names, observed or not"
		case k.held[i] != "":
			reason = k.held[i]
		default:
			k.policied[i] = true
			continue
		}
		for _, w := range g.workloads {
			k.result.Left = append(k.result.Left, Left{w, reason, k.has[i]})
		}
	}
	slices.SortFunc(k.order, func(a, b link) int { return a.compare(b) })
}
