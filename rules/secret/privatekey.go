package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// PrivateKey finds private keys outside Secrets.
var PrivateKey = rule.Go(`id: secret-private-key
title: Private key outside a Secret
severity: critical
on: "*"
maps: {nsa-cisa: [secrets, encryption], attack: [T1552.004, T1552.007], ms-matrix: MS-TA9027}
why: |
  Whoever reads the key is its owner: they can pose as the server or the user that it belongs to, read
  recorded traffic, or sign in its name. Replace the key, and keep the new one in a Secret of its own.
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
  - https://attack.mitre.org/techniques/T1552/004/
redact: true
-- fail/configmap.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: tls}
data:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    MIIBhTCCASugAwIBAgIQIRi6zePL6mKjOipn+dNuaTAKBggqhkjOPQQDAjASMRAw
    -----END CERTIFICATE-----
  tls.key: | # FINDING
    -----BEGIN EC PRIVATE`+` KEY-----
    bm90YWtleWJ1dGEzMmJ5dGVsb25ndGV4dHRoYXRsb29rc2xpa2VvbmU4MjcxNDM5
    -----END EC PRIVATE KEY-----
-- fail/env.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web
      env:
        - name: DEPLOY_KEY
          value: "-----BEGIN OPENSSH PRIVATE`+` KEY-----\nbm90YWtleWJ1dGEzMmJ5dGVsb25ndGV4dHRoYXRsb29rc2xpa2VvbmU4MjcxNDM5\n" # FINDING
-- fail/encoded.yaml --
apiVersion: example.org/v1
kind: Issuer
metadata: {name: own}
spec:
  tls:
    key: LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tCmJtOTBZV3RsZVdKMWRHRXpNbUo1ZEdWc2IyNW5kR1Y0ZEhSb1lYUnNiMjlyYzJ4cGEyVnZibVU0TWpjeE5ETTUK # FINDING
-- pass/public.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: tls}
data:
  pub.pem: |
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbm90YWtleWJ1dGEzMmJ5dGVsb25n
    -----END PUBLIC KEY-----
  manual.md: |
    -----BEGIN PRIVATE KEY-----
    ...
    -----END PRIVATE KEY-----
  template: |
    -----BEGIN PRIVATE KEY-----
    <your key here, a very long text in base64 AAAABBBBCCCCDDDDEEEEFFFF>
    -----END PRIVATE KEY-----
  check.sh: grep -q -- '-----BEGIN PRIVATE KEY-----' /tls/tls.key && echo there is a key in this file
---
apiVersion: v1
kind: Secret
metadata: {name: tls}
stringData:
  tls.key: |
    -----BEGIN EC PRIVATE`+` KEY-----
    bm90YWtleWJ1dGEzMmJ5dGVsb25ndGV4dHRoYXRsb29rc2xpa2VvbmU4MjcxNDM5
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, open, of(credential.PrivateKey), describe)
}))
