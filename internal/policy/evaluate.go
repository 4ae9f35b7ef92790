package policy

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// unknown is the authorizer: it has no answer, and remembers that it was asked.
type unknown struct{ asked bool }

// Authorize has no opinion.
func (u *unknown) Authorize(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
	u.asked = true
	return authorizer.DecisionNoOpinion, "", nil
}

// object evaluates all policies on one object.
func (r *run) object(ctx context.Context, o *kube.Object) outcome {
	var out outcome
	q, ok := r.newRequest(o)
	if !ok {
		return out
	}
	for i, d := range r.set.policies {
		as, matches := d.matcher.match(q)
		if !matches {
			continue
		}
		e := &evaluation{run: r, definition: d, request: q, as: as, out: &out}
		var bound []*binding
		for _, b := range r.bindings[i] {
			if b.matcher == nil {
				bound = append(bound, b)
			} else if _, ok := b.matcher.match(q); ok {
				bound = append(bound, b)
			}
		}
		switch g := r.unusable[i]; {
		case g != nil:
			e.gap(*g)
		case len(bound) == 0:
			continue
		default:
			e.all(ctx, bound)
		}
		out.verdicts = append(out.verdicts, judged{i, e.verdict()})
	}
	return out
}

// evaluation is one policy on one object.
type evaluation struct {
	*run
	*definition
	request      *request
	as           served
	out          *outcome
	found        []bartizan.Finding
	notEvaluated bool
	notes        []bartizan.Evidence // audit annotations
}

func (e *evaluation) gap(g bartizan.Gap) {
	e.notEvaluated = true
	e.out.gaps = append(e.out.gaps, g)
}

// verdict sums up: one failure is a failure, and without one what was not evaluated is no pass.
func (e *evaluation) verdict() bartizan.Verdict {
	e.out.findings = append(e.out.findings, e.found...)
	switch {
	case len(e.found) > 0:
		return bartizan.Fail
	case e.notEvaluated:
		return bartizan.NotEvaluated
	}
	return bartizan.Pass
}

func (e *evaluation) all(ctx context.Context, bound []*binding) {
	if g := e.compile(e.set.env); g != nil {
		e.gap(*g)
		return
	}
	if _, ok := e.request.as(e.as); !ok {
		at := e.request.subject.Origin
		e.gap(bartizan.Gap{Origin: at, Reason: fmt.Sprintf(
			"policy %s was not evaluated on %s: the API server would convert it to %s first; write it in that version",
			e.Name, e.request.subject.Ref, e.as.gvk.GroupVersion())})
		return
	}
	for _, b := range bound {
		e.binding(ctx, b)
	}
	for i := range e.found {
		e.found[i].Evidence = append(e.found[i].Evidence, e.notes...)
	}
}

func (e *evaluation) binding(ctx context.Context, b *binding) {
	params, err := e.params(e.definition, b, e.request.namespace)
	if err != nil {
		if f := e.Spec.FailurePolicy; f != nil && *f == admission.Ignore {
			e.notEvaluated = true
			return
		}
		e.report(bartizan.High, -1, "failed to configure binding: "+err.Error())
		return
	}
	versioned, _ := e.request.as(e.as)
	for _, p := range params {
		asked := &unknown{}
		result := e.validator.Validate(ctx, e.as.gvr, versioned, p, e.request.space, celconfig.RuntimeCELCostBudget, asked)
		if asked.asked {
			e.gap(*e.definition.gap(e.node, "it asks the authorizer, which is not known offline"))
			continue
		}
		e.decide(b, result)
	}
}

// decide turns the API server's decisions into findings.
func (e *evaluation) decide(b *binding, result validating.ValidateResult) {
	for i, d := range result.Decisions {
		switch {
		case d.Action == validating.ActionDeny:
			if len(result.Decisions) != len(e.Spec.Validations) || d.Evaluation == validating.EvalError && len(result.Decisions) == 1 {
				i = -1
			}
			e.report(severity(b), i, d.Message)
		case d.Evaluation == validating.EvalError:
			e.notEvaluated = true // failurePolicy Ignore: let in without having been checked
		}
	}
	for _, a := range result.AuditAnnotations {
		switch a.Action {
		case validating.AuditAnnotationActionPublish:
			e.note(a.Key, a.Value)
		case validating.AuditAnnotationActionError: // denies, whatever the binding's actions are
			e.report(bartizan.High, -1, a.Error)
		}
	}
}

// severity is that of a binding's strongest action.
func severity(b *binding) bartizan.Severity {
	switch {
	case slices.Contains(b.Spec.ValidationActions, admission.Deny):
		return bartizan.High
	case slices.Contains(b.Spec.ValidationActions, admission.Warn):
		return bartizan.Medium
	}
	return bartizan.Low
}

// report adds a finding; the same message from a second binding or param only raises the severity.
func (e *evaluation) report(s bartizan.Severity, validation int, message string) {
	if e.severity != nil {
		s = *e.severity
	}
	o := e.request.subject
	message = withoutSecrets(o, message)
	for i := range e.found {
		if e.found[i].Message == message {
			e.found[i].Severity = max(e.found[i].Severity, s)
			return
		}
	}
	at := o.Root
	if validation >= 0 && validation < len(e.paths) {
		at = deepest(o.Root, e.paths[validation])
	}
	evidence := engine.Evidence(o, at)
	if o.Kind == "Secret" {
		evidence.Value = ""
	}
	e.found = append(e.found, bartizan.Finding{
		Rule: Prefix + e.Name, Subject: o.Ref, Verdict: bartizan.Fail, Severity: s, Message: message,
		Evidence: []bartizan.Evidence{evidence},
	})
}

// note keeps an audit annotation as evidence.
func (e *evaluation) note(key, value string) {
	o := e.request.subject
	n := bartizan.Evidence{Value: shorten(e.Name + "/" + key + ": " + withoutSecrets(o, value)), Origin: engine.Evidence(o, o.Root).Origin}
	if !slices.Contains(e.notes, n) {
		e.notes = append(e.notes, n)
	}
}

const maxValue = 120 // bytes

func shorten(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return strings.ToValidUTF8(s[:maxValue], "") + "…"
}

// withoutSecrets takes the values of a Secret out of a text that a policy made of it.
func withoutSecrets(o *kube.Object, text string) string {
	if o.Kind != "Secret" {
		return text
	}
	for _, field := range []string{"data", "stringData"} {
		for v := range o.Root.Get(field).Items() {
			plain, _ := base64.StdEncoding.DecodeString(v.Text())
			for _, s := range []string{v.Text(), string(plain), base64.StdEncoding.EncodeToString([]byte(v.Text()))} {
				if len(s) > 2 {
					text = strings.ReplaceAll(text, s, "[redacted]")
				}
			}
		}
	}
	return text
}
