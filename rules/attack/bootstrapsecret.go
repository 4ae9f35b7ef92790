package attack

import (
	"encoding/base64"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// BootstrapSecret uses a bootstrap token that a Secret holds.
var BootstrapSecret = rule.Edge(`
id: attack-bootstrap-secret
title: Use a bootstrap token from a Secret
certainty: conditional
cost: 1
maps: {attack: [T1552.007, T1078], ms-matrix: MS-TA9025}
why: |
  A Secret of type bootstrap.kubernetes.io/token holds a credential with which a machine joins as a node. Until it
  expires, whoever reads it is a member of system:bootstrappers and of the groups that it names. The API server must be
  started with enable-bootstrap-token-auth, as kubeadm does.
detect: requests of users that begin with system:bootstrap from addresses that are no new nodes
mitigate: let bootstrap tokens expire after an hour, and delete them when the nodes have joined
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
-- yes/kubeadm.yaml --
apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
type: bootstrap.kubernetes.io/token
stringData:
  usage-bootstrap-authentication: "true"
  auth-extra-groups: system:bootstrappers:kubeadm:default-node-token
# EDGE Secret kube-system/bootstrap-token-abcdef -> Group system:bootstrappers:kubeadm:default-node-token
# EDGE Secret kube-system/bootstrap-token-abcdef -> Group system:bootstrappers
-- yes/not-shown.yaml --
# Where the content is not shown, the groups that roles are bound to are taken.
apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
type: bootstrap.kubernetes.io/token # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: join}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:node-bootstrapper}
subjects: [{kind: Group, name: "system:bootstrappers:workers", apiGroup: rbac.authorization.k8s.io}]
# EDGE Secret kube-system/bootstrap-token-abcdef -> Group system:bootstrappers:workers
-- no/other-namespace.yaml --
apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-abcdef, namespace: shop}
type: bootstrap.kubernetes.io/token
# NO EDGE Secret shop/bootstrap-token-abcdef -> Group system:bootstrappers
-- no/signing-only.yaml --
# This one signs the cluster's address and authenticates nobody.
apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
type: bootstrap.kubernetes.io/token
stringData: {usage-bootstrap-signing: "true"}
# NO EDGE Secret kube-system/bootstrap-token-abcdef -> Group system:bootstrappers
`, deriveBootstrapSecret)

func deriveBootstrapSecret(a *rule.Attack) {
	for o := range objects(a, "Secret") {
		ref, kind := placed(o), o.Root.Get("type")
		if kind.Str() != "bootstrap.kubernetes.io/token" || ref.Namespace != "kube-system" {
			continue
		}
		groups := bootstrappers(a)
		if shown := o.Root.Get("data").Len()+o.Root.Get("stringData").Len() > 0; shown {
			if value(o, "usage-bootstrap-authentication") != "true" {
				continue
			}
			groups = []string{"system:bootstrappers"}
			for _, g := range strings.Split(value(o, "auth-extra-groups"), ",") {
				if strings.HasPrefix(g, "system:bootstrappers:") {
					groups = append(groups, g)
				}
			}
		}
		for _, g := range groups {
			a.Step(rule.Step{
				From: []bartizan.Ref{ref}, To: rule.Group(g), Text: "uses the bootstrap token as a member of {to}",
				Why: []bartizan.Evidence{evidence(o, kind)},
			})
		}
	}
}

// maxValue bounds how much of a Secret is decoded.
const maxValue = 1 << 20

// value is what a Secret holds under a key; empty if it was not read. It must not be shown.
func value(o *kube.Object, key string) string {
	if plain := o.Root.At("stringData", key); plain.Exists() {
		return plain.Str()
	}
	text := o.Root.At("data", key).Str()
	if len(text) > maxValue {
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(raw)
}

// keys lists the keys of a Secret.
func keys(o *kube.Object) (out []string) {
	for _, field := range []string{"data", "stringData"} {
		for item := range o.Root.Get(field).Items() {
			out = append(out, item.Key())
		}
	}
	return out
}
