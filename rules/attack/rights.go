package attack

import (
	"iter"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// maker is a resource whose objects become pods.
type maker struct {
	kind            bartizan.Kind
	group, resource string
	// fixed says that the pod of an object that exists cannot be changed.
	fixed bool
}

var makers = []maker{
	{kind: "Pod", resource: "pods", fixed: true},
	{kind: "ReplicationController", resource: "replicationcontrollers"},
	{kind: "Deployment", group: "apps", resource: "deployments"},
	{kind: "DaemonSet", group: "apps", resource: "daemonsets"},
	{kind: "StatefulSet", group: "apps", resource: "statefulsets"},
	{kind: "ReplicaSet", group: "apps", resource: "replicasets"},
	{kind: "Job", group: "batch", resource: "jobs", fixed: true},
	{kind: "CronJob", group: "batch", resource: "cronjobs"},
}

// right is a right on the objects of such a resource.
func (m maker) right(verb string) rule.Right {
	return rule.Right{Verb: verb, Group: m.group, Resource: m.resource}
}

// changing are the verbs that change an object that exists.
var changing = []string{"update", "patch"}

// core is a right on a resource of the core group.
func core(verb, resource string) rule.Right { return rule.Right{Verb: verb, Resource: resource} }

// spread visits where a right on a namespaced resource is held, as Holding does; a name that counts in every
// namespace is visited in each of them.
func spread(a *rule.Attack, r rule.Right) iter.Seq2[rule.Scope, []bartizan.Ref] {
	return func(yield func(rule.Scope, []bartizan.Ref) bool) {
		for scope, held := range a.Holding(r) {
			all := []rule.Scope{scope}
			if scope.Name != "" && scope.Namespace == "" {
				all = all[:0]
				for _, ns := range a.Admission.Namespaces() {
					all = append(all, rule.Scope{Namespace: ns, Name: scope.Name})
				}
			}
			for _, s := range all {
				if !yield(s, held) {
					return
				}
			}
		}
	}
}

// within says whether a thing lies in a scope.
func within(s rule.Scope, namespace, name string) bool {
	return (s.Namespace == "" || s.Namespace == namespace) && (s.Name == "" || s.Name == name)
}

// join is the vertices of both, in a list of its own.
func join(held []bartizan.Ref, more ...bartizan.Ref) []bartizan.Ref {
	return append(append([]bartizan.Ref(nil), held...), more...)
}
