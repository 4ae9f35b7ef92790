package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// PlaceholderSecret finds credentials that nobody filled in.
var PlaceholderSecret = rule.Go(`id: secret-placeholder
title: Placeholder in place of a credential
severity: low
on: "*"
maps: {nsa-cisa: [secrets, authentication], attack: T1078.001, ms-matrix: MS-TA9027}
why: |
  If the manifest is applied as it stands, the placeholder is the credential, and everyone who has the
  manifest knows it. Take the credential out of the manifest, so that a forgotten one fails to start.
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/
  - https://attack.mitre.org/techniques/T1078/001/
redact: true
-- fail/secret.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db}
data:
  password: Y2hhbmdlbWU= # FINDING
stringData:
  api-token: REPLACE_ME # FINDING
-- fail/env.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db}
spec:
  containers:
    - name: db
      image: postgres
      env:
        - name: POSTGRES_PASSWORD
          value: your-password-here # FINDING
-- pass/template.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {password: "${PASSWORD}", api-token: "<token>", key: '{{ .Values.key }}', note: changeme}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, everywhere, of(credential.Placeholder), describe)
}))
