package notify

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

var update = flag.Bool("update", false, "write the golden files anew")

var evening = time.Date(2026, 11, 20, 23, 51, 7, 123456789, time.UTC)

type standings map[bartizan.Ref]alert.Standing

func (s standings) Standing(r bartizan.Ref) (alert.Standing, bool) { at, ok := s[r]; return at, ok }

// sample is an attack and what goes on beside it, as a desk shows it.
func sample(t testing.TB) []alert.Shown {
	t.Helper()
	web := bartizan.Ref{Kind: "ServiceAccount", Namespace: "shop", Name: "web"}
	d := alert.NewDesk(alert.Options{
		Context:    standings{web: {Target: "cluster-admin", To: "do everything in the cluster"}},
		Exceptions: expired(t),
	})
	var out []alert.Shown
	line := 0
	take := func(after time.Duration, rule, title string, severity bartizan.Severity, tags, identity, address string, subject bartizan.Ref, output string) {
		line++
		a := &detect.Alert{
			Rule: rule, Title: title, Source: "k8s_audit", Severity: severity, Priority: alert.PriorityOf(severity), Tags: strings.Fields(tags), Time: evening.Add(after),
			Identity: identity, Subject: subject, Output: output,
			Evidence: []bartizan.Evidence{{Value: fmt.Sprintf("4f2c0b1e-0000-4000-8000-%012d", line), Origin: bartizan.Origin{Source: "audit", File: "/var/log/kube-apiserver/audit.log", Line: line}}},
			Fields:   []falco.OutputField{{Name: "ka.user.name", Value: identity}, {Name: "ka.response.code", Value: "200"}, {Name: "ka.req.pod.containers.image", Value: []string{"nginx", "evil:1"}}, {Name: "ka.target.subresource"}},
		}
		if address != "" {
			a.Addresses = strings.Fields(address)
		}
		out = append(out, d.Take(a)...)
	}
	pod := bartizan.Ref{Kind: "Pod", Namespace: "shop", Name: "web-7c9d8f5b6d-x2x4z"}
	take(0, "Attach/Exec Pod", "", bartizan.Low, "k8s mitre_execution", "mallory@example.org", "203.0.113.9", pod, "Attach/Exec to pod (user=mallory@example.org pod=web-7c9d8f5b6d-x2x4z resource=pods ns=shop action=exec command=sh)")
	take(4*time.Minute, "audit-secrets-swept", "Secrets of many namespaces are read", bartizan.High, "T1552.007 MS-TA9025", "system:serviceaccount:shop:web", "10.1.0.7 203.0.113.9", bartizan.Ref{}, "system:serviceaccount:shop:web read 412 Secrets in 17 namespaces within 1 min")
	for i := range 9 {
		take(8*time.Minute+time.Duration(i)*11*time.Second, "audit-forbidden", "An identity is refused again and again", bartizan.Medium, "T1613", "system:serviceaccount:shop:web", "10.1.0.7", bartizan.Ref{Kind: "Node", Name: "node-1"}, fmt.Sprintf("system:serviceaccount:shop:web was refused %d requests for nodes/proxy", 20+i))
	}
	take(12*time.Minute, "audit-wildcard-binding", "A binding gives every right", bartizan.High, "T1098.006 MS-TA9019", "system:serviceaccount:shop:web", "10.1.0.7", bartizan.Ref{Kind: "ClusterRoleBinding", Name: "web-\x1b[31m\u202egnp"}, "system:serviceaccount:shop:web bound cluster-admin to itself as \x1b[2Jweb")
	take(13*time.Minute, "Disallowed K8s User", "", bartizan.Info, "k8s", "backup", "", bartizan.Ref{}, "K8s Operation performed by user not in allowed list of users (user=backup)")
	out = append(out, d.Advance(evening.Add(3*time.Hour))...)
	return append(out, d.Close()...)
}

func expired(t testing.TB) []alert.Exception {
	t.Helper()
	x, err := alert.ReadExceptions("exceptions.yaml", "exceptions:\n- {rule: Disallowed K8s User, identity: backup, reason: nightly backups, until: 2026-11-01}\n")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at it and write it anew with -update\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

func TestGolden(t *testing.T) {
	shown := sample(t)
	var b bytes.Buffer
	for name, o := range map[string]Output{
		"text-80.txt":     NewText(&b, TextOptions{Width: 80}),
		"text-120.txt":    NewText(&b, TextOptions{Width: 120}),
		"text-colour.txt": NewText(&b, TextOptions{Width: 100, Colour: true, Zone: time.FixedZone("CET", 3600)}),
		"alerts.jsonl":    NewJSONL(&b),
		"falco.jsonl":     NewFalco(&b, "node-1"),
	} {
		b.Reset()
		if err := o.Write(context.Background(), shown); err != nil {
			t.Fatal(err)
		}
		if err := o.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
		width := map[string]int{"text-80.txt": 80, "text-120.txt": 120}[name]
		for line := range strings.SplitSeq(b.String(), "\n") {
			if width > 0 && sink.Columns(line) > width {
				t.Errorf("%s: a line has %d columns: %s", name, sink.Columns(line), line)
			}
			if name != "text-colour.txt" && line != sink.Printable(line) {
				t.Errorf("%s: a line is not escaped: %q", name, line)
			}
		}
	}
}
