package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// SealedSecret leads from the key of Sealed Secrets to the Secrets that are sealed with it.
var SealedSecret = rule.Edge(`
id: attack-sealed-secrets-key
title: Open sealed Secrets with their controller's key
certainty: certain
cost: 1
maps: {attack: [T1552.004, T1552.007], ms-matrix: MS-TA9027}
why: |
  Sealed Secrets are meant to lie in Git for everybody to see: the key that opens them is a Secret in the controller's
  namespace. Whoever has read it opens all of them, those of the past included, without asking the cluster again.
detect: reads of Secrets with the label sealedsecrets.bitnami.com/sealed-secrets-key by anything but the controller
mitigate: let nobody read Secrets in the controller's namespace, and renew what was sealed when somebody did
references:
  - https://github.com/bitnami-labs/sealed-secrets#secret-rotation
-- yes/key.yaml --
apiVersion: v1
kind: Secret
metadata:
  name: sealed-secrets-keyabcde
  namespace: kube-system
  labels:
    sealedsecrets.bitnami.com/sealed-secrets-key: active # EVIDENCE
type: kubernetes.io/tls
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db, namespace: shop}
# EDGE Secret kube-system/sealed-secrets-keyabcde -> Secret shop/db
# NO EDGE Secret kube-system/sealed-secrets-keyabcde -> Secret shop/other
-- yes/old-key.yaml --
# A key that seals no more still opens what it sealed.
apiVersion: v1
kind: Secret
metadata: {name: k1, namespace: sealed, labels: {sealedsecrets.bitnami.com/sealed-secrets-key: compromised}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db, namespace: shop}
# EDGE Secret sealed/k1 -> Secret shop/db
-- no/other-secret.yaml --
apiVersion: v1
kind: Secret
metadata: {name: sealed-secrets-tls, namespace: kube-system}
type: kubernetes.io/tls
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db, namespace: shop}
# NO EDGE Secret kube-system/sealed-secrets-tls -> Secret shop/db
-- no/not-sealed.yaml --
apiVersion: v1
kind: Secret
metadata: {name: k1, namespace: kube-system, labels: {sealedsecrets.bitnami.com/sealed-secrets-key: active}}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
# NO EDGE Secret kube-system/k1 -> Secret shop/db
`, deriveSealedSecret)

// keyLabel marks the keys of the Sealed Secrets controller.
const keyLabel = "sealedsecrets.bitnami.com/sealed-secrets-key"

func deriveSealedSecret(a *rule.Attack) {
	for key := range objects(a, "Secret") {
		label := key.Root.At("metadata", "labels", keyLabel)
		if !label.Exists() {
			continue
		}
		for sealed := range objects(a, "SealedSecret.bitnami.com") {
			a.Step(rule.Step{
				From: []bartizan.Ref{{Kind: "Secret", Namespace: placed(key).Namespace, Name: key.Ref.Name}},
				To:   bartizan.Ref{Kind: "Secret", Namespace: placed(sealed).Namespace, Name: sealed.Ref.Name}, Text: "opens {to} with the key",
				Why: []bartizan.Evidence{evidence(key, label), evidence(sealed, sealed.Root.At("metadata", "name"))},
			})
		}
	}
}
