package excess

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
)

const operator = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: operator}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
- {nonResourceURLs: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator}
subjects: [{kind: User, name: op, apiGroup: rbac.authorization.k8s.io}]
`

// compare runs events against RBAC objects.
func compare(t *testing.T, text string, events ...string) *Report {
	t.Helper()
	w := read(t, text)
	u := NewUsage(Named(w))
	for _, e := range events {
		add(t, u, e)
	}
	rep, err := New(w, u, Options{MaxNames: 8, MaxNamespaces: 3, Enough: 7 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func binding(t *testing.T, r *Report, name string) *Binding {
	t.Helper()
	for _, b := range r.Bindings {
		if b.Ref.Name == name {
			return b
		}
	}
	t.Fatalf("no binding %s", name)
	return nil
}

// needs lists what a binding is needed for.
func needs(b *Binding) (out []string) {
	for _, u := range b.Used {
		out = append(out, describe(u.Request))
	}
	slices.Sort(out)
	return out
}

// TestAttribution: which rights one record shows in use.
func TestAttribution(t *testing.T) {
	const user = `"user":{"username":"op","groups":["system:authenticated"]},"stageTimestamp":"2026-11-01T00:00:00Z"`
	for name, c := range map[string]struct {
		event string
		want  []string
	}{
		"request":              {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","namespace":"a","name":"x","subresource":"log"},`, []string{`get pods/log "x" in a`}},
		"create shows no name": {`{"stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods","namespace":"a","name":"x"},`, []string{`create pods in a`}},
		"create of a sub-resource has one": {`{"stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods","namespace":"a","name":"x","subresource":"eviction"},`,
			[]string{`create pods/eviction "x" in a`}},
		"namespace is in itself":  {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"namespaces","name":"x"},`, []string{`get namespaces "x" in x`}},
		"url":                     {`{"stage":"ResponseComplete","verb":"get","requestURI":"/logs/a%20b?x=1",`, []string{`get /logs/a b`}},
		"not decided yet":         {`{"stage":"RequestReceived","verb":"get","objectRef":{"resource":"pods"},`, nil},
		"going on":                {`{"stage":"ResponseStarted","verb":"watch","objectRef":{"resource":"pods"},`, []string{"watch pods"}},
		"panic":                   {`{"stage":"Panic","verb":"get","objectRef":{"resource":"pods","name":"a"},"responseStatus":{"code":500},`, []string{`get pods "a"`}},
		"forbidden":               {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","name":"a"},"responseStatus":{"code":403},`, nil},
		"forbidden, annotated":    {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","name":"a"},"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"forbid"},`, nil},
		"refused by admission":    {`{"stage":"ResponseComplete","verb":"delete","objectRef":{"resource":"pods","name":"a"},"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"allow"},`, []string{`delete pods "a"`}},
		"unauthenticated":         {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","name":"a"},"responseStatus":{"code":401},`, nil},
		"other failure":           {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","name":"a"},"responseStatus":{"code":404},`, []string{`get pods "a"`}},
		"escaped":                 {`{"stage":"ResponseComplete","verb":"g\u0065t","objectRef":{"resource":"p\u006fds","name":"\u0061"},`, []string{`get pods "a"`}},
		"role written":            {`{"stage":"ResponseComplete","verb":"update","objectRef":{"resource":"roles","apiGroup":"rbac.authorization.k8s.io","namespace":"a","name":"r"},`, []string{`escalate roles of rbac.authorization.k8s.io "r" in a`, `update roles of rbac.authorization.k8s.io "r" in a`}},
		"binding without a body":  {`{"stage":"ResponseComplete","verb":"create","objectRef":{"resource":"rolebindings","apiGroup":"rbac.authorization.k8s.io","namespace":"a","name":"b"},`, []string{`bind clusterroles of rbac.authorization.k8s.io in a`, `bind roles of rbac.authorization.k8s.io in a`, `create rolebindings of rbac.authorization.k8s.io in a`}},
		"binding with its body":   {`{"stage":"ResponseComplete","verb":"create","objectRef":{"resource":"rolebindings","apiGroup":"rbac.authorization.k8s.io","namespace":"a"},"requestObject":{"roleRef":{"kind":"ClusterRole","name":"view"}},`, []string{`bind clusterroles of rbac.authorization.k8s.io "view" in a`, `create rolebindings of rbac.authorization.k8s.io in a`}},
		"certificate approved":    {`{"stage":"ResponseComplete","verb":"update","objectRef":{"resource":"certificatesigningrequests","apiGroup":"certificates.k8s.io","name":"c","subresource":"approval"},`, []string{`approve signers of certificates.k8s.io`, `update certificatesigningrequests/approval of certificates.k8s.io "c"`}},
		"exec by an upgraded get": {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","namespace":"a","name":"x","subresource":"exec"},`, []string{`create pods/exec "x" in a`, `get pods/exec "x" in a`}},
		"acts as a service account": {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","name":"a"},"impersonatedUser":{"username":"system:serviceaccount:s:t","groups":["system:serviceaccounts","system:serviceaccounts:s","system:authenticated"]},`,
			[]string{`impersonate serviceaccounts "t" in s`}},
		"acts as a user in groups": {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","name":"a"},"impersonatedUser":{"username":"u","groups":["g"],"extra":{"k":["v"]}},`,
			[]string{`impersonate groups "g"`, `impersonate userextras/k of authentication.k8s.io "v"`, `impersonate users "u"`}},
		"acts by the constrained form": {`{"stage":"ResponseComplete","verb":"get","objectRef":{"resource":"pods","namespace":"n","name":"a"},"impersonatedUser":{"username":"system:serviceaccount:s:t","groups":[]},"authenticationMetadata":{"impersonationConstraint":"impersonate:serviceaccount"},`,
			[]string{`impersonate-on:serviceaccount:get pods "a" in n`, `impersonate:serviceaccount serviceaccounts of authentication.k8s.io "t" in s`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := needs(binding(t, compare(t, operator, c.event+user+"}"), "operator"))
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestReview: what others check for an identity is used by that identity, if the log says what it was.
func TestReview(t *testing.T) {
	const head = `{"stage":"ResponseComplete","verb":"create","user":{"username":"system:node:n"},"objectRef":{"resource":"subjectaccessreviews","apiGroup":"authorization.k8s.io"},"stageTimestamp":"2026-11-01T00:00:00Z",`
	rep := compare(t, operator, head+`"requestObject":{"spec":{"user":"op","groups":["system:authenticated"],"resourceAttributes":{"verb":"get","resource":"nodes","subresource":"metrics","name":"n"}}}}`)
	if got := needs(binding(t, rep, "operator")); !slices.Equal(got, []string{`get nodes/metrics "n"`}) {
		t.Errorf("got %q", got)
	}
	scraper := strings.NewReplacer(`{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}`, `{apiGroups: [""], resources: [nodes/metrics, secrets], verbs: [get]}`).Replace(operator)
	rep = compare(t, scraper, head+`"level":"Metadata"}`)
	if b := binding(t, rep, "operator"); b.Verdict != Keep || !strings.Contains(strings.Join(rep.Notes, ""), "1 review of other") {
		t.Errorf("dropped although nobody can know: %v %s %q", b.Verdict, b.Reason, rep.Notes)
	}
	rep = compare(t, scraper, head+`"requestObject":{"spec":{"user":"other","nonResourceAttributes":{"verb":"get","path":"/x"}}}}`)
	if b := binding(t, rep, "operator"); b.Verdict != Drop {
		t.Errorf("not dropped: %v %s", b.Verdict, b.Reason)
	}
}

// TestVerdicts reads what is proposed for bindings of many kinds.
func TestVerdicts(t *testing.T) {
	const text = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: named, namespace: a}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get, list, create], resourceNames: [x, z]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: named, namespace: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: named}
subjects: [{kind: User, name: op, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: all-used, namespace: a}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all-used, namespace: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: all-used}
subjects: [{kind: User, name: op, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: broad}
rules:
- {apiGroups: [apps], resources: [deployments, daemonsets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: redundant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: broad}
subjects: [{kind: User, name: op, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: custom}
rules:
- {apiGroups: [policy.example], resources: [profiles], verbs: [use]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: custom}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: custom}
subjects: [{kind: User, name: op, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: restored, labels: {kubernetes.io/bootstrapping: rbac-defaults}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: broad}
subjects: [{kind: User, name: nobody, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: empty, namespace: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: all-used}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dangling, namespace: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gone}
subjects: [{kind: User, name: stranger, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: doubtful, namespace: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: User, name: stranger, apiGroup: rbac.authorization.k8s.io}]
`
	of := func(verb, resource, group, name string) string {
		return ask{user: "op", groups: []string{"system:authenticated"}, q: grant.Request{Verb: verb, Resource: resource, Group: group, Namespace: "a", Name: name}, code: 200}.json(1)
	}
	rep := compare(t, text, of("get", "secrets", "", "x"), of("list", "secrets", "", "x"), of("list", "deployments", "apps", ""))
	for name, want := range map[string]Verdict{
		"named": Narrow, "all-used": Keep, "redundant": Drop, "custom": Keep, "restored": Keep, "empty": Drop, "dangling": Unknown, "doubtful": Keep,
	} {
		if b := binding(t, rep, name); b.Verdict != want {
			t.Errorf("%s: %s (%s), want %s", name, b.Verdict, b.Reason, want)
		}
	}
	role := binding(t, rep, "named").Objects[0].Text
	if !strings.Contains(role, "resourceNames: [x]\n  verbs: [get, list]\n") || strings.Contains(role, "create") {
		t.Errorf("the role that was named is now\n%s", role)
	}
	if rep.Proof.Replayed != 3 || rep.Proof.Roles != 1 || !rep.Short {
		t.Errorf("proof %+v, short %v", rep.Proof, rep.Short)
	}
}

// TestNames: names are listed only where every use had one, they last, and the verb knows names.
func TestNames(t *testing.T) {
	of := func(verb, resource, name string) string {
		return ask{user: "op", groups: []string{"x"}, q: grant.Request{Verb: verb, Resource: resource, Namespace: "a", Name: name}, code: 200}.json(1)
	}
	many := []string{of("get", "services", "s")}
	for i := range 9 {
		many = append(many, of("get", "secrets", string(rune('a'+i))))
	}
	rep := compare(t, operator, append(many, of("get", "configmaps", "c"), of("get", "pods", "p"), of("list", "configmaps", "c"), of("create", "configmaps", "c"),
		of("patch", "configmaps", "c"), of("patch", "configmaps", ""), of("deletecollection", "services", "s"))...)
	got := binding(t, rep, "operator").Objects[0].Text
	got = got[strings.Index(got, "rules:"):]
	want := `rules:
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, create, patch]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [c]
  verbs: [get]
- apiGroups: [""]
  resources: [pods, secrets]
  verbs: [get]
- apiGroups: [""]
  resources: [services]
  verbs: [deletecollection]
- apiGroups: [""]
  resources: [services]
  resourceNames: [s]
  verbs: [get]
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHostile: names that YAML, shells or terminals would take for something else come back as they are.
func TestHostile(t *testing.T) {
	evil := "a: {b}\n- *x\x1b[31m\u2028\"'#\x7f\u009b\ufeff\U000e0001"
	rep := compare(t, operator, ask{user: "op", groups: []string{"x"}, q: grant.Request{Verb: "true", Group: "null", Resource: evil, Namespace: "a", Name: evil}, code: 200}.json(1))
	b := binding(t, rep, "operator")
	if b.Verdict != Narrow {
		t.Fatalf("%s: %s", b.Verdict, b.Reason)
	}
	w := read(t, b.Objects[0].Text)
	e, ok := w.Get(bartizan.Ref{Kind: "Role", Namespace: "a", Name: "operator-right-sized"})
	if strings.ContainsFunc(b.Objects[0].Text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		t.Errorf("control characters in %q", b.Objects[0].Text)
	}
	if !ok || !strings.Contains(b.Objects[0].Text, `["null"]`) {
		t.Errorf("not read back: %v\n%s", e, b.Objects[0].Text)
	}
}

// TestTooMany: more names than are kept change nothing of what holds.
func TestTooMany(t *testing.T) {
	var events []string
	for i := range maxNames * 3 {
		events = append(events, ask{user: "op", groups: []string{"x"}, q: grant.Request{Verb: "get", Resource: "secrets", Namespace: "a", Name: strings.Repeat("n", i+1)}, code: 200}.json(i))
	}
	b := binding(t, compare(t, operator, events...), "operator")
	if len(b.Objects) != 2 || strings.Contains(b.Objects[0].Text, "resourceNames") {
		t.Errorf("%s %v", b.Verdict, b.Objects)
	}
}

// TestGoodTuring: the share of kinds seen once.
func TestGoodTuring(t *testing.T) {
	of := func(verb string) string {
		return ask{user: "op", groups: []string{"x"}, q: grant.Request{Verb: verb, Resource: "pods"}, code: 200}.json(1)
	}
	rep := compare(t, operator, of("list"), of("list"), of("list"), of("watch"))
	if id := rep.Identities[0]; id.Unseen != 0.25 || rep.Unseen != 0.25 || id.Kinds != 2 || id.Once != 1 || id.Requests != 4 {
		t.Errorf("%+v", id)
	}
}
