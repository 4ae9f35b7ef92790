package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// ServiceAccountToken finds tokens of service accounts outside Secrets.
var ServiceAccountToken = rule.Go(`id: secret-service-account-token
title: Service account token outside a Secret
severity: critical
on: "*"
maps: {nsa-cisa: [secrets, sa-tokens], attack: [T1552.001, T1528, T1078.004], ms-matrix: MS-TA9016}
why: |
  Whoever reads the token is that account for the API server, from wherever it can be reached; a token
  that was made from a Secret never expires. Delete the token, and let pods have projected ones.
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
  - https://kubernetes.io/docs/concepts/security/service-accounts/
redact: true
-- fail/env.yaml --
apiVersion: v1
kind: Pod
metadata: {name: ci}
spec:
  containers:
    - name: ci
      image: ci
      env:
        - name: KUBE
          value: eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJrdWJlcm5ldGVzL3NlcnZpY2VhY2NvdW50Iiwic3ViIjoic3lzdGVtOnNlcnZpY2VhY2NvdW50OmNpOmNpIn0.c2lnbmF0dXJlLW9mLW5vdGhpbmctMDE3NDI4 # FINDING
-- pass/projected.yaml --
apiVersion: v1
kind: Pod
metadata: {name: ci}
spec:
  containers:
    - name: ci
      image: ci
      env: [{name: TOKEN_FILE, value: /var/run/secrets/kubernetes.io/serviceaccount/token}]
  volumes:
    - name: token
      projected: {sources: [{serviceAccountToken: {path: token, audience: vault}}]}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, open, of(credential.ServiceAccount), describe)
}))
