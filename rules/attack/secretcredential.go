package attack

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// SecretCredential uses a credential for this cluster that a Secret holds.
var SecretCredential = rule.Edge(`
id: attack-secret-credential
title: Use a token or certificate for the cluster that lies in a Secret
certainty: conditional
cost: 2
maps: {attack: [T1552.001, T1552.007, T1078], ms-matrix: [MS-TA9003, MS-TA9025]}
why: |
  Pipelines and controllers keep kubeconfigs and tokens in Secrets. A token of Kubernetes says whose it is, and so does a
  client certificate: whoever reads the Secret is that service account, user or group. Whether it is for this cluster and
  has not expired is not looked at.
detect: requests of that identity from another address than its own
mitigate: use short tokens by projected volumes in place of stored ones; keep kubeconfigs of administrators out of clusters
references:
  - https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
  - https://kubernetes.io/docs/concepts/security/secrets-good-practices/
-- yes/token.yaml --
# The payload says {"sub":"system:serviceaccount:ops:admin"}; the signature is none.
apiVersion: v1
kind: Secret
metadata: {name: deploy, namespace: ci}
type: Opaque # EVIDENCE
stringData:
  token: eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6b3BzOmFkbWluIn0.none
# EDGE Secret ci/deploy -> ServiceAccount ops/admin
-- yes/kubeconfig.yaml --
apiVersion: v1
kind: Secret
metadata: {name: deploy, namespace: ci}
type: Opaque
stringData:
  kubeconfig: |
    apiVersion: v1
    kind: Config
    users:
    - name: deploy
      user: {token: eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6b3BzOmFkbWluIn0.none}
# EDGE Secret ci/deploy -> ServiceAccount ops/admin
-- no/other-issuer.yaml --
# The payload says {"sub":"alice"}: a token of something else.
apiVersion: v1
kind: Secret
metadata: {name: deploy, namespace: ci}
stringData:
  token: eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.none
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: User, name: alice, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE Secret ci/deploy -> User alice
-- no/no-token.yaml --
apiVersion: v1
kind: Secret
metadata: {name: deploy, namespace: ci}
stringData: {token: "a.b.c", note: system:serviceaccount:ops:admin, broken: "e30.e30"}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: ops}
# NO EDGE Secret ci/deploy -> ServiceAccount ops/admin
`, deriveSecretCredential)

func deriveSecretCredential(a *rule.Attack) {
	for o := range objects(a, "Secret") {
		if strings.HasPrefix(o.Root.Get("type").Str(), "kubernetes.io/service-account-token") {
			continue // told of by its annotation
		}
		ref := placed(o)
		told := map[bartizan.Ref]bool{}
		for _, key := range keys(o) {
			text := value(o, key)
			for _, to := range append(tokenOwners(text), certificateOwners(text)...) {
				if told[to] {
					continue
				}
				told[to] = true
				a.Step(rule.Step{
					From: []bartizan.Ref{ref}, To: to, Text: "uses the credential of {to} that is in the Secret",
					Why: []bartizan.Evidence{evidence(o, o.Root.Get("type"))},
				})
			}
		}
	}
}

// maxTokens bounds how many credentials are looked for in one value.
const maxTokens = 64

// tokenOwners lists the service accounts whose tokens a text holds, anywhere in it.
func tokenOwners(text string) (out []bartizan.Ref) {
	for range maxTokens {
		i := strings.Index(text, "eyJ") // every JSON object that begins with a name does, in base64
		if i < 0 {
			break
		}
		text = text[i:]
		end := strings.IndexFunc(text, func(r rune) bool { return r != '.' && !inBase64(r) })
		if end < 0 {
			end = len(text)
		}
		parts := strings.Split(text[:end], ".")
		text = text[end:]
		if len(parts) != 3 {
			continue
		}
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			continue
		}
		var claims struct{ Sub string }
		if json.Unmarshal(payload, &claims) != nil {
			continue
		}
		rest, ok := strings.CutPrefix(claims.Sub, "system:serviceaccount:")
		if ns, name, both := strings.Cut(rest, ":"); ok && both && ns != "" && name != "" {
			out = append(out, rule.Account(ns, name))
		}
	}
	return out
}

// inBase64 says whether a character stands in base64 for addresses.
func inBase64(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// certificateOwners lists the users and groups of the client certificates in a kubeconfig, or in a text of its own.
func certificateOwners(text string) (out []bartizan.Ref) {
	for range maxTokens {
		_, rest, ok := strings.Cut(text, "client-certificate-data:")
		if !ok {
			break
		}
		text = strings.TrimLeft(rest, " \t\"'")
		end := strings.IndexAny(text, " \t\r\n\"'},")
		if end < 0 {
			end = len(text)
		}
		raw, err := base64.StdEncoding.DecodeString(text[:end])
		if err != nil {
			continue
		}
		block, _ := pem.Decode(raw)
		if block == nil {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		if c.Subject.CommonName != "" {
			out = append(out, rule.User(c.Subject.CommonName))
		}
		for _, g := range c.Subject.Organization {
			out = append(out, rule.Group(g))
		}
	}
	return out
}
