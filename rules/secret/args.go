package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// InArgs finds credentials written into command lines.
var InArgs = rule.Go(`id: secret-in-args
title: Credential on a command line
severity: high
on: "*"
maps: {nsa-cisa: secrets, attack: [T1552.001, T1552.007], ms-matrix: MS-TA9027}
why: |
  The credential stands in the manifest and in etcd, and besides in the process list of the node, where
  every process of the host and every monitoring agent reads it. Mount a Secret and pass the file's name.
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/
  - https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html
redact: true
-- fail/flag.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: web
          image: web
          command: [server]
          args:
            - --listen=:8080
            - --db-password=kX9-brasse-4401 # FINDING
-- fail/next.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web
      args:
        - --token
        - c0ffee91d77a2e84b06b5d0e # FINDING
-- fail/shell.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web
      command:
        - sh
        - -c
        - mysqldump --password kX9-brasse-4401 shop > /backup/all # FINDING
-- pass/reference.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web
      command: [sh, -c, 'mysqladmin --password=$MYSQL_PASSWORD ping && echo password: is fine']
      args: [--password-file=/run/secrets/db, --token-ttl=24h, --secret-name=web-tls, "--token=$(TOKEN)", --api-key, "${KEY}",
        --enable-token-auth, --tls-private-key-file=/tls/key.pem, --password, --verbose]
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	classes := of(credential.Token, credential.Named)
	finds(p, o, in(inArgs), classes, describe)
	flags(p, o, classes, describe)
}))

// flags finds credentials that stand in the item after their flag's: [--password, abc].
func flags(p *rule.Pass, o *kube.Object, classes classSet, say func(text, credential.Found) string) {
	var before string
	texts(o, in(inArgs), func(t text) {
		value := t.node.Text()
		flag := before
		before = value
		if t.node.Position() == 0 || len(flag) < 3 || flag[0] != '-' || value == "" || value[0] == '-' {
			return
		}
		f, ok := credential.Pair(flag, value)
		if !ok || !classes.has(f.Class) || len(inText(t, classes)) > 0 {
			return
		}
		p.Report(rule.Hit{Path: pathIn(o, t.node), Message: say(t, f)})
	})
}
