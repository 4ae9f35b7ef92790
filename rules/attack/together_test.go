package attack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/attack"
)

// together are examples of steps that take what another edge gives: a file of an edge runs that edge alone.
var together = []struct {
	name  string
	edges []*rule.Rule
	text  string
	args  []any // put into the text
}{
	{"the log of the pod itself", []*rule.Rule{attack.Token, attack.HostPathLog}, ownLog, []any{"logs", "# EDGE"}},
	{"the node of the agent", []*rule.Rule{attack.Token, attack.ImpersonateLimited}, ownNode, []any{"agent"}},
	{"the log of another pod", []*rule.Rule{attack.Token, attack.HostPathLog}, ownLog, []any{"web", "# NO EDGE"}},
}

const ownLog = `
apiVersion: v1
kind: Pod
metadata: {name: logs, namespace: ops}
spec:
  nodeName: n1
  serviceAccountName: logs
  containers: [{name: l, image: l, volumeMounts: [{name: v, mountPath: /log}]}]
  volumes: [{name: v, hostPath: {path: /var/log}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: own, namespace: ops}
rules:
- {apiGroups: [""], resources: [pods/log], verbs: [get], resourceNames: [%s]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: own, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: own}
subjects: [{kind: ServiceAccount, name: logs, namespace: ops}]
%s Pod ops/logs -> User system:node:n1
`

const ownNode = `
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec: {nodeName: n1, serviceAccountName: %s, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: ops}
spec: {nodeName: n2, serviceAccountName: web, containers: [{name: w, image: w}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: act}
rules:
- {apiGroups: [authentication.k8s.io], resources: [nodes], verbs: ["impersonate:associated-node"], resourceNames: ["*"]}
- {apiGroups: [""], resources: [secrets], verbs: ["impersonate-on:associated-node:get"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: act}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: act}
subjects: [{kind: ServiceAccount, name: agent, namespace: ops}]
# EDGE Pod ops/agent -> User system:node:n1
# NO EDGE Pod ops/agent -> User system:node:n2
# NO EDGE Pod ops/web -> User system:node:n2
`

func TestTogether(t *testing.T) {
	for _, c := range together {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			text := fmt.Sprintf(c.text, c.args...)
			x, err := path.ParseExample(text, rule.Latest)
			if err != nil {
				t.Fatal(err)
			}
			w, objects, err := path.Read(text)
			if err != nil {
				t.Fatal(err)
			}
			g := path.Build(path.Input{World: w, Objects: objects, Edges: c.edges, Version: x.Version})
			for _, claim := range x.Claims {
				if got := g.Reaches(claim.From, claim.To); got == claim.Not {
					t.Errorf("%s -> %s is %v", claim.From, claim.To, got)
				}
			}
			if len(x.Claims) == 0 {
				t.Error("nothing is claimed")
			}
		})
	}
}
