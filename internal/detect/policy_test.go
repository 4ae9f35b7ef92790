package detect_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	auditapi "k8s.io/apiserver/pkg/apis/audit"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"sigs.k8s.io/yaml"

	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/rule"
)

// upstreamPolicy is a policy as the API server itself evaluates it.
func upstreamPolicy(t testing.TB, text string) func(detect.Request) (level string, omit []string) {
	t.Helper()
	var v1 auditv1.Policy
	if err := yaml.UnmarshalStrict([]byte(text), &v1); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var p auditapi.Policy
	if err := auditv1.Convert_v1_Policy_To_audit_Policy(&v1, &p, nil); err != nil {
		t.Fatal(err)
	}
	e := policy.NewPolicyRuleEvaluator(&p)
	return func(r detect.Request) (string, []string) {
		d := e.EvaluatePolicyRule(authorizer.AttributesRecord{User: &user.DefaultInfo{Name: r.User, Groups: r.Groups}, Verb: r.Verb,
			Namespace: r.Namespace, APIGroup: r.Group, Resource: r.Resource, Subresource: r.Subresource, Name: r.Name,
			ResourceRequest: r.Resource != "", Path: r.Path})
		var omit []string
		for _, s := range d.OmitStages {
			omit = append(omit, string(s))
		}
		return string(d.Level), omit
	}
}

// record is what the tests look at in a record.
type record struct {
	Level, Stage, Verb, RequestURI string
	User                           struct {
		Username string
		Groups   []string
	}
	ObjectRef *struct{ Resource, Subresource, APIGroup, Namespace, Name string }
}

func (r record) request() detect.Request {
	q := detect.Request{User: r.User.Username, Groups: r.User.Groups, Verb: r.Verb, Path: r.RequestURI}
	if o := r.ObjectRef; o != nil {
		q.Group, q.Resource, q.Subresource, q.Namespace, q.Name = o.APIGroup, o.Resource, o.Subresource, o.Namespace, o.Name
	}
	return q
}

// exampleRecords are the records of the failing examples of the rules: what an attack looks like.
func exampleRecords(t testing.TB) map[string][]record {
	t.Helper()
	all := map[string][]record{}
	for _, r := range builtin(t) {
		for _, e := range r.Examples() {
			moments, err := detect.ParseExample(e.Text)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range moments {
				if m.Record == "" || e.Want() != "fail" {
					continue
				}
				var x record
				if err := json.Unmarshal([]byte(m.Record), &x); err != nil {
					t.Fatal(err)
				}
				if x.ObjectRef != nil && len(x.ObjectRef.Resource) == 2 && x.ObjectRef.Resource[0] == 'r' {
					continue // stands for resources of any name
				}
				all[r.ID] = append(all[r.ID], x)
			}
		}
	}
	return all
}

func rank(level string) int {
	return slices.Index([]string{"None", "Metadata", "Request", "RequestResponse"}, level)
}

// TestSmallestPolicyRecordsEveryExample checks, with the API server's own code, that everything in the examples would
// be recorded at the level that it has there.
func TestSmallestPolicyRecordsEveryExample(t *testing.T) {
	s := load(t, detect.Config{Rules: builtin(t)})
	decide := upstreamPolicy(t, detect.SmallestPolicy(s))
	n := 0
	for id, records := range exampleRecords(t) {
		for _, r := range records {
			n++
			level, omit := decide(r.request())
			if rank(level) < rank(r.Level) || slices.Contains(omit, r.Stage) {
				t.Errorf("%s: %s %s would be recorded at %s without %v, and must be at %s in %s", id, r.Verb, r.RequestURI, level, omit, r.Level, r.Stage)
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d records were looked at", n)
	}
}

// TestSmallestPolicyOfOneRule does the same for each rule alone, and checks that a rule works in full under its own
// policy, that the policy is not the one that records everything unless the rule is about everything, and that no part
// of it can be left out.
func TestSmallestPolicyOfOneRule(t *testing.T) {
	records := exampleRecords(t)
	everything := 0
	for _, r := range builtin(t) {
		s := load(t, detect.Config{Rules: rulesNamed(t, r.ID)})
		text := detect.SmallestPolicy(s)
		decide := upstreamPolicy(t, text)
		for _, x := range records[r.ID] {
			level, omit := decide(x.request())
			if needed := s.Rules()[0].Conditions; rank(level) < 1 || slices.Contains(omit, x.Stage) && len(needed) == 1 {
				t.Errorf("%s: %s %s is not recorded (%s, without %v) under\n%s", r.ID, x.Verb, x.RequestURI, level, omit, text)
			}
		}
		p, err := detect.ParseAuditPolicy("p", text)
		if err != nil {
			t.Fatal(err)
		}
		if v := s.Under(p)[0]; v.Working != detect.InFull {
			t.Errorf("%s works %s under its own policy: %v\n%s", r.ID, v.Working, v.Reasons, text)
		}
		for i := range p.Rules {
			if len(p.Rules[i].Users)+len(p.Rules[i].UserGroups)+len(p.Rules[i].Verbs)+len(p.Rules[i].Resources)+len(p.Rules[i].NonResourceURLs)+len(p.Rules[i].Namespaces) == 0 {
				everything++
			}
			less := &detect.AuditPolicy{OmitStages: p.OmitStages, Rules: slices.Delete(slices.Clone(p.Rules), i, i+1)}
			if v := s.Under(less)[0]; v.Working == detect.InFull {
				t.Errorf("%s works in full without the rule on line %d of\n%s", r.ID, p.Rules[i].Line, text)
			}
		}
	}
	if everything > 20 {
		t.Errorf("the policies of %d rules record everything", everything)
	}
}

func rulesNamed(t testing.TB, ids ...string) (some []*rule.Rule) {
	for _, r := range builtin(t) {
		if slices.Contains(ids, r.ID) {
			some = append(some, r)
		}
	}
	return some
}

// TestSmallestPolicyIsSmall checks that leaving out any rule of the policy of all rules, or any resource or verb in it,
// keeps some rule from working in full.
func TestSmallestPolicyIsSmall(t *testing.T) {
	s := load(t, detect.Config{Rules: builtin(t)})
	p, err := detect.ParseAuditPolicy("p", detect.SmallestPolicy(s))
	if err != nil {
		t.Fatal(err)
	}
	suffers := func(p *detect.AuditPolicy) bool {
		return slices.ContainsFunc(s.Under(p), func(v detect.Verdict) bool { return v.Working < detect.InFull })
	}
	if suffers(p) {
		t.Fatal("some rule does not work in full under the smallest policy of all")
	}
	try := func(what string, i int, change func(*detect.PolicyRule)) {
		less := &detect.AuditPolicy{OmitStages: p.OmitStages, Rules: slices.Clone(p.Rules)}
		change(&less.Rules[i])
		if !suffers(less) {
			t.Errorf("the rule on line %d does as well without %s", p.Rules[i].Line, what)
		}
	}
	for i, r := range p.Rules {
		try("itself", i, func(x *detect.PolicyRule) { x.Verbs = []string{"nothing"} })
		for j, verb := range r.Verbs {
			try(verb, i, func(x *detect.PolicyRule) { x.Verbs = append(slices.Delete(slices.Clone(r.Verbs), j, j+1), "nothing") })
		}
		for g := range r.Resources {
			for k, name := range r.Resources[g].Resources {
				try(name, i, func(x *detect.PolicyRule) {
					x.Resources = slices.Clone(r.Resources)
					x.Resources[g].Resources = append(slices.Delete(slices.Clone(r.Resources[g].Resources), k, k+1), "nothing")
				})
			}
		}
	}
}

const handmadePolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, users: ["system:kube-proxy"], verbs: [watch], resources: [{group: "", resources: [endpoints, services]}]}
- {level: None, nonResourceURLs: ["/healthz*", /version]}
- {level: None, userGroups: ["system:nodes"], verbs: [get], resources: [{group: "", resources: [nodes, nodes/status]}]}
- {level: Metadata, resources: [{group: "", resources: [secrets, configmaps, serviceaccounts/token]}, {group: authentication.k8s.io, resources: [tokenreviews]}]}
- {level: Request, verbs: [create, update, patch], resources: [{group: ""}, {group: apps}], namespaces: [shop, ""]}
- {level: RequestResponse, resources: [{group: "", resources: ["pods/*", "*/proxy"], resourceNames: [a, thing]}]}
- {level: Request, resources: [{group: rbac.authorization.k8s.io, resources: ["*"]}], omitStages: [ResponseComplete]}
- {level: Metadata, nonResourceURLs: ["*"]}
- {level: Metadata, namespaces: [kube-system, shop]}
`

// TestDecideAsUpstream compares the evaluation of policies with the API server's.
func TestDecideAsUpstream(t *testing.T) {
	p, err := detect.ParseAuditPolicy("p", handmadePolicy)
	if err != nil {
		t.Fatal(err)
	}
	decide := upstreamPolicy(t, handmadePolicy)
	n := 0
	check := func(r detect.Request) {
		n++
		level, omit := decide(r)
		d := p.Decide(&r)
		got, want := slices.Sorted(slices.Values(d.OmitStages)), slices.Sorted(slices.Values(omit))
		if d.Level == detect.LevelNone {
			got, want = nil, nil
		}
		if d.Level.String() != level || !slices.Equal(slices.Compact(got), slices.Compact(want)) {
			t.Errorf("%+v: %s without %v, upstream %s without %v", r, d.Level, got, level, want)
		}
	}
	for _, who := range []string{"jane", "system:kube-proxy", "system:node:n1"} {
		groups := []string{"system:authenticated"}
		if strings.HasPrefix(who, "system:node:") {
			groups = append(groups, "system:nodes")
		}
		for _, verb := range []string{"get", "list", "watch", "create", "patch", "delete"} {
			for _, path := range []string{"/", "/version", "/healthz/x", "/metrics"} {
				check(detect.Request{User: who, Groups: groups, Verb: verb, Path: path})
			}
			for _, r := range []string{"|secrets", "|configmaps", "|serviceaccounts/token", "|serviceaccounts", "|pods", "|pods/exec", "|nodes/proxy", "|nodes", "|services", "apps|deployments",
				"rbac.authorization.k8s.io|roles", "rbac.authorization.k8s.io|roles/x", "authentication.k8s.io|tokenreviews", "example.com|things"} {
				group, name, _ := strings.Cut(r, "|")
				name, sub, _ := strings.Cut(name, "/")
				for _, ns := range []string{"", "shop", "kube-system", "other"} {
					for _, object := range []string{"", "a", "b"} {
						check(detect.Request{User: who, Groups: groups, Verb: verb, Group: group, Resource: name, Subresource: sub, Namespace: ns, Name: object})
					}
				}
			}
		}
	}
	if n < 3000 {
		t.Errorf("only %d requests were compared", n)
	}
}

// TestUnder says of some rules how far they work under a policy, and why.
func TestUnder(t *testing.T) {
	p, err := detect.ParseAuditPolicy("p", `
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- {level: None, resources: [{group: "", resources: [secrets]}]}
- {level: Metadata, resources: [{group: rbac.authorization.k8s.io, resources: [clusterroles, roles]}]}
- {level: Request, verbs: [create], omitStages: [ResponseComplete]}
- {level: Request, verbs: [delete], resources: [{group: "", resources: [namespaces]}]}
- {level: Request, resources: [{group: "", resources: [pods]}]}
`)
	if err != nil {
		t.Fatal(err)
	}
	s := load(t, detect.Config{Rules: builtin(t)})
	got := map[string]string{}
	for _, v := range s.Under(p) {
		got[v.Rule.ID] = fmt.Sprint(v.Working, v.Reasons)
	}
	for id, want := range map[string]string{
		"audit-secrets-all":       "never [list, watch of secrets: not recorded, as the policy's rule on line 5 says None]",
		"audit-role-wildcard":     "never [create, patch, update of clusterroles, roles: level Request is needed, and the policy's rule on line 6 says Metadata]",
		"audit-token-request":     "never [create of serviceaccounts/token: stage ResponseComplete is needed, and omitted by the policy]",
		"audit-namespace-deleted": "in full []",
		"audit-exec":              "in part [get of pods/exec: not recorded, as no rule of the policy matches]",
		"audit-debug-endpoints":   "never [get, list, watch, update and 2 more of paths: not recorded, as no rule of the policy matches",
	} {
		if !strings.HasPrefix(got[id], want) {
			t.Errorf("%s: %s\nwant %s", id, got[id], want)
		}
	}
}

// TestSmallestPolicyWithUpstream does it for all of Falco's rules beside ours, one of which asks for all bodies: values of
// Secrets are not recorded even so.
func TestSmallestPolicyWithUpstream(t *testing.T) {
	files := append(upstream(t), falco.File{Name: "greedy.yaml", Text: `
- rule: Any response
  desc: d
  condition: jevt.value[/responseObject/metadata/name] = x
  output: o
  priority: NOTICE
  source: k8s_audit
`})
	for _, greedy := range []bool{false, true} {
		s, notices, err := detect.New(detect.Config{Rules: builtin(t), Falco: files, Keep: func(name string, enabled bool) bool {
			return enabled && (greedy || name != "Any response")
		}})
		if err != nil || len(notices.Errors()) > 0 {
			t.Fatal(err, notices.Errors())
		}
		text := detect.SmallestPolicy(s)
		decide := upstreamPolicy(t, text)
		for _, r := range []detect.Request{{Verb: "create", Resource: "secrets", Namespace: "a"}, {Verb: "update", Resource: "secrets", Namespace: "a", Name: "b"},
			{Verb: "create", Group: "authentication.k8s.io", Resource: "tokenreviews"}} {
			if level, _ := decide(r); level != "Metadata" {
				t.Errorf("%s of %s would be recorded at %s under\n%s", r.Verb, r.Resource, level, text)
			}
		}
		if level, _ := decide(detect.Request{Verb: "create", Resource: "serviceaccounts", Subresource: "token"}); level == "RequestResponse" {
			t.Errorf("tokens would be recorded under\n%s", text)
		}
		p, err := detect.ParseAuditPolicy("p", text)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Under(p) {
			if v.Working < detect.InFull && !strings.Contains(text, v.Rule.ID) {
				t.Errorf("%s works %s: %v\n%s", v.Rule.ID, v.Working, v.Reasons, text)
			}
		}
	}
}
