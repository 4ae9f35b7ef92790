package api

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

var pspByKind = index(podSecurityPolicies)

// PodSecurityPolicy finds policies of a kind that no longer exists.
var PodSecurityPolicy = rule.Go(`id: api-pod-security-policy
title: PodSecurityPolicy has no effect any more
severity: high
on: PodSecurityPolicy
maps: {nsa-cisa: [pod-security, admission, upgrades]}
why: |
  Kubernetes 1.25 removed the kind: the policy is not enforced, and without something in its place every pod
  is let in, privileged ones too. Label the namespaces for Pod Security Admission, or write policies.
references:
  - https://kubernetes.io/docs/tasks/configure-pod-container/migrate-from-psp/
  - https://kubernetes.io/docs/reference/using-api/deprecation-guide/#psp-v125
-- fail/policy.yaml --
apiVersion: policy/v1beta1 # FINDING
kind: PodSecurityPolicy
metadata: {name: restricted}
spec: {privileged: false}
-- pass/namespace.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: web, labels: {pod-security.kubernetes.io/enforce: restricted}}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	if v, ok := find(pspByKind, o); ok && v.removedIn(p.Version) {
		report(p, o, v)
	}
}))
