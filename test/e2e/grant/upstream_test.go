package grant

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bartizan-dev/bartizan/test/e2e/gobuild"
)

// TestUpstreamTables runs upstream's own unit tests on a copy of its source, with a few lines more that record each question
// and answer, and asks the product the same: what upstream's authors thought worth a test.
func TestUpstreamTables(t *testing.T) {
	ctx, cancel := gobuild.Context(t)
	defer cancel()
	env, err := gobuild.Look(ctx)
	gobuild.Check(t, err)
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(env.Module(), name))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "\n")
		if name == "go.sum" {
			rest = string(text)
		} else {
			rest = "module upstream\n" + rest
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(rest), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range copies {
		out, err := gobuild.Run(ctx, ".", "list", "-f", "{{.Dir}}", c.pkg)
		gobuild.Check(t, err)
		copyPackage(t, strings.TrimSpace(string(out)), filepath.Join(dir, c.name), c)
	}
	record := filepath.Join(dir, "record.jsonl")
	t.Setenv("BARTIZAN_RECORD", record)
	_, err = gobuild.Run(ctx, dir, "test", "-count=1", "-p=1", "./authorizer", "./coverage", "./registry")
	gobuild.Check(t, err)
	_, err = gobuild.Run(ctx, dir, "test", "-count=1", "-run=^TestNodeAuthorizer$", "./node")
	gobuild.Check(t, err)
	replay(t, record)
}

// copyPackage copies the Go files of a package, its tests included, and makes the edits.
func copyPackage(t *testing.T, from, to string, c packageCopy) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if strings.Contains(text, `"github.com/stretchr/testify/`) {
			continue // a test of something else, with a module that ours lacks
		}
		for _, other := range copies {
			text = strings.ReplaceAll(text, strconv.Quote(other.pkg), strconv.Quote("upstream/"+other.name))
		}
		for _, e := range c.edits {
			if filepath.Base(file) != e.file {
				continue
			}
			if strings.Count(text, e.old) != 1 {
				t.Fatalf("%s does not have %q once: upstream has changed, and this test must follow", file, e.old)
			}
			text = strings.Replace(text, e.old, e.new, 1)
		}
		if filepath.Base(file) == c.file {
			text += c.more
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// packageCopy is a package of upstream, what is changed in it, and what is added to one of its files.
type packageCopy struct {
	pkg, name string
	edits     []edit
	file      string
	more      string
}

type edit struct{ file, old, new string }

// copies are the packages: functions under test get another name, and one that records takes their place.
var copies = []packageCopy{
	{
		"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac", "authorizer",
		[]edit{
			{"rbac.go", "func (r *RBACAuthorizer) Authorize(", "func (r *RBACAuthorizer) authorize("},
			{"rbac.go", "func RuleAllows(", "func ruleAllows("},
			{"rbac.go", "import (\n", "import (\n\t\"encoding/json\"\n\t\"os\"\n"},
		}, "rbac.go", `
func (r *RBACAuthorizer) Authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	d, reason, err := r.authorize(ctx, a)
	roles, roleBindings, clusterRoles, clusterRoleBindings := rbacregistryvalidation.Last.All()
	record(a, d == authorizer.DecisionAllow, map[string]any{
		"roles": roles, "roleBindings": roleBindings, "clusterRoles": clusterRoles, "clusterRoleBindings": clusterRoleBindings})
	return d, reason, err
}

func RuleAllows(a authorizer.Attributes, rule *rbacv1.PolicyRule) bool {
	ok := ruleAllows(a, rule)
	record(a, ok, map[string]any{"rule": rule})
	return ok
}
` + recordAttributes,
	},
	{
		"k8s.io/kubernetes/plugin/pkg/auth/authorizer/node", "node",
		[]edit{
			{"node_authorizer.go", "func (r *NodeAuthorizer) Authorize(", "func (r *NodeAuthorizer) authorizeRequest("},
			{"node_authorizer.go", "import (\n", "import (\n\t\"encoding/json\"\n\t\"os\"\n"},
			{"graph.go", "type Graph struct {\n", "type Graph struct {\n\trecorded []any\n"},
			{"graph.go", "func (g *Graph) AddPod(pod *corev1.Pod) {\n", "func (g *Graph) AddPod(pod *corev1.Pod) {\n" +
				"\tc := *pod\n\tc.APIVersion, c.Kind = \"v1\", \"Pod\"\n\tg.recorded = append(g.recorded, c)\n"},
			{"graph.go", "func (g *Graph) AddPV(pv *corev1.PersistentVolume) {\n", "func (g *Graph) AddPV(pv *corev1.PersistentVolume) {\n" +
				"\tc := *pv\n\tc.APIVersion, c.Kind = \"v1\", \"PersistentVolume\"\n\tg.recorded = append(g.recorded, c)\n"},
			{"graph.go", "func (g *Graph) AddVolumeAttachment(attachmentName, nodeName string) {\n", "func (g *Graph) AddVolumeAttachment(attachmentName, nodeName string) {\n" +
				"\tg.recorded = append(g.recorded, bare(\"storage.k8s.io/v1\", \"VolumeAttachment\", attachmentName, nodeName))\n"},
			{"graph.go", "func (g *Graph) AddResourceSlice(sliceName, nodeName string) {\n", "func (g *Graph) AddResourceSlice(sliceName, nodeName string) {\n" +
				"\tg.recorded = append(g.recorded, bare(\"resource.k8s.io/v1\", \"ResourceSlice\", sliceName, nodeName))\n"},
		}, "node_authorizer.go", `
func bare(version, kind, name, node string) map[string]any {
	return map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]any{"name": name}, "spec": map[string]any{"nodeName": node}}
}

func (r *NodeAuthorizer) Authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	d, reason, err := r.authorizeRequest(ctx, a)
	selectors, _ := a.GetFieldSelector()
	usual := r.features.Enabled(features.AuthorizeNodeWithSelectors) && !r.features.Enabled(features.PodCertificateRequest) &&
		r.features.Enabled(features.KubeletServiceAccountTokenForCredentialProviders)
	if usual && len(selectors) == 0 {
		record(a, d == authorizer.DecisionAllow, map[string]any{"objects": r.graph.recorded})
	}
	return d, reason, err
}
` + recordAttributes,
	},
	{
		"k8s.io/kubernetes/pkg/registry/rbac/validation", "registry",
		[]edit{{"rule.go", "	return newMockRuleResolver(&r), &r\n", "	Last = &r\n	return newMockRuleResolver(&r), &r\n"}}, "rule.go", `
var Last *StaticRoles

func (r *StaticRoles) All() ([]*rbacv1.Role, []*rbacv1.RoleBinding, []*rbacv1.ClusterRole, []*rbacv1.ClusterRoleBinding) {
	return r.roles, r.roleBindings, r.clusterRoles, r.clusterRoleBindings
}
`,
	},
	{
		"k8s.io/component-helpers/auth/rbac/validation", "coverage",
		[]edit{
			{"policy_comparator.go", "func Covers(", "func covers("},
			{"policy_comparator.go", "import (\n", "import (\n\t\"encoding/json\"\n\t\"os\"\n"},
		}, "policy_comparator.go", `
func Covers(owner, servant []rbacv1.PolicyRule) (bool, []rbacv1.PolicyRule) {
	ok, missing := covers(owner, servant)
	write(map[string]any{"owner": owner, "servant": servant, "missing": len(missing)})
	return ok, missing
}
` + recordWrite,
	},
}

// recordWrite and recordAttributes are source that upstream's copies get.
const (
	recordWrite = `
func write(line any) {
	f, err := os.OpenFile(os.Getenv("BARTIZAN_RECORD"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if err := json.NewEncoder(f).Encode(line); err != nil {
		panic(err)
	}
}
`
	recordAttributes = recordWrite + `
func record(a authorizer.Attributes, allowed bool, more map[string]any) {
	q := map[string]any{"Op": "can", "Verb": a.GetVerb()}
	if u := a.GetUser(); u != nil {
		q["User"], q["Groups"] = u.GetName(), u.GetGroups()
	}
	if a.IsResourceRequest() {
		q["Group"], q["Resource"], q["Subresource"], q["Namespace"], q["Name"] = a.GetAPIGroup(), a.GetResource(), a.GetSubresource(), a.GetNamespace(), a.GetName()
	} else {
		q["Path"] = a.GetPath()
	}
	more["question"], more["allowed"] = q, allowed
	write(more)
}
`
)

// recorded is one line of the record: a question to the authorizer, to one rule, or of coverage.
type recorded struct {
	Question question
	Allowed  bool
	Rule     *rbacv1.PolicyRule

	Roles               []*rbacv1.Role
	RoleBindings        []*rbacv1.RoleBinding
	ClusterRoles        []*rbacv1.ClusterRole
	ClusterRoleBindings []*rbacv1.ClusterRoleBinding

	Objects        []json.RawMessage // pods and volumes
	Owner, Servant []rbacv1.PolicyRule
	Missing        *int
}

func replay(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a := startAsker(t)
	counts := map[string]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		kind, c, q, want := "authorizer", &rbac{r.Roles, r.RoleBindings, r.ClusterRoles, r.ClusterRoleBindings}, r.Question, verdict(r.Allowed)
		switch {
		case r.Missing != nil:
			kind, c, q, want = "coverage", everyone(r.Owner), question{Op: "missing", User: "somebody", Rules: rulesOf(r.Servant)}, fmt.Sprint(*r.Missing)
		case r.Rule != nil:
			kind, c, q.User = "rule", everyone([]rbacv1.PolicyRule{*r.Rule}), "somebody"
		case r.Objects != nil:
			kind = "node"
		case q.Resource == "" && q.Path == "":
			continue
		}
		counts[kind]++
		world := worldOf(t, c.objects()...)
		if r.Objects != nil {
			world = listOf(t, r.Objects)
		}
		got := a.ask(batch{World: world, Complete: true, Pods: true, Questions: []question{q}})
		answer := got.Verdicts[0]
		if r.Missing != nil {
			answer = got.Reasons[0]
		}
		if answer != want && !(answer == "unknown" && want == "denied" && strings.Contains(got.Reasons[0], "refuses")) {
			t.Errorf("%s\nupstream: %s\nproduct:  %s: %s", lines.Text(), want, answer, got.Reasons[0])
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Log(counts)
	for kind, least := range map[string]int{"authorizer": 20, "rule": 60, "coverage": 15, "node": 50} {
		if counts[kind] < least {
			t.Errorf("%d questions of kind %s were recorded, at least %d were expected", counts[kind], kind, least)
		}
	}
}

// everyone binds rules to the user that the replayed question is asked of.
func everyone(rules []rbacv1.PolicyRule) *rbac {
	return &rbac{
		clusterRoles: []*rbacv1.ClusterRole{{ObjectMeta: metav1.ObjectMeta{Name: "r"}, Rules: rules}},
		clusterRoleBindings: []*rbacv1.ClusterRoleBinding{{ObjectMeta: metav1.ObjectMeta{Name: "b"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "r"},
			Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: "somebody"}}}},
	}
}
