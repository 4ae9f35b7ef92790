package hunt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// scope lets everything be done to the servers of the loopback address.
func scope(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "scope.yaml")
	text := fmt.Sprintf("authorisedBy: the test\nexpires: %s\ntargets: [127.0.0.1]\n"+
		"actions: [api-namespace, api-role, api-cluster-role, api-pod, api-privileged-pod, etcd-key]\n", time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestActive changes a weak control plane as its scope allows, and leaves nothing behind; a hardened one is not changed.
func TestActive(t *testing.T) {
	c := weak.Get(t)
	trail := filepath.Join(t.TempDir(), "trail.jsonl")
	args := append([]string{"--active", "--scope", scope(t), "--trail", trail}, targets(t, c)...)
	d, _ := hunted(t, 1, args...)
	for _, id := range []string{"hunt-active-api", "hunt-active-privileged-pod", "hunt-active-etcd"} {
		if !slices.Contains(d.rules(), id) {
			t.Errorf("there is no finding of %s: %q, %v", id, d.rules(), d.Gaps)
		}
	}
	nothingLeft(t, c)
	data, err := os.ReadFile(trail)
	if err != nil {
		t.Fatal(err)
	}
	did := map[string]int{}
	for line := range bytes.Lines(data) {
		var e struct{ Event string }
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		did[e.Event]++
	}
	if did["begin"] != 1 || did["end"] != 1 || did["do"] < 6 || did["undone"] != 6 {
		t.Errorf("the trail has %v", did)
	}

	c = hardened.Get(t)
	args = append([]string{"--active", "--scope", scope(t), "--trail", filepath.Join(t.TempDir(), "trail.jsonl")}, targets(t, c)...)
	if d, _ := hunted(t, 0, args...); len(d.Findings)+len(d.Gaps) > 0 {
		t.Errorf("findings %+v, gaps %v; want none", d.Findings, d.Gaps)
	}
	nothingLeft(t, c)
}

// nothingLeft holds that nothing that a hunt made is there any more, or that it is going.
func nothingLeft(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	if left := leftOf(t, c); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// leftOf lists what hunts made and did not take back.
func leftOf(t *testing.T, c *cluster.Cluster) []string {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.Admin().Config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, all := t.Context(), metav1.ListOptions{}
	var left []string
	keep := func(o metav1.ObjectMeta) {
		if strings.Contains(o.Name, "bartizan-hunt") && o.DeletionTimestamp == nil {
			left = append(left, o.Name)
		}
	}
	namespaces, err := client.CoreV1().Namespaces().List(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range namespaces.Items {
		keep(o.ObjectMeta)
	}
	pods, err := client.CoreV1().Pods("").List(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range pods.Items {
		keep(o.ObjectMeta)
	}
	roles, err := client.RbacV1().Roles("").List(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range roles.Items {
		keep(o.ObjectMeta)
	}
	clusterRoles, err := client.RbacV1().ClusterRoles().List(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range clusterRoles.Items {
		keep(o.ObjectMeta)
	}
	return left
}

// TestDetected replays what the audit logs of the API servers say of hunts, and nothing else of them: the detections must
// tell of the hunt, where it was let in and where it was refused.
func TestDetected(t *testing.T) {
	for _, test := range []struct {
		shared *cluster.Shared
		code   int
	}{{weak, 1}, {hardened, 0}} {
		c := test.shared.Get(t)
		hunted(t, test.code, targets(t, c)...)
		if found := alerts(t, c); len(found) == 0 {
			t.Errorf("%s: no detection tells of the hunt", c.Profile)
		} else {
			t.Logf("%s: the hunt is told of by %q", c.Profile, found)
		}
	}
}

// alerts are the rules that alert on the records of hunts in an API server's audit log.
func alerts(t *testing.T, c *cluster.Cluster) []string {
	t.Helper()
	time.Sleep(time.Second) // the log is written in batches
	data, err := os.ReadFile(c.AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	var hunts []byte
	for line := range bytes.Lines(data) {
		if bytes.Contains(line, []byte(`"userAgent":"bartizan-hunt"`)) {
			hunts = append(hunts, line...)
		}
	}
	if len(hunts) == 0 {
		t.Errorf("%s: the audit log does not tell of the hunt", c.Profile)
	}
	name := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(name, hunts, 0o600); err != nil {
		t.Fatal(err)
	}
	result := binary(t).Run(t, nil, "watch", "--replay", name, "-o", "jsonl", "--fail-on", "critical")
	var rules []string
	for line := range bytes.Lines(result.Stdout) {
		var a struct{ Rule string }
		if err := json.Unmarshal(line, &a); err == nil && a.Rule != "" {
			rules = append(rules, a.Rule)
		}
	}
	if len(rules) == 0 {
		t.Logf("watch ended with %d:\n%.2000s\n%.1000s\nof %.1000s", result.Code, result.Stderr, result.Stdout, hunts)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}
