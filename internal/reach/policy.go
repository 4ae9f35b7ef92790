package reach

import (
	"github.com/bartizan-dev/bartizan"
)

// policy is one policy of any kind, in the form that the engine evaluates.
type policy struct {
	ref       bartizan.Ref
	origin    bartizan.Origin
	tier      Tier
	priority  int
	namespace string // whose pods it may select; "" for every namespace
	subject   peer   // whom it selects; of a pod selector only
	isolates  [2]bool
	rules     [2][]rule // by Direction
	doubt     string    // why it is not known whether the policy is in force as it was read
	cilium    bool      // it is one of Cilium's
	part      int       // of an object that holds several policies
	position  int       // in the list of policies
}

// speaks says whether a policy has a say in a direction.
func (p *policy) speaks(dir Direction) bool { return p.isolates[dir] || len(p.rules[dir]) > 0 }

// rule is one rule of a policy.
type rule struct {
	action  Action
	index   int // in its direction, as written
	name    string
	anyPeer bool
	peers   []peer
	ports   portSpec
	origin  bartizan.Origin
	doubt   string // why it is not known whether the rule matches
	list    string // the list it stands in, where a direction has several
	except  []peer // those that it does not match
	proxied bool   // requests go through a proxy, which learns from them
	icmp    bool   // it is about messages that have no ports
	// requests are the only ones that a rule lets through of what it matches; none for all.
	requests []string

	yes, may bits // the peers it surely and perhaps matches; made when first asked for
}

// peer selects one end of connections. At most one of its forms is set.
type peer struct {
	namespaces *selector // pods of these namespaces; nil for the policy's own
	pods       *selector // of these, the pods so labelled; nil for all
	block      *block
	nodes      *selector
	domains    []string
	scope      scope  // of block: whose addresses count
	entity     string // what Cilium calls by a name
	own        bool   // nodes as seen from their own pods, too
	guess      string // perhaps any outside address: why
	anything   string // perhaps anything: why
	maybe      string // it matches perhaps only: why
	broken     string // why it cannot be read
	selects    bool   // it selects pods
	origin     bartizan.Origin
}

// scope says whose addresses a block is about.
type scope uint8

const (
	scopeAll      scope = iota // everyone's
	scopeOutside               // those that are no pod's; a node's if Cilium is told so
	scopeMachines              // those that are no pod's
)

// maxima bound what one policy and all of them may hold.
const (
	maxRules     = 20_000
	maxPeers     = 200_000
	maxPorts     = 100_000
	maxPolicies  = 200_000
	maxTotalCIDR = 200_000
)
