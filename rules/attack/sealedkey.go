package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// SealedKey opens sealed Secrets.
var SealedKey = rule.Edge(`
id: attack-sealed-key
title: Open every sealed Secret with the controller's key
certainty: certain
cost: 1
maps: {attack: T1552.004, ms-matrix: MS-TA9025}
why: |
  Sealed Secrets lie encrypted in Git, for one key, which the controller keeps in a Secret. Whoever reads that one opens
  all of them, those that are still to be sealed for it and those of long ago, without asking the cluster for anything.
detect: reads of Secrets with the label sealedsecrets.bitnami.com/sealed-secrets-key by anything but the controller
mitigate: keep reading of Secrets in the controller's namespace to the controller; renew keys and what they sealed
references:
  - https://github.com/bitnami-labs/sealed-secrets
-- yes/key.yaml --
apiVersion: v1
kind: Secret
metadata:
  name: sealed-secrets-key
  namespace: kube-system
  labels:
    sealedsecrets.bitnami.com/sealed-secrets-key: active # EVIDENCE
type: kubernetes.io/tls
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db, namespace: shop}
# EDGE Secret kube-system/sealed-secrets-key -> Secret shop/db
-- yes/old-key.yaml --
apiVersion: v1
kind: Secret
metadata: {name: old, namespace: sealing, labels: {sealedsecrets.bitnami.com/sealed-secrets-key: compromised}}
type: kubernetes.io/tls
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db, namespace: shop}
spec: {template: {metadata: {name: database}}}
# EDGE Secret sealing/old -> Secret shop/db
-- no/plain-secret.yaml --
apiVersion: v1
kind: Secret
metadata: {name: sealed-secrets-key, namespace: kube-system, labels: {sealedsecrets.bitnami.com/sealed-secrets-key: active}}
type: kubernetes.io/tls
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
# NO EDGE Secret kube-system/sealed-secrets-key -> Secret shop/db
-- no/other-key.yaml --
apiVersion: v1
kind: Secret
metadata: {name: web-tls, namespace: shop}
type: kubernetes.io/tls
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db, namespace: shop}
# NO EDGE Secret shop/web-tls -> Secret shop/db
`, deriveSealedKey)

func deriveSealedKey(a *rule.Attack) {
	for o := range objects(a, "Secret") {
		at := o.Root.At("metadata", "labels", "sealedsecrets.bitnami.com/sealed-secrets-key")
		if !at.Exists() {
			continue
		}
		for sealed := range objects(a, "SealedSecret.bitnami.com") {
			to := placed(sealed)
			to.Kind = "Secret"
			a.Step(rule.Step{
				From: []bartizan.Ref{placed(o)}, To: to, Text: "opens the sealed {to}",
				Why: []bartizan.Evidence{evidence(o, at), evidence(sealed, sealed.Root.At("metadata", "name"))},
			})
		}
	}
}
