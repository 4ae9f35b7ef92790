package detect_test

import (
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/rule"
)

// TestSentences plays the examples of every built-in detection and reads what they say: nothing in it may look as if a
// program had written it down.
func TestSentences(t *testing.T) {
	all := builtin(t)
	s := load(t, detect.Config{Rules: all})
	for _, r := range all {
		for _, e := range r.Examples() {
			moments, err := detect.ParseExample(e.Text)
			if err != nil {
				t.Fatal(err)
			}
			alerts, err := s.Play(e.Name, moments)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range alerts {
				for _, odd := range []string{"<NA>", "[", "]", "((", "  ", "()", "none none", " ,"} {
					if strings.Contains(a.Output, odd) {
						t.Errorf("%s, example %s of %s: %q in %q", a.Rule, e.Name, r.ID, odd, a.Output)
					}
				}
			}
		}
	}
}

// TestSentenceOfWhatIsMissing: a record without bodies, user or namespace still reads like a sentence; a Falco rule keeps
// Falco's form.
func TestSentenceOfWhatIsMissing(t *testing.T) {
	own := parse(t, `
id: team-odd
title: Odd
severity: low
on: Audit
why: |
  It is only a test.
references: [https://example.org]
find: ka.verb = create
message: "%ka.user.name (%ka.useragent) made %ka.target.resource %ka.target.namespace/%ka.target.name for %ka.req.binding.subjects.user_names with %jevt.value[/impersonatedUser/groups], %ka.req.pod.host_pid: %ka.uri.param[command]"
-- fail/x.yaml --
- {user: jane, verb: create, resource: clusterroles, name: r}
-- pass/x.yaml --
- {user: jane, verb: get, resource: clusterroles, name: r}
`)
	theirs := falco.File{Name: "f.yaml", Text: "- rule: Falco's\n  desc: d\n  condition: ka.verb = create\n  output: made %ka.target.namespace/%ka.target.name (%ka.req.binding.subjects.user_names)\n  priority: NOTICE\n  source: k8s_audit\n"}
	s := load(t, detect.Config{Rules: []*rule.Rule{own}, Falco: []falco.File{theirs}})
	for text, want := range map[string][2]string{
		`- {user: jane, verb: create, resource: clusterroles, name: r, agent: ""}`: {
			"jane (an unknown program) made ClusterRole r for none with none, no: an unknown command", "made <NA>/r (<NA>)",
		},
		`- {user: {}, verb: create, resource: rolebindings, namespace: shop, name: r, as: x, asGroups: [a, b], agent: go, uri: "/x?command=sh", request: {subjects: [{kind: User, name: u}, {kind: User, name: v}], spec: {hostPID: true}}}`: {
			"an unknown user (go) made RoleBinding shop/r for u, v with a, b, yes: sh", "made shop/r ((u,v))",
		},
	} {
		moments, err := detect.ParseExample(text)
		if err != nil {
			t.Fatal(err)
		}
		alerts, err := s.Play("x", moments)
		if err != nil || len(alerts) != 2 {
			t.Fatalf("%d alerts, %v", len(alerts), err)
		}
		for i, a := range alerts {
			if a.Output != want[i] {
				t.Errorf("%s\n%q, want\n%q", text, a.Output, want[i])
			}
		}
	}
}
