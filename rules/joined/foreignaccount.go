package joined

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// ForeignAccount finds accounts of one namespace that rule in another.
var ForeignAccount = rule.Go(`
id: rbac-foreign-account
title: Account of another namespace reads Secrets or starts pods here
severity: medium
on: RoleBinding
needs: rights
maps: {cis-1.12: [5.1.2, 5.1.4], nsa-cisa: [rbac, namespace-separation], attack: T1078, ms-matrix: MS-TA9019}
why: |
  Whoever starts a pod in the other namespace, or takes one over, has a way into this one, and those who watch
  this one do not see it. It is the usual way from a build namespace into production. Let something that runs here
  do it, or name the objects.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/ci.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: prod}
rules:
  - {apiGroups: ["apps"], resources: [deployments], verbs: [create, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ci, namespace: prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects:
  - kind: ServiceAccount
    namespace: ci
    name: robot # FINDING
-- pass/own.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: prod}
rules:
  - {apiGroups: ["apps"], resources: [deployments], verbs: [create, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ci, namespace: prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects:
  - {kind: ServiceAccount, name: robot, namespace: prod}
-- pass/reads.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: viewer, namespace: prod}
rules:
  - {apiGroups: ["apps"], resources: [deployments], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ci, namespace: prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: viewer}
subjects:
  - {kind: ServiceAccount, name: robot, namespace: ci}
-- pass/system.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: prod}
rules:
  - {apiGroups: ["apps"], resources: [deployments], verbs: [create, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ci, namespace: prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: kube-system}
-- pass/one-object.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: named, namespace: shop}
rules:
  - {apiGroups: [""], resources: [secrets, pods/exec], verbs: [get, create], resourceNames: [public]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ci, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: named}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
`, rule.On(checkForeign))

func checkForeign(p *rule.Pass, o *kube.Object) {
	i := -1
	for s := range o.Root.Get("subjects").Items() {
		i++
		ns := s.Get("namespace").Text()
		if s.Get("kind").Text() != "ServiceAccount" || ns == "" || ns == home(o) || strings.HasPrefix(ns, "kube-") {
			continue
		}
		who := bartizan.Ref{Kind: "ServiceAccount", Namespace: ns, Name: s.Get("name").Text()}
		for _, g := range p.Joined.Rights.Of(who) {
			if g.Binding.Kind != "RoleBinding" || g.Binding.Name != o.Ref.Name || g.Namespace != home(o) {
				continue
			}
			if does := strongly(&g); does != "" {
				p.Report(rule.Hit{
					Path: "/subjects/" + strconv.Itoa(i) + "/name", Why: g.Why()[:1],
					Message: who.String() + ", of another namespace, may " + does + " in " + home(o),
				})
				break
			}
		}
	}
}

// strongly says which of the rights that give a namespace away a rule grants; "" for none.
func strongly(g *rule.Granted) string {
	for _, x := range []struct {
		does string
		sets [][]rule.Right
	}{
		{"start pods", startsPods}, {"read all Secrets", anyOf([]string{"get", "list", "watch"}, "", "secrets", "")},
		{"run commands in pods", anyOf([]string{"create", "get"}, "", "pods", "exec")},
	} {
		if slices.ContainsFunc(x.sets, func(set []rule.Right) bool { return g.Gives(set[0]) }) {
			return x.does
		}
	}
	return ""
}
