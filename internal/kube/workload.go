package kube

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// podPaths says where the built-in kinds keep the pod's spec: the path to what holds metadata and spec.
var podPaths = map[string][]string{
	"Pod":                   {},
	"PodTemplate":           {"template"},
	"ReplicationController": {"spec", "template"},
	"ReplicaSet":            {"spec", "template"},
	"Deployment":            {"spec", "template"},
	"DaemonSet":             {"spec", "template"},
	"StatefulSet":           {"spec", "template"},
	"Job":                   {"spec", "template"},
	"CronJob":               {"spec", "jobTemplate", "spec", "template"},
	"ScheduledJob":          {"spec", "jobTemplate", "spec", "template"},
}

// templateDepth bounds the search for pod templates in custom resources.
const templateDepth = 12

// workloads finds the pod templates in an object.
func workloads(o *Object) []Workload {
	if builtinGroups[o.Group] {
		path, ok := podPaths[o.Kind]
		if !ok {
			return nil
		}
		holder := o.Root.At(path...)
		spec := holder.Get("spec")
		if spec.Kind() != tree.Map {
			return nil
		}
		return []Workload{{Pod: spec, Meta: holder.Get("metadata")}}
	}
	return templates(o.Root.Get("spec"), nil, 0)
}

// templates searches a custom resource for values shaped like a pod's spec. It does not look inside what it
// found: a pod's spec holds none.
func templates(n tree.Node, found []Workload, depth int) []Workload {
	if depth > templateDepth {
		return found
	}
	if podShaped(n) {
		w := Workload{Pod: n}
		if n.Key() == "spec" {
			w.Meta = n.Parent().Get("metadata")
		}
		return append(found, w)
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		if k := c.Kind(); k == tree.Map || k == tree.List {
			found = templates(c, found, depth+1)
		}
	}
	return found
}

// podShaped says whether a value is a pod's spec by its shape: a list "containers" of maps that have a name
// or an image, of which at least one names an image.
func podShaped(n tree.Node) bool {
	list := n.Get("containers")
	if list.Kind() != tree.List || list.Len() == 0 {
		return false
	}
	images := false
	for c := range list.Items() {
		if c.Kind() != tree.Map || !c.Get("name").Exists() && !c.Get("image").Exists() {
			return false
		}
		images = images || c.Get("image").Kind() == tree.String
	}
	return images
}

// HoldsPods says whether a built-in kind holds a pod or a pod template.
func HoldsPods(kind bartizan.Kind) bool {
	_, ok := podPaths[string(kind)]
	return ok
}
