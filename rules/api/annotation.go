package api

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// annotation is one that a field has taken the place of.
type annotation struct {
	name       string // with a trailing slash: a prefix
	deprecated int
	ignored    int // the minor release from which it has no effect; 0: it still has
	use        string
}

// oldAnnotations are annotations that Kubernetes itself once read.
var oldAnnotations = []annotation{
	{"seccomp.security.alpha.kubernetes.io/pod", 19, 27, "securityContext.seccompProfile"},
	{"container.seccomp.security.alpha.kubernetes.io/", 19, 27, "securityContext.seccompProfile"},
	{"container.apparmor.security.beta.kubernetes.io/", 30, 0, "securityContext.appArmorProfile"},
	{"scheduler.alpha.kubernetes.io/critical-pod", 13, 16, "priorityClassName"},
	{"scheduler.alpha.kubernetes.io/affinity", 6, 8, "spec.affinity"},
	{"scheduler.alpha.kubernetes.io/tolerations", 6, 8, "spec.tolerations"},
	{"pod.alpha.kubernetes.io/init-containers", 6, 8, "spec.initContainers"},
	{"pod.beta.kubernetes.io/init-containers", 6, 8, "spec.initContainers"},
	{"security.alpha.kubernetes.io/sysctls", 11, 11, "securityContext.sysctls"},
	{"security.alpha.kubernetes.io/unsafe-sysctls", 11, 11, "securityContext.sysctls"},
	{"kubernetes.io/ingress.class", 18, 0, "spec.ingressClassName"},
	{"volume.beta.kubernetes.io/storage-class", 6, 0, "spec.storageClassName"},
	{"volume.beta.kubernetes.io/mount-options", 8, 0, "spec.mountOptions"},
	{"storageclass.beta.kubernetes.io/is-default-class", 6, 0, "the annotation storageclass.kubernetes.io/is-default-class"},
	{"service.alpha.kubernetes.io/tolerate-unready-endpoints", 11, 24, "spec.publishNotReadyAddresses"},
	{"service.kubernetes.io/topology-aware-hints", 27, 0, "spec.trafficDistribution"},
	{"service.beta.kubernetes.io/external-traffic", 7, 8, "spec.externalTrafficPolicy"},
}

// oldAnnotation looks an annotation up.
func oldAnnotation(key string) (annotation, bool) {
	if !strings.Contains(key, "kubernetes.io/") {
		return annotation{}, false
	}
	for _, a := range oldAnnotations {
		if key == a.name || strings.HasSuffix(a.name, "/") && strings.HasPrefix(key, a.name) {
			return a, true
		}
	}
	return annotation{}, false
}

// IgnoredAnnotation finds annotations that Kubernetes does not read any more.
var IgnoredAnnotation = rule.Go(`id: api-ignored-annotation
title: Annotation has no effect any more
severity: medium
on: "*"
maps: {nsa-cisa: [upgrades, hardened-runtime]}
why: |
  What the annotation asks for does not happen: a pod that asks for a seccomp profile this way runs without
  one. Set the field that took its place.
references:
  - https://kubernetes.io/docs/reference/labels-annotations-taints/
  - https://kubernetes.io/docs/tutorials/security/seccomp/
-- fail/seccomp.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata:
      annotations:
        container.seccomp.security.alpha.kubernetes.io/web: runtime/default # FINDING
        scheduler.alpha.kubernetes.io/critical-pod: "" # FINDING
    spec: {containers: [{name: web, image: web}]}
-- pass/field.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {example.org/pod: x}}
spec:
  template:
    metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/web: runtime/default}}
    spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: web, image: web}]}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	annotations(o, func(n tree.Node) {
		a, ok := oldAnnotation(n.Key())
		if ok && a.ignored > 0 && !p.Version.Less(rule.Version{Major: 1, Minor: a.ignored}) {
			at(p, o, n, fmt.Sprintf("%s has no effect since Kubernetes 1.%d; use %s", strings.TrimSuffix(a.name, "/"), a.ignored, a.use))
		}
	})
}))

// DeprecatedAnnotation finds annotations that a field has taken the place of.
var DeprecatedAnnotation = rule.Go(`id: api-deprecated-annotation
title: Annotation is deprecated
severity: info
on: "*"
maps: {nsa-cisa: upgrades}
why: |
  A field has taken the annotation's place, and a later release will not read it any more: what it asks for
  then silently does not happen.
references:
  - https://kubernetes.io/docs/reference/labels-annotations-taints/
-- fail/ingress.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    kubernetes.io/ingress.class: nginx # FINDING
-- fail/pod.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    container.apparmor.security.beta.kubernetes.io/web: runtime/default # FINDING
spec: {containers: [{name: web, image: web}]}
-- pass/field.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {nginx.ingress.kubernetes.io/ssl-redirect: "true"}}
spec: {ingressClassName: nginx}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	annotations(o, func(n tree.Node) {
		a, ok := oldAnnotation(n.Key())
		gone := a.ignored > 0 && !p.Version.Less(rule.Version{Major: 1, Minor: a.ignored})
		if ok && !gone && !p.Version.Less(rule.Version{Major: 1, Minor: a.deprecated}) {
			at(p, o, n, fmt.Sprintf("%s is deprecated since Kubernetes 1.%d; use %s", strings.TrimSuffix(a.name, "/"), a.deprecated, a.use))
		}
	})
}))

// at reports an annotation.
func at(p *rule.Pass, o *kube.Object, n tree.Node, message string) {
	p.Report(rule.Hit{Path: strings.TrimPrefix(n.Path(), o.Root.Path()), Message: message})
}
