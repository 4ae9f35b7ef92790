package reach

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// Verdict is the answer to whether a connection can be made.
type Verdict uint8

// The verdicts. Unknown is the zero value.
const (
	Unknown Verdict = iota
	Allowed
	Denied
)

// String is the verdict in lower case.
func (v Verdict) String() string { return [...]string{"unknown", "allowed", "denied"}[v] }

// Protocol is a transport protocol.
type Protocol uint8

// The protocols that policies tell apart. TCP is the zero value, as it is the API's default.
const (
	TCP Protocol = iota
	UDP
	SCTP
	protocols = 3
)

// String is the protocol's name as the API writes it.
func (p Protocol) String() string { return [...]string{"TCP", "UDP", "SCTP"}[p] }

// ParseProtocol reads a protocol's name; the empty name is TCP.
func ParseProtocol(s string) (Protocol, bool) {
	switch s {
	case "", "TCP":
		return TCP, true
	case "UDP":
		return UDP, true
	case "SCTP":
		return SCTP, true
	}
	return TCP, false
}

// Port is a port, a range of ports where End is not 0, or a port by the name that the destination gives it. The
// zero Number with no Name is every port of the protocol.
type Port struct {
	Protocol Protocol
	Number   uint16
	End      uint16
	Name     string
}

// ParsePort reads 5432, sql, UDP/53 or TCP/8000-8010.
func ParsePort(s string) (Port, error) {
	var p Port
	rest := s
	if head, tail, ok := strings.Cut(s, "/"); ok {
		proto, known := ParseProtocol(strings.ToUpper(head))
		if !known || head == "" {
			return p, fmt.Errorf("port %q: the protocol is TCP, UDP or SCTP, as in UDP/53", s)
		}
		p.Protocol, rest = proto, tail
	}
	if rest == "" {
		return p, fmt.Errorf("port %q: write a number, a range as 8000-8010, or a name, with an optional protocol as in UDP/53", s)
	}
	if rest == "*" {
		return p, nil
	}
	if rest[0] < '0' || rest[0] > '9' || strings.ContainsFunc(rest, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
		p.Name = rest
		return p, nil
	}
	low, high, ranged := strings.Cut(rest, "-")
	n, err := strconv.ParseUint(low, 10, 16)
	if err != nil || n == 0 {
		return p, fmt.Errorf("port %q: a number from 1 to 65535 is wanted", s)
	}
	p.Number = uint16(n)
	if ranged {
		e, err := strconv.ParseUint(high, 10, 16)
		if err != nil || e < n {
			return p, fmt.Errorf("port %q: the end of a range is a number from %d to 65535", s, n)
		}
		p.End = uint16(e)
	}
	return p, nil
}

// String writes the port as ParsePort reads it; TCP is left out.
func (p Port) String() string {
	s := ""
	switch {
	case p.Name != "":
		s = p.Name
	case p.Number == 0:
		s = "*"
	case p.End > p.Number:
		s = fmt.Sprintf("%d-%d", p.Number, p.End)
	default:
		s = strconv.Itoa(int(p.Number))
	}
	if p.Protocol != TCP || s == "*" {
		s = p.Protocol.String() + "/" + s
	}
	return s
}

// PeerKind says what a Peer is.
type PeerKind uint8

// The kinds of peers. A Somewhere peer is outside the pods and its address is not known.
const (
	Somewhere PeerKind = iota
	PodPeer            // a pod or a workload; Ref names it
	ServicePeer
	NodePeer
	AddressPeer
	InternetPeer
)

// Peer is one end of a connection.
type Peer struct {
	Kind   PeerKind
	Ref    bartizan.Ref // of a pod, workload, Service or node
	Prefix netip.Prefix // of an address
}

// Workload is the peer for a pod, a workload or a Service.
func Workload(ref bartizan.Ref) Peer {
	switch ref.Kind {
	case "Service":
		return Peer{Kind: ServicePeer, Ref: ref}
	case "Node":
		return Peer{Kind: NodePeer, Ref: ref}
	}
	return Peer{Kind: PodPeer, Ref: ref}
}

// Address is the peer for addresses.
func Address(p netip.Prefix) Peer { return Peer{Kind: AddressPeer, Prefix: p.Masked()} }

// Host is the peer for one address.
func Host(a netip.Addr) Peer { return Address(netip.PrefixFrom(a, a.BitLen())) }

// Internet is the peer for all addresses that are routed publicly.
func Internet() Peer { return Peer{Kind: InternetPeer} }

// Node is the peer for a node by name; the empty name stands for any node.
func Node(name string) Peer { return Peer{Kind: NodePeer, Ref: bartizan.Ref{Kind: "Node", Name: name}} }

// String names the peer.
func (p Peer) String() string {
	switch p.Kind {
	case InternetPeer:
		return "internet"
	case AddressPeer:
		if p.Prefix.IsSingleIP() {
			return p.Prefix.Addr().String()
		}
		return p.Prefix.String()
	case Somewhere:
		return "an address that is not known"
	}
	return p.Ref.String()
}

// Direction is the side of a connection that a rule is about.
type Direction uint8

// The directions.
const (
	Egress Direction = iota
	Ingress
)

// String is the direction in lower case.
func (d Direction) String() string { return [...]string{"egress", "ingress"}[d] }

// Action is what a rule does with what it matches.
type Action uint8

// The actions. NetworkPolicy has only Allow.
const (
	Allow Action = iota
	Deny
	Pass
)

// String is the action in lower case.
func (a Action) String() string { return [...]string{"allow", "deny", "pass"}[a] }

// Tier is the place of a policy in the order of evaluation.
type Tier uint8

// The tiers, first to last.
const (
	AdminTier Tier = iota
	NetworkTier
	BaselineTier
)

// String is the tier in lower case.
func (t Tier) String() string { return [...]string{"admin", "network policy", "baseline"}[t] }

// Decision is one rule that bears on an answer.
type Decision struct {
	Policy    bartizan.Ref
	Direction Direction
	Tier      Tier
	Action    Action
	Rule      int      // index of the rule in its direction, from 0; -1 for the policy's selecting the pod at all
	Name      string   // the rule's own name, if it has one
	Maybe     bool     // whether the rule matches is not known
	Why       string   // what is not known
	Requests  []string // the only ones that the rule lets through, in words; none for all
	Origin    bartizan.Origin
}

// Side is the verdict of the policies at one end.
type Side struct {
	Verdict   Verdict
	Reason    string
	Decisions []Decision
	// Requests are the only ones that rules let through of what they allow, in words; none for all.
	Requests []string
}

// Answer is the verdict on a connection, with the rules that decide.
type Answer struct {
	Verdict         Verdict
	Reason          string
	Egress, Ingress Side
	// Partly says that the answer holds for some of the addresses, pods or ports that were asked about, and not
	// for all; To and From are those it holds for.
	Partly   bool
	From, To string
	// OnlyPorts are those it holds for, if it holds for some of them only.
	OnlyPorts []Port
	// Ports are those asked about, resolved at the destination.
	Ports []Port
	// Notes are facts that bear on the use of the answer.
	Notes []string
}
