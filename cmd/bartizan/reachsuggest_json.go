package main

import (
	"time"

	"github.com/bartizan-dev/bartizan"
)

// The documents of reach suggest -o json. Their field names are stable.
type (
	suggestDoc struct {
		grantHead
		Flows    int             `json:"flows"`
		First    string          `json:"first,omitempty"`
		Last     string          `json:"last,omitempty"`
		Policies []suggestPolicy `json:"policies"`
		Beyond   []suggestExcess `json:"beyond"`
		Left     []suggestLeft   `json:"left"`
		Warnings []string        `json:"warnings"`
		Gaps     []grantGap      `json:"gaps"`
	}
	suggestPolicy struct {
		Policy    grantRef   `json:"policy"`
		Workloads []grantRef `json:"workloads"`
		Flows     int        `json:"flows"`
		Seen      int        `json:"seen"`
		Once      int        `json:"once"`
		Unseen    float64    `json:"unseen"` // the estimated share of connections that are of flows not seen yet
		YAML      string     `json:"yaml"`
	}
	suggestExcess struct {
		From  string       `json:"from"`
		To    string       `json:"to"`
		Ports []reachPorts `json:"ports"`
		New   bool         `json:"new"` // it was not allowed before
	}
	suggestLeft struct {
		Workload grantRef `json:"workload"`
		Reason   string   `json:"reason"`
		Flows    bool     `json:"flows"` // it has flows all the same
	}
)

func (s *suggested) document() suggestDoc {
	r := s.result
	d := suggestDoc{
		grantHead: grantHead{grantSchema}, Flows: r.Flows, Policies: []suggestPolicy{}, Beyond: []suggestExcess{}, Left: []suggestLeft{},
		Warnings: append([]string{}, r.Warnings...), Gaps: gapsOf(s.gaps),
	}
	if !r.From.IsZero() {
		d.First, d.Last = r.From.Format(time.RFC3339), r.To.Format(time.RFC3339)
	}
	for _, p := range r.Policies {
		x := suggestPolicy{Policy: refOf(p.Ref, bartizan.Origin{}, false), Flows: p.Flows, Seen: p.Seen, Once: p.Once, Unseen: p.Unseen, YAML: p.Text}
		for _, w := range p.Workloads {
			x.Workloads = append(x.Workloads, refOf(w, bartizan.Origin{}, false))
		}
		d.Policies = append(d.Policies, x)
	}
	for _, x := range r.Beyond {
		d.Beyond = append(d.Beyond, suggestExcess{x.From, x.To, reachPortsOf(x.Ports), x.New})
	}
	for _, l := range r.Left {
		d.Left = append(d.Left, suggestLeft{refOf(l.Workload, bartizan.Origin{}, false), l.Reason, l.Flows})
	}
	return d
}
