package api

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// Deprecated finds objects of API versions that a later release removes.
var Deprecated = rule.Go(`id: api-deprecated
title: API version is deprecated
severity: low
on: "*"
maps: {nsa-cisa: upgrades}
why: |
  A later release of Kubernetes will refuse the object. What holds an upgrade back keeps known holes open.
references:
  - https://kubernetes.io/docs/reference/using-api/deprecation-guide/
  - https://kubernetes.io/docs/reference/using-api/deprecation-policy/
-- fail/claim.yaml --
apiVersion: resource.k8s.io/v1beta2 # FINDING
kind: DeviceClass
metadata: {name: gpu}
-- fixed/claim.yaml --
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: gpu}
-- fail/endpoints.yaml --
apiVersion: v1 # FINDING
kind: Endpoints
metadata: {name: outside}
-- pass/slice.yaml --
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: outside}
---
apiVersion: rbac.authorization.k8s.io/v1beta1
kind: Role
metadata: {name: removed-already}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	if v, ok := find(byKind, o); ok && v.deprecatedIn(p.Version) {
		report(p, o, v)
	}
}))
