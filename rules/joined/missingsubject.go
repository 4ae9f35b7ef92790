package joined

import (
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// MissingSubject finds bindings to service accounts that do not exist.
var MissingSubject = rule.Go(`
id: rbac-missing-subject
title: Binding to a service account that does not exist
severity: low
on: [RoleBinding, ClusterRoleBinding]
needs: rights
maps: {nsa-cisa: rbac, attack: T1098.006}
why: |
  Whoever may create a service account of that name in that namespace gets the rights, without the right to bind
  anything. Often it is left from something that was taken out, or it is a typing error. Of files it is judged
  where other service accounts of the namespace stand beside the binding.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/typo.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: web}
  - kind: ServiceAccount
    name: wbe # FINDING
-- fail/cluster.yaml --
# WHOLE CLUSTER
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: old}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - kind: ServiceAccount
    namespace: gone
    name: operator # FINDING
-- pass/exists.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- pass/default.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: default, namespace: shop}
-- pass/half-a-cluster.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: web, namespace: shop}
-- pass/other-namespace.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: shop
  name: web
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: robot, namespace: ci}
-- pass/controllers.yaml --
# WHOLE CLUSTER
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:controller:attachdetach-controller"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:controller:attachdetach-controller"}
subjects:
  - {kind: ServiceAccount, namespace: kube-system, name: attachdetach-controller}
`, rule.On(checkSubjects))

func checkSubjects(p *rule.Pass, o *kube.Object) {
	if strings.HasPrefix(o.Ref.Name, "system:") {
		p.Abstain() // controllers' accounts are made when they are first needed
		return
	}
	judged, i := false, -1
	for s := range o.Root.Get("subjects").Items() {
		i++
		name, ns := s.Get("name").Text(), s.Get("namespace").Text()
		if ns == "" {
			ns = home(o)
		}
		if s.Get("kind").Text() != "ServiceAccount" || name == "" || name == "default" ||
			!p.Joined.Complete && !besides(p, o, "ServiceAccount", ns) {
			continue
		}
		judged = true
		if !exists(p.World, bartizan.Ref{Kind: "ServiceAccount", Namespace: ns, Name: name}) {
			p.Report(rule.Hit{Path: "/subjects/" + strconv.Itoa(i) + "/name", Message: "ServiceAccount " + ns + "/" + name + " does not exist"})
		}
	}
	if !judged {
		p.Abstain()
	}
}
