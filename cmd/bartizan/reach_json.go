package main

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// The documents of reach -o json. Their field names are stable.
type (
	reachRule struct {
		Policy    grantRef `json:"policy"`
		Direction string   `json:"direction"`
		Tier      string   `json:"tier"`
		Action    string   `json:"action"`
		Rule      int      `json:"rule"` // from 0 in its direction; -1: the policy selects the pod
		Name      string   `json:"name,omitempty"`
		Maybe     bool     `json:"maybe,omitempty"`
		Why       string   `json:"why,omitempty"`
		File      string   `json:"file,omitempty"`
		Line      int      `json:"line,omitempty"`
		Requests  []string `json:"requests,omitempty"` // the only ones that the rule lets through, in words
	}
	reachSide struct {
		Verdict  string      `json:"verdict"`
		Reason   string      `json:"reason"`
		Rules    []reachRule `json:"rules"`
		Requests []string    `json:"requests,omitempty"` // the only ones that are let through, in words
	}
	reachPorts struct {
		Protocol string `json:"protocol"`
		Port     int    `json:"port"` // 0: every port
		EndPort  int    `json:"endPort,omitempty"`
	}
	reachCanDoc struct {
		grantHead
		From    string       `json:"from"`
		To      string       `json:"to"`
		Port    string       `json:"port"`
		Ports   []reachPorts `json:"ports"`
		Verdict string       `json:"verdict"`
		Reason  string       `json:"reason"`
		Partly  bool         `json:"partly,omitempty"`
		Only    *reachOnly   `json:"only,omitempty"`
		Egress  reachSide    `json:"egress"`
		Ingress reachSide    `json:"ingress"`
		Notes   []string     `json:"notes,omitempty"`
		Gaps    []grantGap   `json:"gaps"`
	}
	reachOnly struct {
		From  string       `json:"from"`
		To    string       `json:"to"`
		Ports []reachPorts `json:"ports,omitempty"`
	}
	reachGroup struct {
		Names      []string   `json:"names"`
		EveryPod   bool       `json:"everyPod,omitempty"`
		Namespaces []string   `json:"namespaces,omitempty"`
		Workloads  []grantRef `json:"workloads,omitempty"`
		Nodes      bool       `json:"nodes,omitempty"`
		Internet   bool       `json:"internet,omitempty"`
		Anywhere   bool       `json:"anywhere,omitempty"`
		CIDRs      []string   `json:"cidrs,omitempty"`
		Except     []string   `json:"except,omitempty"`
	}
	reachConnection struct {
		From    reachGroup   `json:"from"`
		To      reachGroup   `json:"to"`
		Ports   []reachPorts `json:"ports"`
		Verdict string       `json:"verdict"`
	}
	reachListDoc struct {
		grantHead
		Pods        int               `json:"pods"`
		Connections []reachConnection `json:"connections"`
		Faults      []reachFault      `json:"faults"`
		Gaps        []grantGap        `json:"gaps"`
	}
	reachFault struct {
		Code      reach.FaultCode `json:"code"`
		Policy    grantRef        `json:"policy"`
		Direction string          `json:"direction,omitempty"`
		Rule      int             `json:"rule"`
		Message   string          `json:"message"`
		File      string          `json:"file,omitempty"`
		Line      int             `json:"line,omitempty"`
	}
	reachCheckDoc struct {
		grantHead
		Faults []reachFault `json:"faults"`
		Gaps   []grantGap   `json:"gaps"`
	}
	reachChange struct {
		From  reachGroup   `json:"from"`
		To    reachGroup   `json:"to"`
		Ports []reachPorts `json:"ports"`
		Old   string       `json:"old"`
		New   string       `json:"new"`
	}
	reachDiffDoc struct {
		grantHead
		Opened []reachChange `json:"opened"`
		Closed []reachChange `json:"closed"`
		Gaps   []grantGap    `json:"gaps"`
	}
	reachWayIn struct {
		Via     string     `json:"via"`
		Object  grantRef   `json:"object"`
		Port    reachPorts `json:"port"`
		Hosts   []string   `json:"hosts,omitempty"`
		Sources []string   `json:"sources,omitempty"`
		To      grantRef   `json:"to"`
		ToPort  reachPorts `json:"toPort"`
		Verdict string     `json:"verdict"`
		Reason  string     `json:"reason"`
		Note    string     `json:"note,omitempty"`
		// Internal: open within the provider's network only.
		Internal bool        `json:"internal,omitempty"`
		Rules    []reachRule `json:"rules"`
	}
	reachBetween struct {
		From      string       `json:"from"`
		To        string       `json:"to"` // "" is the internet
		Ports     []reachPorts `json:"ports"`
		Whole     bool         `json:"whole"`
		Workloads []grantRef   `json:"workloads,omitempty"`
		Verdict   string       `json:"verdict"` // allowed or unknown
	}
	reachExposureDoc struct {
		grantHead
		Exposures  []reachWayIn   `json:"exposures"`
		Namespaces []reachBetween `json:"namespaces"`
		Faults     []reachFault   `json:"faults"`
		Gaps       []grantGap     `json:"gaps"`
	}
)

func reachRuleOf(list []reach.Decision) []reachRule {
	out := make([]reachRule, 0, len(list))
	for _, d := range list {
		out = append(out, reachRule{
			Policy: refOf(d.Policy, bartizan.Origin{}, false), Direction: d.Direction.String(), Tier: d.Tier.String(), Action: d.Action.String(),
			Rule: d.Rule, Name: d.Name, Maybe: d.Maybe, Why: d.Why, File: d.Origin.File, Line: d.Origin.Line, Requests: d.Requests,
		})
	}
	return out
}

func reachPortsOf(list []reach.Port) []reachPorts {
	out := make([]reachPorts, 0, len(list))
	for _, p := range list {
		out = append(out, reachPorts{p.Protocol.String(), int(p.Number), int(p.End)})
	}
	return out
}

func reachSideOf(s reach.Side) reachSide {
	return reachSide{s.Verdict.String(), s.Reason, reachRuleOf(s.Decisions), s.Requests}
}

func gapsOf(list []bartizan.Gap) []grantGap {
	out := []grantGap{}
	for _, g := range list {
		out = append(out, grantGap{g.Origin.File, g.Origin.Line, g.Origin.Source, g.Reason})
	}
	return out
}

func (r *reached) canDocument(args []string, a reach.Answer) reachCanDoc {
	d := reachCanDoc{
		grantHead: grantHead{grantSchema}, From: args[0], To: args[1], Port: args[2], Ports: reachPortsOf(a.Ports), Verdict: a.Verdict.String(),
		Reason: a.Reason, Partly: a.Partly, Egress: reachSideOf(a.Egress), Ingress: reachSideOf(a.Ingress), Notes: a.Notes, Gaps: gapsOf(r.gaps),
	}
	if a.Partly && a.From+a.To != "" {
		d.Only = &reachOnly{From: a.From, To: a.To}
		if len(a.OnlyPorts) > 0 {
			d.Only.Ports = reachPortsOf(a.OnlyPorts)
		}
	}
	return d
}

func reachGroupOf(g *reach.Group) reachGroup {
	out := reachGroup{Names: g.Names(), EveryPod: g.EveryPod, Namespaces: g.Namespaces, Nodes: g.Nodes, Internet: g.Internet || g.Internet4 || g.Internet6, Anywhere: g.Everywhere}
	for _, w := range append(append([]bartizan.Ref(nil), g.Workloads...), g.Hosts...) {
		out.Workloads = append(out.Workloads, refOf(w, bartizan.Origin{}, false))
	}
	for _, p := range g.Prefixes {
		out.CIDRs = append(out.CIDRs, p.String())
	}
	for _, p := range g.Except {
		out.Except = append(out.Except, p.String())
	}
	return out
}

func (r *reached) listDocument(list []reach.Connection) reachListDoc {
	d := reachListDoc{
		grantHead: grantHead{grantSchema}, Pods: r.model.PodCount(), Connections: []reachConnection{}, Faults: r.faultsOf(), Gaps: gapsOf(r.gaps),
	}
	for i := range list {
		c := &list[i]
		d.Connections = append(d.Connections, reachConnection{reachGroupOf(&c.From), reachGroupOf(&c.To), reachPortsOf(c.Ports), c.Verdict.String()})
	}
	return d
}

func (r *reached) faultsOf() []reachFault {
	out := []reachFault{}
	for _, x := range r.model.Faults() {
		f := reachFault{Code: x.Code, Policy: refOf(x.Policy, bartizan.Origin{}, false), Rule: x.Rule, Message: x.Message, File: x.Origin.File, Line: x.Origin.Line}
		if x.Rule >= 0 {
			f.Direction = x.Direction.String()
		}
		out = append(out, f)
	}
	return out
}

func reachChangesOf(list []reach.Flow) []reachChange {
	out := []reachChange{}
	for i := range list {
		f := &list[i]
		out = append(out, reachChange{reachGroupOf(&f.From), reachGroupOf(&f.To), reachPortsOf(f.Ports), f.Old.String(), f.New.String()})
	}
	return out
}

func (r *reached) exposureDocument(ways []reach.Exposure, spaces []reach.NamespaceReach) reachExposureDoc {
	d := reachExposureDoc{grantHead: grantHead{grantSchema}, Exposures: []reachWayIn{}, Namespaces: []reachBetween{}, Faults: r.faultsOf(), Gaps: gapsOf(r.gaps)}
	one := func(p reach.Port) reachPorts { return reachPortsOf([]reach.Port{p})[0] }
	for _, e := range ways {
		w := reachWayIn{
			Via: e.Via, Object: refOf(e.Object, e.Origin, false), Port: one(e.Port), Hosts: e.Hosts, To: refOf(e.To, bartizan.Origin{}, false),
			ToPort: one(e.ToPort), Verdict: e.Verdict.String(), Reason: e.Reason, Note: e.Note, Internal: e.Internal, Rules: reachRuleOf(e.Rules),
		}
		for _, p := range e.Sources {
			w.Sources = append(w.Sources, p.String())
		}
		d.Exposures = append(d.Exposures, w)
	}
	for _, n := range spaces {
		b := reachBetween{From: n.From, To: n.To, Ports: reachPortsOf(n.Ports), Whole: n.Whole, Verdict: n.Verdict.String()}
		if !n.Whole {
			for _, w := range n.Workloads {
				b.Workloads = append(b.Workloads, refOf(w, bartizan.Origin{}, false))
			}
		}
		d.Namespaces = append(d.Namespaces, b)
	}
	return d
}
