package attack

import (
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// ForeignToken leads from a pod with a token for another service to what that service gives for it.
var ForeignToken = rule.Edge(`
id: attack-foreign-token
title: Use a service account token that is meant for another service
certainty: likely
cost: 1
maps: {attack: [T1528, T1550.001], ms-matrix: MS-TA9016}
why: |
  A projected token names the service that it is meant for. Vault, a cloud's STS or another cluster give credentials of
  their own for it. Some names mean the API server itself: such a token opens it like any other.
detect: logins to the service in the account's name from another address than the pod's
mitigate: tie what the service gives to one account by name, with a short life
references:
  - https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
-- yes/vault.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: w, image: w, volumeMounts: [{name: t, mountPath: /t}]}]
  volumes:
  - name: t
    projected:
      sources:
      - serviceAccountToken:
          path: token
          audience: vault # EVIDENCE
# EDGE Pod shop/web -> Cloud vault for system:serviceaccount:shop:web
# NO EDGE Pod shop/web -> ServiceAccount shop/web
-- yes/api-server.yaml --
# The name of the API server, written out.
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  automountServiceAccountToken: false
  containers: [{name: w, image: w, volumeMounts: [{name: t, mountPath: /t}]}]
  volumes:
  - name: t
    projected: {sources: [{serviceAccountToken: {path: token, audience: "https://kubernetes.default.svc.cluster.local"}}]}
# EDGE Pod shop/web -> ServiceAccount shop/web
-- no/init.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  initContainers: [{name: login, image: l, volumeMounts: [{name: t, mountPath: /t}]}]
  containers: [{name: w, image: w}]
  volumes:
  - name: t
    projected: {sources: [{serviceAccountToken: {path: token, audience: vault}}]}
# NO EDGE Pod shop/web -> Cloud vault for system:serviceaccount:shop:web
-- no/no-audience.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: w, image: w, volumeMounts: [{name: t, mountPath: /t}]}]
  volumes:
  - name: t
    projected: {sources: [{serviceAccountToken: {path: token}}]}
# NO EDGE Pod shop/web -> Cloud vault for system:serviceaccount:shop:web
# NO EDGE Pod shop/web -> ServiceAccount shop/web
`, deriveForeignToken)

// apiServerNames are the audiences by which clusters call their own API server.
var apiServerNames = []string{
	"https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local", "kubernetes.default.svc", "https://kubernetes.default",
}

func deriveForeignToken(a *rule.Attack) {
	for p, c := range a.Containers() {
		for i := range c.Mounts {
			m := &c.Mounts[i]
			for at := range audiences(m.Volume) {
				s := rule.Step{
					From: p.Vertex(), Why: p.Why(at), Fixes: []rule.Fix{c.Unmount(p, m)}, Text: "uses the pod's token for " + at.Str(),
					To: bartizan.Ref{Kind: rule.KindCloud, Name: at.Str() + " for system:serviceaccount:" + p.Account.Namespace + ":" + p.Account.Name},
				}
				if slices.Contains(apiServerNames, at.Str()) {
					s.To = p.Account
				}
				a.Step(s)
			}
		}
	}
}

// audiences visits the audiences of the service account tokens in a volume.
func audiences(volume tree.Node) func(func(tree.Node) bool) {
	return func(yield func(tree.Node) bool) {
		for s := range volume.At("projected", "sources").Items() {
			if at := s.At("serviceAccountToken", "audience"); at.Str() != "" && !yield(at) {
				return
			}
		}
	}
}
