package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// bearing are the gaps that may hide a right: of a live cluster those about other kinds than RBAC's do not.
func bearing(gaps []bartizan.Gap) (out []bartizan.Gap) {
	for _, g := range gaps {
		if g.Origin.Source != "cluster" || strings.Contains(strings.ToLower(g.Reason), "role") {
			out = append(out, g)
		}
	}
	return out
}

// hiding is bearing without the gaps about a part of an object that was read all the same and is none of RBAC's.
func hiding(gaps []bartizan.Gap, objects []*kube.Object) (out []bartizan.Gap) {
	files := map[string][]*kube.Object{}
	if len(gaps) > 0 {
		for _, o := range objects {
			files[o.Origin.File] = append(files[o.Origin.File], o)
		}
	}
	for _, g := range bearing(gaps) {
		foreign := false
		for _, o := range files[g.Origin.File] {
			foreign = foreign || o.Group != rbacGroup && !rbacKind(o.Kind) && o.Provenance == nil && spans(o, g.Origin.Line)
		}
		if !foreign {
			out = append(out, g)
		}
	}
	return out
}

// spans says whether a line belongs to the document that an object was read from.
func spans(o *kube.Object, line int) bool {
	doc := o.Root.Doc()
	start, end := doc.Bounds()
	first, _ := doc.Position(start)
	last, _ := doc.Position(end)
	return first <= line && line <= last
}

// rbacKind says whether a kind is one of RBAC's but for the case of its letters.
func rbacKind(kind string) bool {
	switch strings.ToLower(kind) {
	case "role", "clusterrole", "rolebinding", "clusterrolebinding":
		return true
	}
	return false
}

// misnamed are gaps for objects that are meant to be RBAC's and are not, by their apiVersion or kind: nothing reads them.
func misnamed(objects []*kube.Object) (out []bartizan.Gap) {
	for _, o := range objects {
		right := slices.Contains([]string{"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}, o.Kind)
		builtin := string(o.Ref.Kind) == o.Kind
		reason := ""
		switch {
		case o.Group == rbacGroup && !right:
			reason = fmt.Sprintf("%s has no kind %q: what it is meant to grant is not known", rbacGroup, o.Kind)
		case o.Group != rbacGroup && builtin && rbacKind(o.Kind):
			reason = fmt.Sprintf("a %s is of %s/v1, not of %q: the API server refuses it, and what it is meant to grant is not known",
				o.Kind, rbacGroup, o.Root.Get("apiVersion").Text())
		}
		if reason != "" {
			out = append(out, bartizan.Gap{Origin: o.Origin, Reason: reason})
		}
	}
	return out
}

// malformed says that a fault is a gap: something of an RBAC object could not be read. Answers that depend on it are
// unknown by themselves.
func malformed(f grant.Fault) bool {
	switch f.Code {
	case grant.FaultRule, grant.FaultSubject, grant.FaultBinding, grant.FaultAggregation:
		return true
	}
	return false
}

// faultGaps are the faults that are gaps.
func faultGaps(faults []grant.Fault) (out []bartizan.Gap) {
	for _, f := range faults {
		if malformed(f) {
			out = append(out, bartizan.Gap{Origin: f.Origin, Reason: f.Subject.String() + ": " + f.Message})
		}
	}
	return out
}

// readable are the faults that are no gaps.
func readable(faults []grant.Fault) []grant.Fault {
	return slices.DeleteFunc(slices.Clone(faults), malformed)
}

// moved says how many roles and bindings go to the namespace asked about only because they name none.
func (a *asked) moved(objects []*kube.Object) (note string) {
	n := 0
	for _, o := range objects {
		if (o.Ref.Kind == "Role" || o.Ref.Kind == "RoleBinding") && o.Group == rbacGroup && o.Root.At("metadata", "namespace").Text() == "" {
			n++
		}
	}
	if n == 0 || a.namespace == "" {
		return ""
	}
	return fmt.Sprintf("%s of RBAC without a namespace, taken to be in %s, as kubectl apply -n %s would put it", count(n, "object"), a.namespace, a.namespace)
}
