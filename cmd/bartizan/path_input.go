package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/internal/world"
)

// nothingRead is the error of an answer about nothing at all: it would look like a pass. Gaps are told otherwise.
func (f *inputFlags) nothingRead(paths []string, report *scan.Report) error {
	if len(report.Objects)+len(report.Gaps) > 0 {
		return nil
	}
	where := strings.Join(append(slices.Clone(paths), f.files...), ", ")
	if f.cluster {
		where = "the cluster"
	}
	return &exitError{exitIncomplete, fmt.Errorf("nothing was read: no Kubernetes objects in %s", where)}
}

// holdsNamespace says whether a namespace, or anything in it, was read.
func holdsNamespace(report *scan.Report, namespace string) bool {
	resources := grant.NewResources(report.World)
	return slices.ContainsFunc(report.Objects, func(o *kube.Object) bool {
		if o.Ref.Kind == "Namespace" {
			return o.Ref.Name == namespace
		}
		return o.Ref.Namespace == namespace || o.Ref.Namespace == "" && namespace == "default" && namespaced(resources, o)
	})
}

// place puts objects without a namespace into one, as kubectl apply -n would.
func place(report *scan.Report, namespace string) {
	resources := grant.NewResources(report.World)
	var entities []bartizan.Entity
	for e := range report.World.Everything() {
		if o, ok := e.Value.(*kube.Object); ok && o.Ref.Namespace == "" && namespaced(resources, o) {
			o.Ref.Namespace, e.Ref.Namespace = namespace, namespace
		}
		entities = append(entities, e)
	}
	report.World = world.New(entities)
}

// namespaced says whether objects of a kind are in namespaces. A kind that is not known is, unless its name says otherwise.
func namespaced(resources *grant.Resources, o *kube.Object) bool {
	if r, known := resources.Find(strings.TrimSuffix(o.Kind+"."+o.Group, ".")); known {
		return r.Namespaced
	}
	switch o.Kind {
	case "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "GatewayClass", "AuthorizationConfiguration":
		return false
	}
	return !strings.HasPrefix(o.Kind, "Cluster")
}
