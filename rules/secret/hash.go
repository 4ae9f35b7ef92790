package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// Hashes finds hashes of passwords outside Secrets.
var Hashes = rule.Go(`id: secret-password-hash
title: Password hash outside a Secret
severity: medium
on: "*"
maps: {nsa-cisa: secrets, attack: [T1552.001, T1110.002], ms-matrix: MS-TA9027}
why: |
  Whoever reads the hash can try passwords against it at their own speed, unseen; weak passwords fall in
  minutes, and those of older schemes nearly all do. Keep htpasswd files and the like in Secrets.
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/
  - https://attack.mitre.org/techniques/T1110/002/
redact: true
-- fail/htpasswd.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: auth}
data:
  htpasswd: | # FINDING
    admin:$2y$10$Zq8vR1tYw3mK7xL0pS5uOeH9dF2gJ4cB6nV8aQ1zE3rT5yU7iW9kM
-- fail/shadow.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web
      env:
        - name: BASIC_AUTH
          value: admin:$apr1$q8vR1tYw$K7xL0pS5uOeH9dF2gJ4cB6 # FINDING
-- pass/none.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: auth}
data:
  script: awk '{print $1$2$3}' file; echo $2a$; test "$6$x"
  manual: the hash begins with $2y$ and a cost
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, open, of(credential.Hash), describe)
}))
