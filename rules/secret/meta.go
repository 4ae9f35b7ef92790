package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// InAnnotation finds credentials written into annotations and labels.
var InAnnotation = rule.Go(`id: secret-in-annotation
title: Credential in an annotation or a label
severity: high
on: "*"
maps: {nsa-cisa: secrets, attack: [T1552.001, T1552.007], ms-matrix: MS-TA9027}
why: |
  Annotations and labels are shown everywhere: in dashboards, metrics, logs and events, and to everyone
  who may list the objects. A controller that needs a credential takes the name of a Secret.
references:
  - https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/
  - https://kubernetes.io/docs/concepts/configuration/secret/
redact: true
-- fail/ingress.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    nginx.ingress.kubernetes.io/configuration-snippet: proxy_set_header Authorization "Basic d2ViOmtYOS1icmFzc2U="; # FINDING
    example.org/api-token: 3f9c1d77a2e84b06b5d0e4c2 # FINDING
-- fail/template.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata:
      labels:
        deploy-token: 3f9c1d77a2e84b06b5d0e4c2 # FINDING
-- pass/names.yaml --
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    checksum/secret: 5f2c1e0a9b8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e5f2c1e0a9b8d7c6e5f4a3b2c
    vault.hashicorp.com/agent-inject-secret-db: database/creds/web
    cert-manager.io/private-key-secret: web-tls-2024
    nginx.ingress.kubernetes.io/auth-secret: basic-auth
    kubernetes.io/service-account.uid: 7b0c6f9e-7d6a-4f5e-8a3c-0d9b7c4e2f11
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, in(inMeta), of(credential.Token, credential.Named), describe)
}))
