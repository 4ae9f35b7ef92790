package path_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// guarded is a namespace with a level that is enforced, a pod of it, jane who may create pods, and a policy.
func guarded(enforce string, expressions ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {%s}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, team: a}}
spec:
  automountServiceAccountToken: false
  containers: [{name: w, image: registry.example.com/web@sha256:1111111111111111111111111111111111111111111111111111111111111111}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: shop}
rules: [{apiGroups: [""], resources: [pods], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployer, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
`, enforce)
	for i, e := range expressions {
		fmt.Fprintf(&b, `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: p%[1]d}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}]}
  validations: [{expression: %[2]q}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: p%[1]d}
spec: {policyName: p%[1]d, validationActions: [Deny]}
`, i, e)
	}
	return b.String()
}

// grants lets jane do something in the whole cluster.
func grants(resource, group, verb string) string {
	return fmt.Sprintf(`---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: more-%[1]s}
rules: [{apiGroups: [%[2]q], resources: [%[1]s], verbs: [%[3]s]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: more-%[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: more-%[1]s}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
`, resource, group, verb)
}

// TestAdmits tells what the standard denies, what policies deny, what policies ask of pods which attackers can give,
// and what nobody knows.
func TestAdmits(t *testing.T) {
	const (
		standard = "pod-security.kubernetes.io/enforce: restricted"
		registry = "object.spec.containers.all(c, c.image.startsWith('registry.example.com/'))"
		label    = "has(object.metadata.labels) && has(object.metadata.labels.team)"
		harmless = "!has(object.spec.hostPID) && !has(object.spec.volumes) && object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged))"
		riddle   = "object.metadata.name == 'nobody-knows'"
	)
	remove := grants("validatingadmissionpolicybindings", "admissionregistration.k8s.io", "delete")
	relax := grants("namespaces", "", "patch")
	for name, c := range map[string]struct {
		text string
		cost int // of the way to a node; -1: there is none
	}{
		"nothing":                {guarded(""), 0},
		"the standard":           {guarded(standard), -1},
		"registry and label":     {guarded("", registry, label), 0},
		"a policy":               {guarded("", harmless), -1},
		"a policy that asks too": {guarded("", registry+" && "+label+" && "+harmless), -1},
		"nobody knows":           {guarded("", riddle), 3},
		"both":                   {guarded(standard, harmless), -1},
		"both, relaxed":          {guarded(standard, harmless) + relax, -1},
		"both, without policies": {guarded(standard, harmless) + remove, -1},
		"both taken away":        {guarded(standard, harmless) + relax + remove, 0},
		"policy taken away":      {guarded("", harmless) + remove, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var edges []*rule.Rule
			for _, e := range rules.Edges() {
				if e.ID == "attack-privileged-workload" || e.ID == "attack-relax-pod-security" || e.ID == "attack-guardrail" {
					edges = append(edges, e)
				}
			}
			if len(edges) != 3 {
				t.Fatalf("%d edges", len(edges))
			}
			g := build(t, c.text, edges...)
			list := g.List([]path.Source{{Ref: ref("User", "", "jane")}}, []path.Target{path.NamedTarget("node", bartizan.Ref(rule.Worker))})
			if got := len(list) > 0; got != (c.cost >= 0) {
				t.Fatalf("a way is found: %v", got)
			}
			if c.cost == 3 && list[0].Cost < 3 {
				t.Errorf("cost %d, though nobody knows what the policy asks for", list[0].Cost)
			}
		})
	}
}
