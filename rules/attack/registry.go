package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// Registry leads from the credentials for a registry to the pods that pull from it by a tag.
var Registry = rule.Edge(`
id: attack-registry-push
title: Push another image under the tag that a pod pulls
certainty: conditional
cost: 7
maps: {attack: [T1525, T1204.003], ms-matrix: [MS-TA9002, MS-TA9037]}
why: |
  A Secret for pulling images often may push as well. A tag is whatever was pushed last: the pod runs the attacker's image
  when it is pulled anew, at once for the tag latest or imagePullPolicy Always, on a new node otherwise. A digest is the
  image itself, and nobody can push another one under it. Whether the credentials may push is not known here.
detect: pushes to the registry that no pipeline made, or a tag whose digest changed
mitigate: name images by digest; give clusters credentials that may only pull; check signatures when pods are created
references:
  - https://kubernetes.io/docs/concepts/containers/images/
  - https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
-- yes/tag.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      imagePullSecrets: [{name: registry}]
      containers:
      - name: w
        image: registry.example.com/web:1.2 # EVIDENCE
# EDGE Secret shop/registry -> Deployment shop/web
# NO EDGE Secret blog/registry -> Deployment shop/web
-- yes/account.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
imagePullSecrets: [{name: registry}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {serviceAccountName: web, containers: [{name: w, image: registry.example.com/web}]}
# EDGE Secret shop/registry -> Pod shop/web
-- no/digest.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  imagePullSecrets: [{name: registry}]
  containers:
  - name: w
    image: registry.example.com/web:1.2@sha256:0000000000000000000000000000000000000000000000000000000000000000
# NO EDGE Secret shop/registry -> Pod shop/web
-- no/other-secret.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: w, image: registry.example.com/web, envFrom: [{secretRef: {name: db}}]}]}
# NO EDGE Secret shop/db -> Pod shop/web
`, deriveRegistry)

func deriveRegistry(a *rule.Attack) {
	accounts := map[bartizan.Ref]*kube.Object{}
	for o := range objects(a, "ServiceAccount") {
		accounts[rule.Account(placed(o).Namespace, o.Ref.Name)] = o
	}
	for p, c := range a.Containers() {
		if c.Image == "" || strings.Contains(c.Image, "@") {
			continue
		}
		more := 2
		if _, tag := repository(c.Image); tag == "latest" || c.Node.Get("imagePullPolicy").Str() == "Always" {
			more = 0
		}
		pulls := p.Spec.Get("imagePullSecrets")
		if o := accounts[p.Account]; pulls.Len() == 0 && o != nil { // the account's are taken where the pod names none
			pulls = o.Root.Get("imagePullSecrets")
		}
		for s := range pulls.Items() {
			name := s.Get("name").Str()
			if name == "" {
				continue
			}
			a.Step(rule.Step{
				From: []bartizan.Ref{secretRef(p, name)}, To: p.Ref, More: more, Why: p.Why(c.Node.Get("image")),
				Text: "pushes another image for container " + c.Name + " of {to}",
			})
		}
	}
}
