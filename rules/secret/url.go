package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// InURL finds passwords in URLs and data source names.
var InURL = rule.Go(`id: secret-url-credentials
title: Password in a URL
severity: high
on: "*"
maps: {nsa-cisa: [secrets, log-exposure], attack: [T1552.001, T1552.007], ms-matrix: MS-TA9027}
why: |
  A URL with a password in it is written to logs, traces, error messages and process lists by nearly
  every program that uses it. Keep user and password in a Secret and let the program take them apart.
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/
  - https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
redact: true
-- fail/env.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web
      args:
        - --broker=amqp://web:kX9-brasse-4401@rabbit:5672/shop # FINDING
      env:
        - name: DATABASE_URL
          value: postgres://shop:kX9-brasse-4401@db:5432/shop?sslmode=disable # FINDING
        - name: DSN
          value: shop:kX9-brasse-4401@tcp(db:3306)/shop?parseTime=true # FINDING
-- fail/configmap.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  app.yaml: | # FINDING
    cache: redis://:kX9-brasse-4401@cache:6379/0
-- pass/none.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  a: postgres://shop:$(PASSWORD)@db:5432/shop
  b: postgres://shop:${PASSWORD}@db/shop
  c: https://user:password@example.com/
  d: ssh://git@github.com:22/shop.git
  e: docker://nginx:1.27@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  f: http://[::1]:8080/a@b
  g: http://web:8080/mail?to=a@b
  h: mongodb://<user>:<password>@db/shop
  i: '{{ printf "postgres://%s:%s@db" .user .password }}'
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, open, of(credential.URL), describe)
}))
