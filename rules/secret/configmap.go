package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// InConfigMap finds credentials written into ConfigMaps.
var InConfigMap = rule.Go(`id: secret-in-configmap
title: Credential in a ConfigMap
severity: high
on: ConfigMap
maps: {nsa-cisa: secrets, attack: [T1552.001, T1552.007], ms-matrix: MS-TA9027}
why: |
  Whoever may read ConfigMaps has the credential: the view role may, and encryption at rest mostly leaves
  them out. An attacker looks there first. Move it into a Secret.
references:
  - https://kubernetes.io/docs/concepts/configuration/configmap/
  - https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html
redact: true
-- fail/key.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  LOG_LEVEL: debug
  DB_PASSWORD: kX9-brasse-4401 # FINDING
-- fail/files.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  .env: | # FINDING
    # PASSWORD=in-a-comment-1
    export SMTP_PASS="kX9-brasse-4401"
  application.properties: | # FINDING
    spring.datasource.password = kX9-brasse-4401
  app.yaml: | # FINDING
    database:
      host: db
      password: kX9-brasse-4401
  config.json: '{"db":{"host":"db","clientSecret":"c0ffee91-D77a2e84b06b5d0e"}}' # FINDING
  db.ini: | # FINDING
    [client]
    user=web
    password=kX9-brasse-4401
  connection: Server=db;Database=shop;User Id=web;Password=kX9-brasse-4401;Encrypt=true # FINDING
  settings.xml: | # FINDING
    <server><id>nexus</id><password>kX9-brasse-4401</password></server>
  storage: DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=`+`pL0vQ7tZ3mN8xR2sW6yB1cD5fG9hJ4kA7eT0uI3oP6qS8zX1vC5nM2bL4rY9wE6tU3iO0pA7sD1fG5hJ8kQ==;EndpointSuffix=core.windows.net # FINDING
-- pass/settings.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  PASSWORD_FILE: /run/secrets/db
  SECRET_NAME: db-credentials
  app.yaml: |
    password: ${DB_PASSWORD}
    token: "{{ .Values.token }}"
    secretName: web-tls
    passwordSecretRef: {name: db, key: password}
    tokenExpirationSeconds: 3600
    # password: hunter22-in-a-comment
    image: registry.example.org/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    revision: 5f2c1e0a9b8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e
    minPasswordLength: 12
  README.md: |
    The password is: set by the operator. token: see the manual
  app.js: |
    const token = req.headers.authorization; password = this.form.password; let apiKey=config.get("apiKey");
    var o={password:"",token:null,secretKey:e.secretKey,key:"value"};
  ca.crt: |
    -----BEGIN CERTIFICATE-----
    MIIBhTCCASugAwIBAgIQIRi6zePL6mKjOipn+dNuaTAKBggqhkjOPQQDAjASMRAw
    -----END CERTIFICATE-----
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, in(inData), of(credential.Token, credential.Named), describe)
}))
