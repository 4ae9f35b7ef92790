package main

import (
	"encoding/json"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/path"
)

// The documents of path -o json. Their field names are stable.
type (
	pathRef struct {
		Kind      bartizan.Kind `json:"kind"`
		Namespace string        `json:"namespace"`
		Name      string        `json:"name"`
	}
	pathEvidence struct {
		Path   string `json:"path"`
		Value  string `json:"value"`
		File   string `json:"file,omitempty"`
		Line   int    `json:"line,omitempty"`
		Column int    `json:"column,omitempty"`
	}
	pathStep struct {
		Rule      string         `json:"rule"`
		Title     string         `json:"title"`
		Certainty string         `json:"certainty"`
		From      []pathRef      `json:"from"`
		To        pathRef        `json:"to"`
		Text      string         `json:"text"`
		Cost      int            `json:"cost"`
		Evidence  []pathEvidence `json:"evidence"`
	}
	pathOne struct {
		Severity   string     `json:"severity"`
		Target     string     `json:"target"`
		Reached    pathRef    `json:"reached"`
		Sources    []pathRef  `json:"sources"`
		Likelihood string     `json:"likelihood"`
		Cost       int        `json:"cost"` // three to a halving of the chance
		Score      int        `json:"score"`
		Steps      []pathStep `json:"steps"`
	}
	pathGap struct {
		Reason string `json:"reason"`
		File   string `json:"file,omitempty"`
		Line   int    `json:"line,omitempty"`
	}
	pathList struct {
		Schema string    `json:"schema"`
		Paths  []pathOne `json:"paths"`
		// ControlPlane is how many identities of the control plane are left out of the sources.
		ControlPlane int       `json:"controlPlane"`
		Gaps         []pathGap `json:"gaps"`
		Unknown      []string  `json:"unknown"` // bindings to roles that were not read: they may hide paths
	}
	pathFix struct {
		Target pathRef `json:"target"`
		Reason string  `json:"reason"`
		Unsafe string  `json:"unsafe,omitempty"`
		Cost   int     `json:"cost"`
		// Left is how many pairs of a source and a target are left after this fix and those before it.
		Left  *int      `json:"left,omitempty"`
		InUse []pathUse `json:"inUse"` // what it takes away and was seen in use
	}
	pathUse struct {
		Who   string `json:"who"`
		What  string `json:"what"`
		Count int64  `json:"count"`
		First string `json:"first,omitempty"`
		Last  string `json:"last,omitempty"`
		Doubt string `json:"doubt,omitempty"`
		Flow  bool   `json:"flow"`
	}
	pathSeen struct {
		Rights  int    `json:"rights"`  // kinds of requests that what was read allows
		Flows   int    `json:"flows"`   // flows of pods that were read
		Strange int    `json:"strange"` // what was seen and is not explained by what was read
		First   string `json:"first,omitempty"`
		Last    string `json:"last,omitempty"`
	}
	pathChange struct {
		Target pathRef         `json:"target"`
		Do     json.RawMessage `json:"do"`
		Undo   json.RawMessage `json:"undo,omitempty"`
		Reason string          `json:"reason"`
		Unsafe string          `json:"unsafe,omitempty"`
		File   string          `json:"file,omitempty"`
	}
	pathChoke struct {
		Thing   pathRef `json:"thing"`
		Sources int     `json:"sources"`
		Of      int     `json:"of"`
		Target  string  `json:"target"`
	}
	pathUncut struct {
		Source pathRef    `json:"source"`
		Target string     `json:"target"`
		Steps  []pathStep `json:"steps"`
	}
	pathCut struct {
		Schema   string       `json:"schema"`
		Optimal  bool         `json:"optimal"`
		Cost     int          `json:"cost"`
		Bound    int          `json:"bound"`
		Pairs    int          `json:"pairs"`             // of a source and a target it reaches
		LeftOut  int          `json:"leftOut"`           // pairs with far-fetched ways only
		Others   int          `json:"identitiesLeftOut"` // identities that reach a target and were not asked about
		Seen     *pathSeen    `json:"seen,omitempty"`
		Lost     int          `json:"lost"`     // rights and connections in use that the fixes take away
		Together []pathUse    `json:"together"` // those that no fix takes away alone
		Fixes    []pathFix    `json:"fixes"`
		Changes  []pathChange `json:"changes"`
		Chokes   []pathChoke  `json:"chokes"`
		Uncut    []pathUncut  `json:"uncut"`
		Gaps     []pathGap    `json:"gaps"`
		Unknown  []string     `json:"unknown"` // bindings to roles that were not read: they may hide paths
	}
)

const schemaV1 = "bartizan.dev/v1"

func refDocument(r bartizan.Ref) pathRef { return pathRef{r.Kind, r.Namespace, r.Name} }

func (w *pathWorld) gapDocuments() []pathGap {
	out := []pathGap{}
	for _, g := range w.gaps {
		out = append(out, pathGap{g.Reason, g.Origin.File, g.Origin.Line})
	}
	return out
}

func (w *pathWorld) unknownDocuments() []string { return append([]string{}, w.graph.Unknown()...) }

func stepDocuments(stages []path.Stage) []pathStep {
	out := []pathStep{}
	for _, st := range stages {
		s := pathStep{
			Rule: st.Rule, Title: st.Title, Certainty: st.Certainty, To: refDocument(st.To), Text: st.Text, Cost: st.Cost,
			From: []pathRef{}, Evidence: []pathEvidence{},
		}
		for _, r := range st.From {
			s.From = append(s.From, refDocument(r))
		}
		for _, e := range st.Evidence {
			s.Evidence = append(s.Evidence, pathEvidence{e.Path, e.Value, e.Origin.File, e.Origin.Line, e.Origin.Column})
		}
		out = append(out, s)
	}
	return out
}

func pathDocument(p *path.Path) pathOne {
	one := pathOne{
		Severity: p.Severity().String(), Target: p.Target.Name, Reached: refDocument(p.Reached), Likelihood: p.Likelihood(),
		Cost: p.Cost, Score: p.Score, Steps: stepDocuments(p.Stages),
	}
	for _, s := range p.Sources {
		one.Sources = append(one.Sources, refDocument(s))
	}
	return one
}

func (w *pathWorld) listDocument(paths []path.Path) pathList {
	d := pathList{Schema: schemaV1, Paths: []pathOne{}, ControlPlane: w.left, Gaps: w.gapDocuments(), Unknown: w.unknownDocuments()}
	for i := range paths {
		d.Paths = append(d.Paths, pathDocument(&paths[i]))
	}
	return d
}
