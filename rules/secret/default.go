package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// DefaultPassword finds passwords that attackers try first.
var DefaultPassword = rule.Go(`id: secret-default-password
title: Default password
severity: high
on: "*"
maps: {nsa-cisa: [secrets, authentication], attack: [T1078.001, T1110.001], ms-matrix: MS-TA9027}
why: |
  This password ships with a product or heads the lists of leaked ones: whoever reaches the service logs in
  with the first guesses, wherever the password is kept. Generate a long random one.
references:
  - https://attack.mitre.org/techniques/T1078/001/
  - https://pages.nist.gov/800-63-4/sp800-63b.html
redact: true
-- fail/secret.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db}
data:
  username: YWRtaW4=
  password: cGFzc3cwcmQ= # FINDING
stringData:
  root-password: root # FINDING
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
          value: postgres # FINDING
-- fail/configmap.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: db}
data:
  app.yaml: | # FINDING
    adminUser: admin
    adminPassword: minioadmin
-- pass/long.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db}
data:
  username: YWRtaW4=
  password: a1g5LWJyYXNzZS00NDAxLWxvbmc=
stringData: {password-file: root, ADMIN_PASSWORD: "${PASSWORD}", user: admin, password: ""}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, everywhere, of(credential.Weak), describe)
}))
