package attack

import (
	"cmp"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// HelmRelease finds Secrets in the record of a Helm release.
var HelmRelease = rule.Edge(`
id: attack-helm-release
title: Read a release's Secrets from Helm's own record
certainty: certain
cost: 0
maps: {attack: T1552.007, ms-matrix: MS-TA9025}
why: |
  Helm keeps all manifests and values of a release in a Secret of type helm.sh/release.v1, one for each revision. So
  whoever may read that one Secret reads each Secret that the chart made, as it was at that revision.
detect: reads of Secrets whose name begins with sh.helm.release, by anything but Helm
mitigate: let charts refer to Secrets that are made elsewhere; keep reading of Helm's Secrets to the pipeline
references:
  - https://helm.sh/docs/topics/advanced/
  - https://kubernetes.io/docs/concepts/security/secrets-good-practices/
-- yes/annotation.yaml --
apiVersion: v1
kind: Secret
metadata: {name: sh.helm.release.v1.shop.v3, namespace: shop, labels: {owner: helm, name: shop}}
type: helm.sh/release.v1
---
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
  annotations:
    meta.helm.sh/release-name: shop # EVIDENCE
# EDGE Secret shop/sh.helm.release.v1.shop.v3 -> Secret shop/db
-- yes/other-namespace.yaml --
apiVersion: v1
kind: Secret
metadata: {name: sh.helm.release.v1.shop.v3, namespace: shop, labels: {owner: helm, name: shop}}
type: helm.sh/release.v1
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: data, annotations: {meta.helm.sh/release-name: shop, meta.helm.sh/release-namespace: shop}}
# EDGE Secret shop/sh.helm.release.v1.shop.v3 -> Secret data/db
-- no/other-release.yaml --
apiVersion: v1
kind: Secret
metadata: {name: sh.helm.release.v1.shop.v3, namespace: shop, labels: {owner: helm, name: shop}}
type: helm.sh/release.v1
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop, annotations: {meta.helm.sh/release-name: other}}
---
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: shop}
type: Opaque
# NO EDGE Secret shop/sh.helm.release.v1.shop.v3 -> Secret shop/db
# NO EDGE Secret shop/sh.helm.release.v1.shop.v3 -> Secret shop/own
-- no/record-of-another-release.yaml --
apiVersion: v1
kind: Secret
metadata: {name: sh.helm.release.v1.blog.v1, namespace: shop, labels: {owner: helm, name: blog}}
type: helm.sh/release.v1
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop, annotations: {meta.helm.sh/release-name: shop}}
# NO EDGE Secret shop/sh.helm.release.v1.blog.v1 -> Secret shop/db
-- no/other-type.yaml --
apiVersion: v1
kind: Secret
metadata: {name: settings, namespace: shop, labels: {name: shop}}
type: Opaque
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop, annotations: {meta.helm.sh/release-name: shop}}
# NO EDGE Secret shop/settings -> Secret shop/db
`, deriveHelmRelease)

func deriveHelmRelease(a *rule.Attack) {
	type release struct{ namespace, name string }
	made := map[release][]*kube.Object{}
	for o := range objects(a, "Secret") {
		notes := o.Root.At("metadata", "annotations")
		name := notes.Get("meta.helm.sh/release-name").Str()
		if name == "" {
			continue
		}
		r := release{cmp.Or(notes.Get("meta.helm.sh/release-namespace").Str(), placed(o).Namespace), name}
		made[r] = append(made[r], o)
	}
	for o := range objects(a, "Secret") {
		if o.Root.Get("type").Str() != "helm.sh/release.v1" {
			continue
		}
		ref := placed(o)
		for _, s := range made[release{ref.Namespace, o.Root.At("metadata", "labels", "name").Str()}] {
			a.Step(rule.Step{
				From: []bartizan.Ref{ref}, To: placed(s), Text: "reads {to} in Helm's record of the release",
				Why: []bartizan.Evidence{evidence(s, s.Root.At("metadata", "annotations", "meta.helm.sh/release-name"))},
			})
		}
	}
}
