package secret

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// Committed finds Secrets whose credentials are written in the manifest.
var Committed = rule.Go(`id: secret-committed
title: Secret is written in the manifest
severity: high
on: Secret
maps: {nsa-cisa: secrets, cis-1.12: 5.4.2, attack: T1552.001, ms-matrix: MS-TA9027}
why: |
  base64 is no encryption: everyone who has the manifest, its history or the build that carried it has the
  credential, and it stays in the history when the file is gone. Replace it, and let a store outside fill
  the Secret (External Secrets, CSI driver), or encrypt the file (SealedSecret, SOPS).
references:
  - https://kubernetes.io/docs/concepts/security/secrets-good-practices/
  - https://external-secrets.io/latest/
redact: true
-- fail/data.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db}
data: # FINDING
  username: YWRtaW4=
  password: a1g5LWJyYXNzZS00NDAxLWxvbmc=
-- fail/tls.yaml --
apiVersion: v1
kind: Secret
metadata: {name: tls}
type: kubernetes.io/tls
stringData: # FINDING
  tls.key: |
    -----BEGIN EC PRIVATE`+` KEY-----
    bm90YWtleWJ1dGEzMmJ5dGVsb25ndGV4dHRoYXRsb29rc2xpa2VvbmU4MjcxNDM5
-- fail/file.yaml --
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData: # FINDING
  config.yaml: |
    database: {host: db, url: "postgres://shop:kX9-brasse-4401@db/shop"}
-- pass/template.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {username: admin, password: "${PASSWORD}", token: "", url: 'postgres://u:{{ .pw }}@db', host: db.example.org}
---
apiVersion: v1
kind: Secret
metadata: {name: token, annotations: {kubernetes.io/service-account.name: ci}}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Secret
metadata: {name: db}
data: {password: "ENC[AES256_GCM,data:p673w==,iv:YY=,tag:U=,type:str]"}
sops: {version: 3.9.0}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	if o.Origin.Source == "cluster" || o.Origin.Source == "helm" {
		return // a Secret in a cluster has data; what a chart renders is made of its values
	}
	for _, field := range []string{"data", "stringData"} {
		committed(p, o, o.Root.Get(field))
	}
}))

// written are the classes that make a text in a Secret a credential.
var written = of(credential.Token, credential.Named, credential.PrivateKey, credential.URL, credential.Hash,
	credential.ServiceAccount, credential.Kubeconfig, credential.Registry)

// committed reports the credentials in one map of a Secret's data, all in one.
func committed(p *rule.Pass, o *kube.Object, data tree.Node) {
	var keys []string
	texts(o, in(inSecret), func(t text) {
		if t.node.Parent() != data {
			return
		}
		if found := inText(t, written); len(found) > 0 {
			keys = append(keys, fmt.Sprintf("%s (%s)", short(t.name), found[0].What))
		} else if unnamed(t.value()) {
			keys = append(keys, short(t.name))
		}
	})
	if len(keys) == 0 {
		return
	}
	message := "holds credentials: " + strings.Join(keys[:min(len(keys), 5)], ", ")
	if n := len(keys) - 5; n > 0 {
		message += fmt.Sprintf(" and %d more", n)
	}
	p.Report(rule.Hit{Path: pathIn(o, data), Message: message})
}

// unnamed says that a text in a Secret looks like a credential, whatever its key is called.
func unnamed(value string) bool {
	value = strings.TrimSpace(value)
	return len(value) >= 16 && !credential.IsReference(value) && !credential.IsPlaceholder(value) && credential.Random(value)
}
