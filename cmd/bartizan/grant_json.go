package main

import (
	"encoding/json"
	"io"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
)

// writeJSON writes a document as the machine-readable outputs do.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// The documents of grant -o json. Their field names are stable.
type (
	grantRef struct {
		Kind      bartizan.Kind `json:"kind"`
		Namespace string        `json:"namespace"`
		Name      string        `json:"name"`
		File      string        `json:"file,omitempty"`
		Line      int           `json:"line,omitempty"`
		Builtin   bool          `json:"builtin,omitempty"`
	}
	grantRule struct {
		Index           int      `json:"index"` // from 0, in the role
		Verbs           []string `json:"verbs"`
		APIGroups       []string `json:"apiGroups,omitempty"`
		Resources       []string `json:"resources,omitempty"`
		ResourceNames   []string `json:"resourceNames,omitempty"`
		NonResourceURLs []string `json:"nonResourceURLs,omitempty"`
		File            string   `json:"file,omitempty"`
		Line            int      `json:"line,omitempty"`
		AggregatedFrom  string   `json:"aggregatedFrom,omitempty"`
		Builtin         bool     `json:"builtin,omitempty"`
	}
	grantBy struct {
		Subject   grantPrincipal `json:"subject"`
		Namespace string         `json:"namespace"` // "" everywhere
		Binding   grantRef       `json:"binding"`
		Role      grantRef       `json:"role"`
		Rule      grantRule      `json:"rule"`
		Disputed  bool           `json:"disputed,omitempty"`
	}
	grantPrincipal struct {
		Kind string `json:"kind"` // User or Group
		Name string `json:"name"`
	}
	grantSubject struct {
		User   string   `json:"user"`
		Groups []string `json:"groups"`
	}
	grantQuestion struct {
		Verb        string `json:"verb"`
		Group       string `json:"group"`
		Resource    string `json:"resource,omitempty"`
		Subresource string `json:"subresource,omitempty"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name,omitempty"`
		URL         string `json:"url,omitempty"`
	}
	grantFault struct {
		Code    grant.FaultCode `json:"code"`
		Subject grantRef        `json:"subject"`
		Message string          `json:"message"`
	}
	grantGap struct {
		File   string `json:"file"`
		Line   int    `json:"line"`
		Source string `json:"source"`
		Reason string `json:"reason"`
	}
	// grantHead and grantTail are what all documents share.
	grantHead struct {
		Schema string `json:"schema"`
	}
	grantTail struct {
		Faults []grantFault `json:"faults"`
		Gaps   []grantGap   `json:"gaps"`
	}
	canDoc struct {
		grantHead
		Subject  grantSubject  `json:"subject"`
		Question grantQuestion `json:"question"`
		Verdict  string        `json:"verdict"`
		Reason   string        `json:"reason"`
		By       []grantBy     `json:"by"`
		grantTail
	}
	whoDoc struct {
		grantHead
		Question grantQuestion   `json:"question"`
		Allowed  []grantIdentity `json:"allowed"`
		Partly   []grantIdentity `json:"partly"`
		Unknown  []grantIdentity `json:"unknown"`
		By       []grantBy       `json:"by"`
		grantTail
	}
	ofDoc struct {
		grantHead
		Subject    grantSubject `json:"subject"`
		Everything bool         `json:"everything"`
		By         []grantBy    `json:"by"`
		NodeReads  []grantRef   `json:"nodeReads,omitempty"`
		Doubts     []string     `json:"doubts"`
		grantTail
	}
	grantIdentity struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
		Read      bool   `json:"read"`             // an object of it was read
		Reason    string `json:"reason,omitempty"` // of an unknown one
	}
)

// grantSchema names the form of the documents.
const grantSchema = "bartizan.dev/v1"

func refOf(r bartizan.Ref, o bartizan.Origin, builtin bool) grantRef {
	if builtin {
		o = bartizan.Origin{}
	}
	return grantRef{Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, File: o.File, Line: o.Line, Builtin: builtin}
}

func byOf(list []grant.Grant) []grantBy {
	out := make([]grantBy, 0, len(list))
	for i := range list {
		g := &list[i]
		at := g.Rule.Origin
		if g.Builtin {
			at = bartizan.Origin{}
		}
		b := grantBy{
			Subject: grantPrincipal{"User", g.Via.Name}, Namespace: g.Namespace, Binding: refOf(g.Binding, g.Bound, g.BuiltinBinding),
			Role: refOf(g.Role, g.RoleOrigin, g.RoleBuiltin), Disputed: g.Disputed,
			Rule: grantRule{
				Index: g.Rule.Index, Verbs: g.Rule.Verbs, APIGroups: g.Rule.APIGroups, Resources: g.Rule.Resources,
				ResourceNames: g.Rule.ResourceNames, NonResourceURLs: g.Rule.NonResourceURLs, File: at.File, Line: at.Line,
				AggregatedFrom: g.Source.Name, Builtin: g.Builtin,
			},
		}
		if g.Via.Group {
			b.Subject.Kind = "Group"
		}
		out = append(out, b)
	}
	return out
}

func (a *asked) tail() grantTail {
	t := grantTail{Faults: []grantFault{}, Gaps: []grantGap{}}
	for _, f := range a.model.Faults() {
		t.Faults = append(t.Faults, grantFault{f.Code, refOf(f.Subject, f.Origin, false), f.Message})
	}
	for _, g := range a.gaps {
		t.Gaps = append(t.Gaps, grantGap{g.Origin.File, g.Origin.Line, g.Origin.Source, g.Reason})
	}
	return t
}

func questionOf(r grant.Request) grantQuestion {
	return grantQuestion{r.Verb, r.Group, r.Resource, r.Subresource, r.Namespace, r.Name, r.Path}
}

func subjectOf(s grant.Subject) grantSubject {
	return grantSubject{s.User, append([]string{}, s.Groups...)}
}

func canDocument(a *asked, s grant.Subject, r grant.Request, answer grant.Answer) canDoc {
	return canDoc{
		grantHead{grantSchema}, subjectOf(s), questionOf(r), answer.Verdict.String(), answer.Reason, byOf(answer.By), a.tail(),
	}
}

func whoDocument(a *asked, e everybody) whoDoc {
	list := func(in []grant.Identity, why bool) []grantIdentity {
		out := make([]grantIdentity, 0, len(in))
		for _, x := range in {
			id := grantIdentity{Kind: x.Kind.String(), Namespace: x.Ref.Namespace, Name: x.Ref.Name, Read: x.Read}
			if why {
				id.Reason = a.doubt(e, x)
			}
			out = append(out, id)
		}
		return out
	}
	return whoDoc{
		grantHead{grantSchema}, questionOf(e.request), list(e.allowed, false), list(e.partly, false), list(e.unknown, true), byOf(e.grants), a.tail(),
	}
}

func ofDocument(a *asked, s grant.Subject, held []grant.Grant, doubts []string) ofDoc {
	d := ofDoc{grantHead: grantHead{grantSchema}, Subject: subjectOf(s), By: byOf(held), Doubts: append([]string{}, doubts...), grantTail: a.tail()}
	for _, g := range s.Groups {
		d.Everything = d.Everything || g == grant.GroupMasters
	}
	if node, ok := s.Node(); ok {
		for _, r := range a.model.NodeReads(node) {
			d.NodeReads = append(d.NodeReads, refOf(r, bartizan.Origin{}, false))
		}
	}
	return d
}
