package attack

import "github.com/bartizan-dev/bartizan/rule"

// Token takes the service account's token from a pod.
var Token = rule.Edge(`
id: attack-token
title: Use the service account's token mounted in a pod
certainty: certain
cost: 0
maps: {attack: T1528, ms-matrix: MS-TA9016}
why: |
  Unless automountServiceAccountToken says otherwise, every container finds a token of the pod's service account in
  its file system. Code in the container reads the file and speaks to the API server in the service account's name.
  A token for another audience than the API server's opens nothing there.
detect: requests in the name of the service account from another address or with another user agent than its own
mitigate: set automountServiceAccountToken to false where the pod does not talk to the API server
references:
  - https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
-- yes/default.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web # EVIDENCE
  containers: [{name: web, image: web}]
# EDGE Pod shop/web -> ServiceAccount shop/web
# NO EDGE Pod shop/web -> ServiceAccount shop/default
-- yes/projected.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  automountServiceAccountToken: false
  containers:
  - name: web
    image: web
    volumeMounts: [{name: t, mountPath: /t}]
  volumes:
  - name: t
    projected:
      sources:
      - serviceAccountToken: {path: token} # EVIDENCE
# EDGE Pod shop/web -> ServiceAccount shop/default
-- no/not-mounted.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
automountServiceAccountToken: false
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: web, image: web}]
# NO EDGE Pod shop/web -> ServiceAccount shop/web
-- no/audience.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  automountServiceAccountToken: false
  containers:
  - name: web
    image: web
    volumeMounts: [{name: t, mountPath: /t}]
  volumes:
  - name: t
    projected: {sources: [{serviceAccountToken: {path: token, audience: vault}}]}
# NO EDGE Pod shop/web -> ServiceAccount shop/default
`, deriveToken)

func deriveToken(a *rule.Attack) {
	for p := range a.Pods.All() {
		if !p.Token {
			continue
		}
		a.Step(rule.Step{
			From: p.Vertex(), To: p.Account, Text: "takes the token of {to} from the pod's file system",
			Why: p.Why(p.TokenAt), Fixes: p.TokenFixes,
		})
	}
}
