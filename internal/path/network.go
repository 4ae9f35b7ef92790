package path

import (
	"iter"
	"net/netip"
	"strconv"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/rule"
)

// network answers edges from the model of reach.
type network struct {
	in    Input
	pods  *pods
	model func() *reach.Model
	found []rule.Exposure
	once  sync.Once
	// policies are the policies by namespace; those that may bear on all of them under "".
	policies map[string][]*kube.Object
	sorted   sync.Once
	proving  sync.Mutex
	proofs   map[proofKey]proved // which candidates end a flow, by the classes of its ends
	index    map[bartizan.Ref]int
}

// newModel begins to make the model of reach, which takes a while; the function that it gives waits for it.
func newModel(in Input) func() *reach.Model {
	model := sync.OnceValue(func() *reach.Model {
		return reach.New(in.World, reach.Options{Complete: in.Complete})
	})
	go model()
	return model
}

// Exposed is rule.Network.
func (n *network) Exposed() iter.Seq[rule.Exposure] {
	n.once.Do(func() { n.found = n.exposures() })
	return func(yield func(rule.Exposure) bool) {
		for _, e := range n.found {
			if !yield(e) {
				return
			}
		}
	}
}

// Opens is rule.Network.
func (n *network) Opens(from, to *rule.Pod, port int) rule.Answer {
	a, answer := n.answer(reach.Workload(from.Object.Ref()), reach.Workload(to.Object.Ref()), port)
	if a.Verdict != rule.ReachNo {
		a.Fixes = n.closing(from, to, port, &answer)
	}
	return a
}

// Outside is rule.Network.
func (n *network) Outside(from *rule.Pod, address string, port int) rule.Answer {
	peer := reach.Node(address)
	ip, err := netip.ParseAddr(address)
	if err == nil {
		peer = reach.Host(ip)
	}
	a, answer := n.answer(reach.Workload(from.Object.Ref()), peer, port)
	if a.Verdict != rule.ReachNo && err == nil && !from.HostNetwork {
		a.Fixes = n.keeping(from, ip, port, &answer)
	}
	return a
}

func (n *network) ask(from, to reach.Peer, port int) rule.Answer {
	a, _ := n.answer(from, to, port)
	return a
}

func (n *network) answer(from, to reach.Peer, port int) (rule.Answer, reach.Answer) {
	a := n.model().Can(from, to, reach.Port{Number: uint16(port)})
	out := rule.Answer{Reason: a.Reason}
	switch a.Verdict {
	case reach.Allowed:
		out.Verdict = rule.ReachYes
	case reach.Denied:
		out.Verdict = rule.ReachNo
	}
	for _, side := range []reach.Side{a.Egress, a.Ingress} {
		for _, d := range side.Decisions {
			if d.Action == reach.Allow && d.Rule >= 0 {
				out.Why = append(out.Why, bartizan.Evidence{
					Path: "/spec/" + d.Direction.String() + "/" + strconv.Itoa(d.Rule), Value: d.Policy.String(), Origin: d.Origin,
				})
			}
		}
	}
	return out, a
}
