package path

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/policy"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// guards are the cluster's own ValidatingAdmissionPolicies that deny, asked about pods that attackers would create.
type guards struct {
	sets   []*policy.Set // one for each policy
	world  bartizan.World
	denied map[string]string // verdicts so far: the policy that denies, or ""
}

const (
	policyKind  = "ValidatingAdmissionPolicy"
	bindingKind = "ValidatingAdmissionPolicyBinding"
)

// newGuards loads the policies that some binding enforces with Deny. One that cannot be read is left out: what cannot
// be judged is not trusted to hold anybody up.
func newGuards(in Input) *guards {
	g := &guards{world: in.World, denied: map[string]string{}}
	bound := map[string][]policy.File{}
	var params []policy.File
	file := func(o *kube.Object) policy.File {
		text, err := json.Marshal(o.Root.Any())
		if err != nil {
			return policy.File{Name: o.Origin.File} // not a number, or infinite: refused when it is loaded
		}
		return policy.File{Name: o.Origin.File, Text: string(text)}
	}
	for _, o := range in.Objects {
		if o.Kind == bindingKind && denies(o.Root) {
			name := o.Root.At("spec", "policyName").Str()
			bound[name] = append(bound[name], file(o))
		}
	}
	if len(bound) == 0 {
		return g
	}
	for _, o := range in.Objects {
		if o.Kind == "ConfigMap" {
			params = append(params, file(o)) // it may be somebody's parameter
		}
	}
	for _, o := range in.Objects {
		if o.Kind != policyKind || bound[o.Ref.Name] == nil {
			continue
		}
		files := append([]policy.File{file(o)}, bound[o.Ref.Name]...)
		if set, err := policy.Load(append(files, params...), in.Version); err == nil {
			g.sets = append(g.sets, set)
		}
	}
	return g
}

// denies says whether a binding refuses requests rather than only warn or log.
func denies(root tree.Node) bool {
	for a := range root.At("spec", "validationActions").Items() {
		if a.Str() == "Deny" {
			return true
		}
	}
	return false
}

// The pods that stand for a level: all of them must be denied for the level to be.
var samples = map[rule.Level][]string{
	rule.LevelRestricted: {`{"automountServiceAccountToken":true,"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[{"name":"main","image":"example.com/main@sha256:0000000000000000000000000000000000000000000000000000000000000000","resources":{"requests":{"cpu":"1m","memory":"1Mi"},"limits":{"cpu":"1m","memory":"1Mi"}},"securityContext":{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}}}]}`},
	rule.LevelBaseline:   {`{"containers":[{"name":"main","image":"example.com/main"}]}`},
	rule.LevelPrivileged: {
		`{"containers":[{"name":"main","image":"example.com/main","securityContext":{"privileged":true}}]}`,
		`{"containers":[{"name":"main","image":"example.com/main","volumeMounts":[{"name":"host","mountPath":"/host"}]}],"volumes":[{"name":"host","hostPath":{"path":"/"}}]}`,
		`{"hostPID":true,"containers":[{"name":"main","image":"example.com/main","securityContext":{"capabilities":{"add":["SYS_ADMIN","SYS_PTRACE"]}}}]}`,
	},
}

// deny says which policy denies every pod of a level in a namespace.
func (g *guards) deny(namespace string, level rule.Level) (by string, denied bool) {
	if len(g.sets) == 0 {
		return "", false
	}
	key := namespace + " " + string(level)
	if by, known := g.denied[key]; known {
		return by, by != ""
	}
	for _, spec := range samples[level] {
		if by = g.judge(namespace, spec); by == "" {
			break
		}
	}
	g.denied[key] = by
	return by, by != ""
}

// judge is the id of a policy that denies a pod, "" if all admit it.
func (g *guards) judge(namespace, spec string) (by string) {
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"sample","namespace":%q},"spec":%s}`, namespace, spec)
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return ""
		}
		pods, _ := kube.Decode(doc, bartizan.Origin{})
		for _, set := range g.sets {
			_, err := set.Judge(context.Background(), g.world, pods, func(f bartizan.Finding) error {
				by = f.Rule
				return nil
			})
			if err != nil || by != "" {
				break
			}
		}
	}
	return by
}
