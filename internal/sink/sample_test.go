package sink

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// The sample is a run as internal/scan hands it over, made by hand.

const (
	privilegedRule = `id: workload-privileged
title: Container is privileged
severity: critical
on: Workload
maps: {pss-baseline: privileged, cis-1.12: 5.2.2, attack: [T1610, T1611]}
why: |
  A privileged container has every capability and every device of the node: code that runs in it is
  root on the node. Nothing that the platform offers contains it.
references: [https://kubernetes.io/docs/concepts/security/pod-security-standards/]
find: "true"
fix: [{op: remove, path: securityContext/privileged}]
-- fail/pod.yaml --
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {containers: [{name: a, image: a, securityContext: {privileged: true}}]}
`
	secretRule = `id: secret-env-literal
title: Secret value is written into the manifest
severity: high
on: Workload
why: Whoever can read the manifest or the object has the secret.
find: "true"
redact: true
`
	rootRule = `id: workload-run-as-root
title: Container may run as root
severity: medium
on: Workload
maps: {pss-restricted: run-as-non-root, cis-1.12: 5.2.6}
why: A process that is root in the container is root on the node once it gets out.
find: "true"
fix: [{op: set, path: securityContext/runAsNonRoot, value: true}]
unsafe: The image must have a user other than root.
`
	tagRule = `id: image-latest
title: Image tag can change
severity: low
on: Workload
why: What runs tomorrow may be another program.
find: "true"
`
)

const webYAML = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: web # the shop itself
          image: registry.example/shop/web:latest
          env:
            - name: MODE
              value: production
            - name: DB_PASSWORD
              value: hunter2-not-for-show
          securityContext:
            privileged: true # for the debugger
            runAsNonRoot: false
`

func sampleRules(t testing.TB) map[string]*rule.Rule {
	all := map[string]*rule.Rule{}
	for _, text := range []string{privilegedRule, secretRule, rootRule, tagRule} {
		r, err := rule.Parse("sample.rule", text)
		if err != nil {
			t.Fatal(err)
		}
		all[r.ID] = r
	}
	return all
}

func sampleRun(t testing.TB) *Run {
	return &Run{
		Version: "1.2.3", Command: "bartizan scan deploy/", Target: rule.Version{Major: 1, Minor: 37}, Rules: sampleRules(t),
		Gaps: []bartizan.Gap{
			{Origin: bartizan.Origin{Source: "manifest", File: "deploy/broken.yaml", Line: 12, Column: 3}, Reason: "cannot be parsed: a mapping value is not allowed here"},
			{Origin: bartizan.Origin{Source: "helm", File: "deploy/chart"}, Reason: "chart needs values: image.tag is required; give it with --set image.tag=..."},
		},
		Skips:   []Skip{{"not Kubernetes", 12}, {"template", 3}},
		Inputs:  Inputs{Paths: []string{"deploy/"}, Files: 18, Objects: 34, Workloads: 15, Charts: 1},
		Outcome: Outcome{Passed: 1204, Failed: 18, NotEvaluated: 2, FailOn: bartizan.High, Suppressed: 3, Baselined: 2, ExitCode: 3, Notes: []string{"deploy/web.yaml:3: exception for image-latest covers nothing: remove it"}},
		Now:     time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		Source: func(file string) (string, bool) {
			if file == "deploy/web.yaml" {
				return webYAML, true
			}
			return "", false
		},
		Fingerprint: fingerprint,
	}
}

func fingerprint(f bartizan.Finding) string {
	sum := sha256.Sum256([]byte(f.Rule + "\x00" + f.Subject.String() + "\x00" + f.Message))
	return hex.EncodeToString(sum[:16])
}

func sampleFindings() []bartizan.Finding {
	web := bartizan.Ref{Kind: "Deployment", Namespace: "shop", Name: "web"}
	at := func(file string, line, column int) bartizan.Origin {
		return bartizan.Origin{Source: "manifest", File: file, Line: line, Column: column}
	}
	var all []bartizan.Finding
	names := []string{"web", "api", "cart", "checkout", "db", "frontend", "mail", "orders", "payments", "queue", "search", "stock", "users", "worker"}
	for _, name := range names {
		ref := bartizan.Ref{Kind: "Deployment", Namespace: "shop", Name: name}
		line := 18
		all = append(all, bartizan.Finding{
			Rule: "workload-privileged", Subject: ref, Verdict: bartizan.Fail, Severity: bartizan.Critical,
			Message:  "container " + name + " is privileged",
			Evidence: []bartizan.Evidence{{Path: "/spec/template/spec/containers/0/securityContext/privileged", Value: "true", Origin: at("deploy/"+name+".yaml", line, 25)}},
			Fix: &bartizan.Change{Target: ref, Do: []byte(`[{"op":"remove","path":"/spec/template/spec/containers/0/securityContext/privileged"}]`),
				Undo: []byte(`[{"op":"add","path":"/spec/template/spec/containers/0/securityContext/privileged","value":true}]`), Reason: "Container is privileged"},
		})
	}
	helm := at("deploy/chart/templates/job.yaml", 9, 0)
	helm.Source, helm.Rendered = "helm", 41
	return append(all,
		bartizan.Finding{Rule: "secret-env-literal", Subject: web, Verdict: bartizan.Fail, Severity: bartizan.High,
			Message:  "container web has the secret DB_PASSWORD in its manifest",
			Evidence: []bartizan.Evidence{{Path: "/spec/template/spec/containers/0/env/1/value", Origin: at("deploy/web.yaml", 16, 22)}}},
		bartizan.Finding{Rule: "workload-run-as-root", Subject: web, Verdict: bartizan.Fail, Severity: bartizan.Medium,
			Message:  "container web may run as root",
			Evidence: []bartizan.Evidence{{Path: "/spec/template/spec/containers/0/securityContext/runAsNonRoot", Value: "false", Origin: at("deploy/web.yaml", 19, 27)}},
			Fix: &bartizan.Change{Target: web, Do: []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/securityContext/runAsNonRoot","value":true}]`),
				Undo:   []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/securityContext/runAsNonRoot","value":false}]`),
				Reason: "Container may run as root", Unsafe: "The image must have a user other than root."}},
		bartizan.Finding{Rule: "workload-run-as-root", Subject: bartizan.Ref{Kind: "Job", Namespace: "shop", Name: "データ移行"}, Verdict: bartizan.Fail, Severity: bartizan.Medium,
			Message:  "container 移行 may run as root",
			Evidence: []bartizan.Evidence{{Path: "/spec/template/spec", Origin: helm}},
			Fix:      &bartizan.Change{Target: web, Do: []byte(`[]`), Reason: "Container may run as root"}},
		bartizan.Finding{Rule: "image-latest", Subject: web, Verdict: bartizan.Fail, Severity: bartizan.Low,
			Message:  "container web has image registry.example/shop/web:latest",
			Evidence: []bartizan.Evidence{{Path: "/spec/template/spec/containers/0/image", Value: "registry.example/shop/web:latest", Origin: at("deploy/web.yaml", 11, 18)}}},
		bartizan.Finding{Rule: "image-latest", Subject: bartizan.Ref{Kind: "Rollout.argoproj.io", Namespace: "shop", Name: "canary"}, Verdict: bartizan.NotEvaluated,
			Message: "the expression ended in an error: no such key: image", Evidence: []bartizan.Evidence{{Path: "", Origin: at("deploy/canary.yaml", 1, 1)}}},
	)
}

func write(t testing.TB, format string, run *Run, findings []bartizan.Finding) string {
	t.Helper()
	var out bytes.Buffer
	s, err := New(format, &out, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if err := s.Write(context.Background(), f); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// bigFindings makes n findings of many rules over many workloads.
func bigFindings(run *Run, n int) []bartizan.Finding {
	base := sampleFindings()
	all := make([]bartizan.Finding, n)
	for i := range all {
		f := base[i*len(base)/n]
		f.Subject.Name = fmt.Sprintf("app-%d", i/7)
		f.Evidence = []bartizan.Evidence{f.Evidence[0]}
		f.Evidence[0].Origin.File = fmt.Sprintf("deploy/%d/%s.yaml", i/100, strings.ToLower(string(f.Subject.Kind)))
		f.Evidence[0].Origin.Line = 10 + i%50
		all[i] = f
	}
	return all
}
