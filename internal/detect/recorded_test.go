package detect_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
)

// recorded is the lines of a log recorded from a real API server.
func recorded(t testing.TB, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "audit", name))
	if err != nil {
		t.Skipf("no recorded events here: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// run judges lines and gives the alerts.
func run(t testing.TB, s *detect.Set, lines []string) (alerts []*detect.Alert) {
	t.Helper()
	r := s.NewRunner()
	var a event.Audit
	for i, line := range lines {
		if err := a.Decode(line); err != nil {
			t.Fatal(err)
		}
		r.Audit(&a, bartizan.Origin{File: "log", Line: i + 1}, func(x *detect.Alert) { alerts = append(alerts, x) })
	}
	return alerts
}

// TestBenignIsQuiet runs all built-in detections on a cluster that starts and works. The administrator in it does open
// shells and asks a kubelet for its configuration, and that is told; nothing else is.
func TestBenignIsQuiet(t *testing.T) {
	told := map[string]int{}
	for _, a := range run(t, load(t, detect.Config{Rules: builtin(t)}), recorded(t, "benign.jsonl")) {
		told[a.Rule]++
		if a.Rule != "audit-exec" && !strings.HasSuffix(a.Output, "/proxy/configz") {
			t.Errorf("%s: %s (line %d)", a.Rule, a.Output, a.Evidence[0].Origin.Line)
		}
	}
	if told["audit-exec"] != 7 || told["audit-node-proxy"] != 1 {
		t.Errorf("told of 7 shells and one look at the kubelet: %v", told)
	}
}

// TestOrdinaryDayIsQuiet runs them on what GitOps agents, operators, kubelets and people do, which nobody recorded here.
func TestOrdinaryDayIsQuiet(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "benign.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	moments, err := detect.ParseExample(string(data))
	if err != nil {
		t.Fatal(err)
	}
	s := load(t, detect.Config{Rules: builtin(t), Slack: time.Second})
	alerts, err := s.Play("benign.yaml", moments)
	if err != nil || len(moments) < 700 {
		t.Fatalf("%d records, %v", len(moments), err)
	}
	for _, a := range alerts {
		t.Errorf("line %d: %s: %s", a.Evidence[len(a.Evidence)-1].Origin.Line, a.Rule, a.Output)
	}
}

// TestAttacksAreSeen runs them on a recorded attack.
func TestAttacksAreSeen(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range run(t, load(t, detect.Config{Rules: builtin(t)}), recorded(t, "attacks.jsonl")) {
		seen[a.Rule] = true
		t.Logf("%s: %s", a.Rule, a.Output)
		if a.Identity != "kubernetes-admin" || a.Time.IsZero() || a.Subject.Kind == "" || len(a.Addresses) != 1 {
			t.Errorf("%s: identity %q, time %v, subject %v, addresses %v", a.Rule, a.Identity, a.Time, a.Subject, a.Addresses)
		}
	}
	for _, want := range []string{"audit-pod-privileged", "audit-role-wildcard", "audit-role-exec", "audit-exec", "audit-secrets-all",
		"audit-token-request-system", "audit-csr-client", "audit-csr-privileged", "audit-csr-approved", "audit-node-proxy", "audit-service-exposed",
		"audit-impersonate-system", "audit-pod-security-relaxed", "audit-namespace-deleted"} {
		if !seen[want] {
			t.Errorf("%s is not raised", want)
		}
	}
	if seen["audit-ephemeral-container"] {
		t.Error("the ephemeral container was refused, and is told as if it were there")
	}
}
