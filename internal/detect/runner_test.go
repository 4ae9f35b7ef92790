package detect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/rule"
)

// outputs plays an example and gives what was said.
func outputs(t testing.TB, s *detect.Set, text string) (said []string) {
	t.Helper()
	moments, err := detect.ParseExample(text)
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := s.Play("x", moments)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		said = append(said, a.Rule+": "+a.Output)
	}
	return said
}

func expect(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

const secretRule = `
id: test-secret
title: Secret read
severity: high
on: Audit
why: w
maps: {attack: T1552.007}
find: ka.verb = get and ka.target.resource = secrets
message: "%ka.user.name read %ka.target.name"
`

// TestOncePerRequest checks that the stages of a request, and a record that comes twice, are told once, while requests
// for which a client sends the same audit id are told each.
func TestOncePerRequest(t *testing.T) {
	s := load(t, detect.Config{Rules: []*rule.Rule{parse(t, secretRule)}})
	twice := `{"kind":"Event","auditID":"7","stage":"%s","verb":"get","user":{"username":"eve"},"objectRef":{"resource":"secrets","name":"a"},"requestReceivedTimestamp":"2026-01-05T10:00:00Z","stageTimestamp":"2026-01-05T10:00:0%dZ"}`
	expect(t, outputs(t, s, fmt.Sprintf(twice, "ResponseStarted", 1)+"\n---\n"+fmt.Sprintf(twice, "ResponseComplete", 2)+"\n---\n"+fmt.Sprintf(twice, "ResponseComplete", 2)),
		"test-secret: eve read a")
	expect(t, outputs(t, s, `
- {user: eve, resource: secrets, name: a, id: same}
- {user: eve, resource: secrets, name: b, id: same}`),
		"test-secret: eve read a", "test-secret: eve read b")
	counted := parse(t, strings.TrimSpace(secretRule)+"\nover: {by: [ka.user.name], within: 1m, count: 3}\n")
	s = load(t, detect.Config{Rules: []*rule.Rule{counted}})
	expect(t, outputs(t, s, `- {user: eve, resource: secrets, name: a, id: same, repeat: 3}`), "test-secret: eve read a")
}

// TestAlert checks what an alert holds.
func TestAlert(t *testing.T) {
	s := load(t, detect.Config{Rules: []*rule.Rule{parse(t, strings.TrimSpace(secretRule)+"\nover: {by: [ka.user.name], within: 1m, count: 12}\n")}})
	moments, err := detect.ParseExample(`- {user: eve, resource: secrets, namespace: shop, name: "a{n}", repeat: 12}`)
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := s.Play("log", moments)
	if err != nil || len(alerts) != 1 {
		t.Fatalf("%d alerts, %v", len(alerts), err)
	}
	a := alerts[0]
	if a.Title != "Secret read" || a.Severity != bartizan.High || a.Priority != falco.PriorityError || strings.Join(a.Tags, " ") != "T1552.007" || a.Source != "k8s_audit" {
		t.Errorf("%+v", a)
	}
	if a.Identity != "eve" || a.Subject != (bartizan.Ref{Kind: "Secret", Namespace: "shop", Name: "a12"}) || strings.Join(a.Addresses, " ") != "10.0.0.9" {
		t.Errorf("%+v", a)
	}
	if want := time.Date(2026, 1, 5, 10, 0, 12, 0, time.UTC); !a.Time.Equal(want) {
		t.Errorf("time %v, want %v", a.Time, want)
	}
	if n := len(a.Evidence); n != 10 || a.Evidence[0].Value != "00000000-0000-4000-8000-000000000001" || a.Evidence[n-1].Value != "00000000-0000-4000-8000-000000000012" || a.Evidence[0].Origin.File != "log" {
		t.Errorf("evidence %+v", a.Evidence)
	}
}

// TestSubjects names objects of all sorts.
func TestSubjects(t *testing.T) {
	s := load(t, detect.Config{Rules: []*rule.Rule{parse(t, "id: test-any\ntitle: t\nseverity: low\non: Audit\nwhy: w\nfind: ka.verb exists\nmessage: m\n")}})
	moments, err := detect.ParseExample(`
- {resource: clusterroles, name: a}
- {resource: pods/exec, namespace: ns, name: a}
- {resource: namespaces, namespace: ns, name: ns}
- {resource: rollouts, group: argoproj.io, namespace: ns, name: a}
- {resource: networkpolicies, namespace: ns, name: a}
- {resource: adminnetworkpolicies, name: a}
- {uri: /version}`)
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := s.Play("log", moments)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range alerts {
		got = append(got, a.Subject.String())
	}
	expect(t, got, "ClusterRole a", "Pod ns/a", "Namespace ns", "rollouts.argoproj.io ns/a", "NetworkPolicy ns/a", "AdminNetworkPolicy.policy.networking.k8s.io a", " ")
}

// TestFalcoRulesBesideOurs loads both: Falco's may stop at the first that matches, change ours and disable them.
func TestFalcoRulesBesideOurs(t *testing.T) {
	file := falco.File{Name: "local.yaml", Text: `
- rule: Any get
  desc: d
  condition: ka.verb = get
  output: falco %ka.target.name
  priority: WARNING
  source: k8s_audit
  tags: [T1613]
- rule: Any secret
  desc: d
  condition: ka.target.resource = secrets
  output: falco again
  priority: NOTICE
  source: k8s_audit
`}
	example := `- {user: eve, resource: secrets, name: a}`
	c := detect.Config{Rules: []*rule.Rule{parse(t, secretRule)}, Falco: []falco.File{file}}
	expect(t, outputs(t, load(t, c), example), "test-secret: eve read a", "Any get: falco a", "Any secret: falco again")
	c.Matching = falco.First
	expect(t, outputs(t, load(t, c), example), "test-secret: eve read a", "Any get: falco a")
	c.Matching = falco.All
	c.Falco = append(c.Falco, falco.File{Name: "b.yaml", Text: "- rule: test-secret\n  condition: and not ka.user.name = eve\n  override: {condition: append}\n- rule: Any get\n  enabled: false\n"})
	expect(t, outputs(t, load(t, c), example), "Any secret: falco again")
	c.Keep = func(name string, _ bool) bool { return name == "Any get" }
	s := load(t, c)
	expect(t, outputs(t, s, example), "Any get: falco a")
	if r := s.Rules()[0]; r.Severity != bartizan.Medium || r.Own != nil || r.Title != "Any get" {
		t.Errorf("%+v", r)
	}
}

// TestFaultsAreTold checks that a rule with a fault is left out and told of, with the others still there.
func TestFaultsAreTold(t *testing.T) {
	bad := parse(t, "id: test-bad\ntitle: t\nseverity: low\non: Audit\nwhy: w\nfind: ka.verb = get\nmessage: m\nover: {by: [ka.usr.name], within: 1m, count: 2}\n")
	worse, err := rule.Parse("worse.rule", "id: test-worse\ntitle: t\nseverity: low\non: Audit\nwhy: w\nfind: |\n  bz_nothing\nmessage: m\n")
	if err != nil {
		t.Fatal(err)
	}
	s, notices, err := detect.New(detect.Config{Rules: []*rule.Rule{bad, worse, parse(t, secretRule)}})
	if err != nil || len(s.Rules()) != 1 {
		t.Fatalf("%v", err)
	}
	errors := notices.Errors()
	if len(errors) != 2 {
		t.Fatalf("%v", errors)
	}
	expect(t, []string{errors[0].String(), errors[1].String()},
		`test.rule:6:1: error: rule "test-bad": "ka.usr.name" is no field of source k8s_audit; did you mean ka.user.name?`,
		`worse.rule:7:1: error: rule "test-worse": macro "bz_nothing" is not defined`)
	if _, _, err := detect.New(detect.Config{Rules: []*rule.Rule{bad}}); err == nil {
		t.Error("a set without rules is made")
	}
}

// TestMemoryIsBounded checks that the key untouched for longest makes room, and that this is told.
func TestMemoryIsBounded(t *testing.T) {
	d := parse(t, strings.TrimSpace(secretRule)+"\nover: {by: [ka.user.name], within: 1h, count: 2, memory: 3}\n")
	s := load(t, detect.Config{Rules: []*rule.Rule{d}})
	expect(t, outputs(t, s, `
- {user: "u{n}", resource: secrets, name: a, repeat: 3}
- {user: u1, resource: secrets, name: b}
- {user: u4, resource: secrets, name: a}
- {user: u2, resource: secrets, name: b}`), "test-secret: u1 read b")
	r := s.NewRunner()
	var a event.Audit
	for i := range 100 {
		if err := a.Decode(fmt.Sprintf(`{"verb":"get","user":{"username":"%d"},"objectRef":{"resource":"secrets"},"stageTimestamp":"2026-01-05T10:00:00Z"}`, i)); err != nil {
			t.Fatal(err)
		}
		r.Audit(&a, bartizan.Origin{}, func(*detect.Alert) {})
	}
	if f := r.Forgotten(); len(f) != 1 || f[0] != (detect.Forgotten{Rule: "test-secret", Keys: 97}) {
		t.Errorf("forgotten %+v", f)
	}
	data, err := r.Save()
	if err != nil || strings.Count(string(data), `"key"`) != 3 {
		t.Errorf("%s, %v", data, err)
	}
	r.Advance(time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), func(*detect.Alert) {})
	if data, err = r.Save(); err != nil || strings.Contains(string(data), `"key"`) {
		t.Errorf("windows that have passed are kept: %s, %v", data, err)
	}
}

// TestLateIsTold checks that records that come later than the slack are counted.
func TestLateIsTold(t *testing.T) {
	d := parse(t, strings.TrimSpace(secretRule)+"\nover: {by: [ka.user.name], within: 1h, count: 3}\n")
	s := load(t, detect.Config{Rules: []*rule.Rule{d}, Slack: 10 * time.Second})
	r := s.NewRunner()
	var a event.Audit
	for _, second := range []int{30, 25, 10} {
		if err := a.Decode(fmt.Sprintf(`{"verb":"get","objectRef":{"resource":"secrets"},"auditID":"%d","stageTimestamp":"2026-01-05T10:00:%dZ"}`, second, second)); err != nil {
			t.Fatal(err)
		}
		r.Audit(&a, bartizan.Origin{}, func(*detect.Alert) {})
	}
	if f := r.Forgotten(); len(f) != 1 || f[0].Late != 1 {
		t.Errorf("%+v", f)
	}
}

// TestQuietEventsCostNothing checks that a record that matches nothing takes no memory with all detections loaded, also
// while something is awaited.
func TestQuietEventsCostNothing(t *testing.T) {
	s := load(t, detect.Config{Rules: builtin(t)})
	r := s.NewRunner()
	var a event.Audit
	emit := func(x *detect.Alert) { t.Fatalf("%s: %s", x.Rule, x.Output) }
	lease := `{"level":"Metadata","stage":"ResponseComplete","verb":"update","user":{"username":"system:kube-scheduler","groups":["system:authenticated"]},"userAgent":"kube-scheduler/v1",` +
		`"objectRef":{"resource":"leases","namespace":"kube-system","name":"kube-scheduler","apiGroup":"coordination.k8s.io"},"responseStatus":{"code":200},"stageTimestamp":"2026-11-21T03:37:00Z"}`
	if err := a.Decode(lease); err != nil {
		t.Fatal(err)
	}
	r.Audit(&a, bartizan.Origin{}, emit)
	text := `{"level":"Request","stage":"ResponseComplete","verb":"create","requestURI":"/api/v1/namespaces/shop/pods","user":{"username":"system:serviceaccount:kube-system:replicaset-controller","groups":["a","b"]},"sourceIPs":["10.0.0.1"],` +
		`"userAgent":"kube-controller-manager/v1.36","objectRef":{"resource":"pods","namespace":"shop"},"responseStatus":{"code":409},"requestObject":{"spec":{"containers":[{"image":"good/x:1"},{"image":"good/y:2"}]}},"stageTimestamp":"2026-11-21T03:37:26.950505Z"}`
	if n := testing.AllocsPerRun(1000, func() {
		if a.Decode(text) != nil {
			t.Fatal("it does not decode")
		}
		r.Audit(&a, bartizan.Origin{}, emit)
	}); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}
