package secret

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// InKubeconfig finds kubeconfigs with credentials outside Secrets.
var InKubeconfig = rule.Go(`id: secret-kubeconfig
title: kubeconfig with credentials outside a Secret
severity: critical
on: "*"
maps: {nsa-cisa: [secrets, kubeconfig], attack: [T1552.001, T1078.004], ms-matrix: MS-TA9003}
why: |
  Whoever reads this logs in to the cluster that it leads to as its user, who is mostly an administrator.
  A pod uses its service account's projected token; for another cluster, keep the file in a Secret.
references:
  - https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
redact: true
-- fail/configmap.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: access}
data:
  config: | # FINDING
    apiVersion: v1
    kind: Config
    clusters: [{name: a, cluster: {server: "https://10.0.0.1:6443"}}]
    contexts: [{name: a, context: {cluster: a, user: admin}}]
    current-context: a
    users:
      - name: admin
        user:
          token: c0ffee91d77a2e84b06b5d0e
-- pass/plugin.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: access}
data:
  config: |
    apiVersion: v1
    kind: Config
    clusters: [{name: a, cluster: {server: "https://10.0.0.1:6443"}}]
    current-context: a
    users:
      - name: pod
        user: {tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token}
      - name: template
        user: {token: "${TOKEN}"}
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	finds(p, o, open, of(credential.Kubeconfig), describe)
}))
