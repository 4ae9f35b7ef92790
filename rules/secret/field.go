package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// InField finds credentials in all other fields: of custom resources, of volumes, in the headers of probes.
var InField = rule.Go(`id: secret-in-field
title: Credential in a field of an object
severity: high
on: "*"
maps: {nsa-cisa: secrets, attack: [T1552.001, T1552.007], ms-matrix: MS-TA9027}
why: |
  Everyone who may read this kind of object has the credential, and encryption at rest mostly covers
  Secrets alone. Most operators and drivers take a reference to a Secret instead.
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/
  - https://kubernetes-csi.github.io/docs/secrets-and-credentials.html
redact: true
-- fail/custom.yaml --
apiVersion: source.example.org/v1
kind: Connector
metadata: {name: shop}
spec:
  url: https://shop.example.org
  auth:
    clientSecret: c0ffee91-D77a2e84b06b5d0e # FINDING
-- fail/probe.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web
      livenessProbe:
        httpGet:
          path: /healthz
          httpHeaders:
            - name: Authorization
              value: Basic d2ViOmtYOS1icmFzc2U= # FINDING
-- fail/class.yaml --
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: remote}
provisioner: example.org/remote
parameters:
  restuserkey: none
  adminPassword: kX9-brasse-4401 # FINDING
-- pass/references.yaml --
apiVersion: source.example.org/v1
kind: Connector
metadata: {name: shop}
spec:
  secretName: shop
  secret: shop-credentials
  tokenSecretRef: {name: shop, key: token}
  passwordKey: admin-password
  privateKeySecretRef: {name: letsencrypt-prod}
  secretKey: password
  remoteRef: {key: secret/data/shop, property: password}
  caBundle: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJoVENDQVN1Z0F3SUJBZ0lRSVJpNnplUEw2bUtqT2lwbitkTnVhVEFLQmdncWhrak9QUVFEQWpBUw==
-- pass/sealed.yaml --
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db}
spec:
  encryptedData:
    password: AgBy3i4OJSWK+PiTySYZZA9rO43cGDEqAx6Q0v1kLm8
-- pass/schema.yaml --
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shops.example.org}
spec:
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          properties:
            password: {type: string, description: "password=kX9-brasse-4401"}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	if o.Ref.Kind == "Config" || o.Group == "kubeadm.k8s.io" || o.Kind == "EncryptionConfiguration" {
		return // the rules of controlplane/ know these files
	}
	finds(p, o, in(elsewhere), of(credential.Token, credential.Named), describe)
}))
