package secret

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// LastApplied finds Secrets whose data kubectl apply has copied into an annotation.
var LastApplied = rule.Go(`id: secret-last-applied
title: Secret is copied into its annotations
severity: medium
on: "*"
maps: {nsa-cisa: secrets, attack: T1552.007, ms-matrix: MS-TA9025}
why: |
  "kubectl apply" keeps the whole object in an annotation, with the data that a Secret hides: tools that mask
  data show annotations, and the value as it was first applied stays there after a change through another
  client. Use "kubectl apply --server-side" or "kubectl create", and take the annotation away.
references:
  - https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-last-applied-configuration
  - https://kubernetes.io/docs/reference/using-api/server-side-apply/
fix: [{op: remove, path: /metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration}]
unsafe: the next client-side "kubectl apply" cannot tell which fields to remove; use --server-side from then on
redact: true
-- fail/secret.yaml --
apiVersion: v1
kind: Secret
metadata:
  name: db
  annotations:
    owner: shop
    kubectl.kubernetes.io/last-applied-configuration: | # FINDING
      {"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"data":{"password":"a1g5LWJyYXNzZS00NDAx"}}
data:
  password: a1g5LWJyYXNzZS00NDAx
-- fixed/secret.yaml --
apiVersion: v1
kind: Secret
metadata:
  name: db
  annotations:
    owner: shop
data:
  password: a1g5LWJyYXNzZS00NDAx
-- pass/other.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: db
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"db"},"data":{"host":"db"}}
---
apiVersion: v1
kind: Secret
metadata:
  name: empty
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"data":{}}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	n := o.Root.At("metadata", "annotations", lastApplied)
	if n.Kind() != tree.String || !strings.Contains(n.Text(), `"Secret"`) {
		return
	}
	for doc, err := range tree.Parse(n.Text(), tree.DefaultLimits()) {
		if err == nil && holdsData(doc.Root()) {
			p.Report(rule.Hit{Path: pathIn(o, n), Message: "the annotation " + lastApplied + " holds the data of the Secret"})
		}
		return
	}
}))

// holdsData says whether an object is a Secret with data.
func holdsData(root tree.Node) bool {
	if root.Get("kind").Text() != "Secret" {
		return false
	}
	for _, field := range []string{"data", "stringData"} {
		for v := range root.Get(field).Items() {
			if v.Text() != "" {
				return true
			}
		}
	}
	return false
}
