package api

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// kindOf is an apiVersion and a kind.
type kindOf struct{ api, kind string }

// byKind leads from an apiVersion and a kind to what became of it.
var byKind = index(versions)

func index(all []version) map[kindOf]version {
	m := map[kindOf]version{}
	for _, v := range all {
		for kind := range strings.FieldsSeq(v.kinds) {
			m[kindOf{v.api, kind}] = v
		}
	}
	return m
}

// find looks an object's version up.
func find(in map[kindOf]version, o *kube.Object) (version, bool) {
	v, ok := in[kindOf{o.Root.Get("apiVersion").Str(), o.Kind}]
	return v, ok
}

func (v version) removedIn(target rule.Version) bool {
	return v.removed > 0 && !target.Less(rule.Version{Major: 1, Minor: v.removed})
}

func (v version) deprecatedIn(target rule.Version) bool {
	return !v.removedIn(target) && !target.Less(rule.Version{Major: 1, Minor: v.deprecated})
}

// message says what became of a version, and what to use.
func (v version) message(kind string, target rule.Version) string {
	what := fmt.Sprintf("%s %s", v.api, kind)
	switch {
	case v.removedIn(target):
		what += fmt.Sprintf(" is not served since Kubernetes 1.%d", v.removed)
	case v.removed > 0:
		what += fmt.Sprintf(" is deprecated since Kubernetes 1.%d and will not be served from 1.%d on", v.deprecated, v.removed)
	default:
		what += fmt.Sprintf(" is deprecated since Kubernetes 1.%d", v.deprecated)
	}
	if v.use == "" {
		return what + "; nothing replaces it"
	}
	what += "; use " + v.use
	if target.Less(rule.Version{Major: 1, Minor: v.since}) {
		what += fmt.Sprintf(" (from 1.%d on)", v.since)
	}
	return what
}

// fix sets the apiVersion where the object means the same under the new one. It is empty, not nil, where
// there is none, so that the rule's own does not step in.
func (v version) fix(o *kube.Object, target rule.Version) []rule.Op {
	if !isVersion(v.use) || target.Less(rule.Version{Major: 1, Minor: v.since}) {
		return []rule.Op{}
	}
	if v.keeps == changes || v.keeps == unless && differs(o) || v.keeps == roughly && !portable(o) {
		return []rule.Op{}
	}
	return []rule.Op{{Op: "set", Path: "/apiVersion", Value: v.use}}
}

func isVersion(use string) bool { return use != "" && !strings.Contains(use, " ") }

// differs says whether an object would mean something else under the new version.
func differs(o *kube.Object) bool {
	spec := o.Root.Get("spec")
	switch o.Kind {
	case "PodDisruptionBudget": // an empty selector selects no pods in v1beta1, and all in v1
		selector := spec.Get("selector")
		return selector.Get("matchLabels").Len() == 0 && selector.Get("matchExpressions").Len() == 0
	case "HorizontalPodAutoscaler": // the metrics of v2beta1 are written another way
		return spec.Get("metrics").Exists()
	case "PriorityLevelConfiguration": // 0 shares stand for the default in v1beta3
		shares, ok := spec.At("limited", "nominalConcurrencyShares").Int()
		return ok && shares == 0
	}
	return true
}

// portable says whether a workload is valid under apps/v1: the selector must be written, and fields of old
// must not be.
func portable(o *kube.Object) bool {
	spec := o.Root.Get("spec")
	selector := spec.Get("selector")
	return (selector.Get("matchLabels").Len() > 0 || selector.Get("matchExpressions").Len() > 0) &&
		!spec.Get("rollbackTo").Exists() && !spec.Get("templateGeneration").Exists()
}

// report says what became of an object's version.
func report(p *rule.Pass, o *kube.Object, v version) {
	p.Report(rule.Hit{Path: "/apiVersion", Message: v.message(o.Kind, p.Version), Fix: v.fix(o, p.Version)})
}

// annotations visits the annotations of an object and of the pod templates in it.
func annotations(o *kube.Object, visit func(tree.Node)) {
	for n := range o.Root.At("metadata", "annotations").Items() {
		visit(n)
	}
	for _, w := range o.Workloads {
		if w.Meta == o.Root.Get("metadata") {
			continue
		}
		for n := range w.Meta.Get("annotations").Items() {
			visit(n)
		}
	}
}
