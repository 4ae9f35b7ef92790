package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// InRegistry finds logins of container registries outside Secrets.
var InRegistry = rule.Go(`id: secret-registry-login
title: Container registry login outside a Secret
severity: high
on: "*"
maps: {nsa-cisa: secrets, attack: [T1552.001, T1525], ms-matrix: MS-TA9027}
why: |
  Whoever reads the login pulls the private images, and with push rights replaces those that the cluster
  runs. Keep it in a Secret of type kubernetes.io/dockerconfigjson, or use the node's credential provider.
references:
  - https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
redact: true
-- fail/configmap.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: kaniko}
data:
  config.json: '{"auths":{"registry.example.org":{"auth":"d2ViOmtYOS1icmFzc2U="}}}' # FINDING
-- pass/helper.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: kaniko}
data:
  config.json: '{"auths":{"registry.example.org":{}},"credsStore":"ecr-login"}'
  template.json: '{"auths":{"registry.example.org":{"auth":"${AUTH}"}}}'
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, open, of(credential.Registry), describe)
}))
