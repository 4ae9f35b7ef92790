package main

import (
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/grant/excess"
)

// The document of grant excess -o json. Its field names are stable.
type (
	excessDoc struct {
		grantHead
		Summary    excessSummary    `json:"summary"`
		Bindings   []excessBinding  `json:"bindings"`
		Identities []excessIdentity `json:"identities"`
		NeverSeen  []excessAbsent   `json:"neverSeen"`
		Proof      excessProof      `json:"proof"`
		Notes      []string         `json:"notes"`
		grantTail
	}
	excessSummary struct {
		Files         int     `json:"files"`
		Records       int64   `json:"records"`
		Requests      int64   `json:"requests"`
		Forbidden     int64   `json:"forbidden"`
		First         string  `json:"first"`
		Last          string  `json:"last"`
		WindowSeconds int64   `json:"windowSeconds"`
		TooShort      bool    `json:"tooShort"`
		Unseen        float64 `json:"unseen"` // Good-Turing
		Keep          int     `json:"keep"`
		Narrow        int     `json:"narrow"`
		Drop          int     `json:"drop"`
		Unknown       int     `json:"unknown"`
	}
	excessBinding struct {
		Binding     grantRef        `json:"binding"`
		Role        grantRef        `json:"role"`
		Verdict     string          `json:"verdict"`
		Reason      string          `json:"reason"`
		Doubts      []string        `json:"doubts"`
		Rights      int             `json:"rights"`
		UnusedCount int             `json:"unusedCount"`
		Subjects    []excessSubject `json:"subjects"`
		Used        []excessUse     `json:"used"`
		Unused      []excessRest    `json:"unused"`
		Replacement []excessObject  `json:"replacement"`
	}
	excessRest struct {
		grantRule
		Partly bool `json:"partly,omitempty"` // of what its wildcards stand for, something was used
	}
	excessSubject struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
		Needed    bool   `json:"needed"`
		Count     int64  `json:"count"`
		First     string `json:"first,omitempty"`
		Last      string `json:"last,omitempty"`
	}
	excessUse struct {
		grantQuestion
		User    string    `json:"user,omitempty"`
		AnyName bool      `json:"anyName,omitempty"`
		Count   int64     `json:"count"`
		First   string    `json:"first,omitempty"`
		Last    string    `json:"last,omitempty"`
		Implied string    `json:"implied,omitempty"`
		Reason  string    `json:"reason,omitempty"`
		Binding *grantRef `json:"binding,omitempty"`
		Rule    int       `json:"rule,omitempty"` // from 1
		Also    int       `json:"also,omitempty"` // other rules that allow it
	}
	excessObject struct {
		Kind      bartizan.Kind `json:"kind"`
		Namespace string        `json:"namespace"`
		Name      string        `json:"name"`
		YAML      string        `json:"yaml"`
	}
	excessIdentity struct {
		User        string               `json:"user"`
		Groups      []string             `json:"groups"`
		Requests    int64                `json:"requests"`
		Kinds       int                  `json:"kinds"`
		Once        int                  `json:"seenOnce"`
		Unseen      float64              `json:"unseen"`
		First       string               `json:"first,omitempty"`
		Last        string               `json:"last,omitempty"`
		Rights      int                  `json:"rights"`
		UnusedCount int                  `json:"unusedCount"`
		Used        []excessUse          `json:"used"`
		Unexplained []excessUse          `json:"unexplained"`
		Unused      []excessUnusedOfThem `json:"unused"`
	}
	excessUnusedOfThem struct {
		Binding grantRef     `json:"binding"`
		Rules   []excessRest `json:"rules"`
	}
	excessAbsent struct {
		Kind      string     `json:"kind"`
		Namespace string     `json:"namespace"`
		Name      string     `json:"name"`
		Bindings  []grantRef `json:"bindings"`
	}
	excessProof struct {
		Statement  string `json:"statement"`
		Replayed   int    `json:"replayed"`
		Requests   int64  `json:"requests"`
		Identities int    `json:"identities"`
		Denied     int    `json:"denied"` // always 0: otherwise nothing is proposed
		Roles      int    `json:"roles"`
		Subset     bool   `json:"subset"`
	}
)

func (x *excessAnswer) document() excessDoc {
	r := x.report
	d := excessDoc{
		grantHead: grantHead{grantSchema}, Bindings: []excessBinding{}, Identities: []excessIdentity{}, NeverSeen: []excessAbsent{},
		Notes: append([]string{}, r.Notes...), grantTail: x.tail(),
		Summary: excessSummary{
			Files: x.counts.Files, Records: r.Usage.Records, Requests: r.Usage.Requests, Forbidden: r.Usage.Forbidden, First: timeText(r.Usage.First),
			Last: timeText(r.Usage.Last), WindowSeconds: int64(r.Window / time.Second), TooShort: r.Short, Unseen: r.Unseen,
		},
		Proof: excessProof{
			Statement: r.Proof.Statement(), Replayed: r.Proof.Replayed, Requests: r.Proof.Requests, Identities: r.Proof.Identities, Roles: r.Proof.Roles, Subset: true,
		},
	}
	for _, g := range x.gaps {
		d.Gaps = append(d.Gaps, grantGap{g.Origin.File, g.Origin.Line, g.Origin.Source, g.Reason})
	}
	n := map[excess.Verdict]*int{excess.Keep: &d.Summary.Keep, excess.Narrow: &d.Summary.Narrow, excess.Drop: &d.Summary.Drop, excess.Unknown: &d.Summary.Unknown}
	for _, b := range r.Bindings {
		*n[b.Verdict]++
		d.Bindings = append(d.Bindings, bindingDoc(b))
	}
	for _, id := range r.Identities {
		d.Identities = append(d.Identities, identityDoc(id))
	}
	for _, a := range r.NeverSeen {
		out := excessAbsent{Kind: a.Identity.Kind.String(), Namespace: a.Identity.Ref.Namespace, Name: a.Identity.Ref.Name, Bindings: []grantRef{}}
		for _, b := range a.Bindings {
			out.Bindings = append(out.Bindings, refOf(b.Ref, b.Origin, false))
		}
		d.NeverSeen = append(d.NeverSeen, out)
	}
	return d
}

func bindingDoc(b *excess.Binding) excessBinding {
	d := excessBinding{
		Binding: refOf(b.Ref, b.Origin, false), Role: refOf(b.Role, b.RoleOrigin, b.Builtin), Verdict: b.Verdict.String(), Reason: b.Reason,
		Doubts: append([]string{}, b.Doubts...), Rights: b.Rights, UnusedCount: b.UnusedN, Subjects: []excessSubject{}, Used: usesDoc(b.Used),
		Unused: unusedDoc(b.Unused), Replacement: []excessObject{},
	}
	for _, s := range b.Subjects {
		d.Subjects = append(d.Subjects, excessSubject{s.Kind, s.Namespace, s.Name, s.Used, s.Count, timeText(s.First), timeText(s.Last)})
	}
	for _, o := range b.Objects {
		d.Replacement = append(d.Replacement, excessObject{o.Ref.Kind, o.Ref.Namespace, o.Ref.Name, o.Text})
	}
	return d
}

func identityDoc(id *excess.Identity) excessIdentity {
	d := excessIdentity{
		User: id.User, Groups: append([]string{}, id.Groups...), Requests: id.Requests, Kinds: id.Kinds, Once: id.Once, Unseen: id.Unseen,
		First: timeText(id.First), Last: timeText(id.Last), Rights: id.Rights, UnusedCount: id.UnusedN, Used: usesDoc(id.Used),
		Unexplained: usesDoc(id.Unexplained), Unused: []excessUnusedOfThem{},
	}
	for _, u := range id.Unused {
		d.Unused = append(d.Unused, excessUnusedOfThem{refOf(u.Binding.Ref, u.Binding.Origin, false), unusedDoc(u.Unused)})
	}
	return d
}

func usesDoc(list []excess.Used) []excessUse {
	out := []excessUse{}
	for i := range list {
		u := &list[i]
		d := excessUse{
			grantQuestion: questionOf(u.Request), User: u.Who, AnyName: u.AnyName(), Count: u.Count, First: timeText(u.First), Last: timeText(u.Last), Also: u.More,
		}
		if d.AnyName {
			d.Name = ""
		}
		if u.Implied {
			d.Implied = u.Reason
		} else if u.Grant == nil {
			d.Reason = u.Reason
		}
		if u.Grant != nil {
			ref := refOf(u.Grant.Binding, u.Grant.Bound, u.Grant.BuiltinBinding)
			d.Binding, d.Rule = &ref, u.Grant.Rule.Index+1
		}
		out = append(out, d)
	}
	return out
}

func unusedDoc(list []excess.Unused) []excessRest {
	out := []excessRest{}
	for i := range list {
		u := &list[i]
		g := grant.Grant{Rule: u.Grant.Rule, Source: u.Grant.Source, Builtin: u.Grant.Builtin}
		g.Rule.Verbs, g.Rule.Resources, g.Rule.NonResourceURLs = u.Verbs, u.Resources, u.URLs
		if u.Names != nil {
			g.Rule.ResourceNames = u.Names
		}
		out = append(out, excessRest{byOf([]grant.Grant{g})[0].Rule, u.Part})
	}
	return out
}
