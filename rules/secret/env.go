package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// InEnv finds credentials written into environment variables.
var InEnv = rule.Go(`id: secret-in-env
title: Credential in an environment variable
severity: high
on: "*"
maps: {nsa-cisa: secrets, attack: [T1552.001, T1552.007], ms-matrix: MS-TA9027}
why: |
  The credential stands in the manifest, in etcd and in every backup, for everyone who may read workloads,
  which is far more people than may read Secrets. Put it into a Secret and mount that, or refer to it.
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/
  - https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html
redact: true
-- fail/password.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: web
          image: web
          env:
            - name: LOG_LEVEL
              value: debug
            - name: DB_PASSWORD
              value: kX9-brasse-4401 # FINDING
-- fail/token.yaml --
apiVersion: v1
kind: Pod
metadata: {name: ci}
spec:
  initContainers:
    - name: clone
      image: git
      env:
        - name: SOURCE
          value: glpat-`+`Zx81nQm_47tRbKw09sLd # FINDING
        - name: JAVA_OPTS
          value: -Xmx1g -Dspring.datasource.password=Hv7pQ2wLz # FINDING
-- fail/custom.yaml --
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  templates:
    - name: t
      container:
        image: x
        env:
          - {name: API_TOKEN, value: 3f9c1d77a2e84b06b5d0e4c2} # FINDING
-- pass/reference.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web
      env:
        - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
        - {name: DB_PASSWORD_FILE, value: /run/secrets/db}
        - {name: TOKEN_TTL, value: 3600s}
        - {name: SECRET_NAME, value: db-credentials}
        - {name: ADMIN_PASSWORD, value: $(DB_PASSWORD)}
        - {name: API_KEY, value: "${API_KEY}"}
        - {name: PASSWORD_POLICY, value: strong-8-chars-1}
        - {name: PUBLIC_KEY, value: MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE}
        - {name: GIT_COMMIT, value: 5f2c1e0a9b8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e}
        - {name: REQUIRE_PASSWORD, value: "true"}
        - {name: MAX_TOKENS, value: "4096"}
        - {name: SESSION_ID, value: 7b0c6f9e-7d6a-4f5e-8a3c-0d9b7c4e2f11}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, in(inEnv), of(credential.Token, credential.Named), describe)
}))
