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
	position  int       // in the list of policies
}

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

	yes, may bits // the peers it surely and perhaps matches; made when first asked for
}

// peer selects one end of connections. At most one of its forms is set.
type peer struct {
	namespaces *selector // pods of these namespaces; nil for the policy's own
	pods       *selector // of these, the pods so labelled; nil for all
	block      *block
	nodes      *selector
	domains    []string
	broken     string // why it cannot be read
	selects    bool   // it selects pods
	origin     bartizan.Origin
}

// maxima bound what one policy and all of them may hold.
const (
	maxRules     = 20_000
	maxPeers     = 200_000
	maxPorts     = 100_000
	maxPolicies  = 200_000
	maxTotalCIDR = 200_000
)
