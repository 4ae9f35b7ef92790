package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// serverVersion is the version of the API server that the harness builds.
const serverVersion = "1.36"

// liveScan is what of bartizan's JSON these tests look at.
type liveScan struct {
	Findings []struct {
		Rule    string
		Subject struct{ Kind, Namespace, Name string }
		Message string
	}
	Gaps    []struct{ Reason string }
	Summary map[string]any
}

// set gives the findings as texts, without their places.
func (f liveScan) set() map[string]int {
	all := map[string]int{}
	for _, x := range f.Findings {
		all[x.Rule+" "+x.Subject.Kind+" "+x.Subject.Namespace+"/"+x.Subject.Name+": "+x.Message]++
	}
	return all
}

// shopFiles are the plain manifests of the example.
func shopFiles(t *testing.T) (dir string, objects []*unstructured.Unstructured) {
	t.Helper()
	dir, err := filepath.Abs("../../examples/shop/manifests")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the example's manifests are not in %s: %v", dir, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		more, err := cluster.Objects(text)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, more...)
	}
	// Namespaces first: the API server takes nothing into one that does not exist.
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int {
		return strings.Compare(rank(a), rank(b))
	})
	return dir, objects
}

func rank(o *unstructured.Unstructured) string {
	if o.GetKind() == "Namespace" {
		return "0"
	}
	return "1"
}

// TestClusterEqualsFiles applies the example to a real API server: a scan of the live cluster finds in its
// namespaces what a scan of the files finds, but for what the API server has filled in.
func TestClusterEqualsFiles(t *testing.T) {
	ctx, b := t.Context(), product.Build(t)
	c := cluster.Start(t, cluster.Hardened, cluster.PoliciesOnly())
	dir, objects := shopFiles(t)
	if err := c.Apply(ctx, objects...); err != nil {
		t.Fatal(err)
	}
	var files, live liveScan
	b.Run(t, nil, "scan", dir, "-o", "json", "--kube-version", serverVersion).JSON(t, &files)
	r := b.Run(t, nil, "scan", "--cluster", "--kubeconfig", c.Admin().Kubeconfig, "-o", "json", "--kube-version", serverVersion)
	if r.Code != 1 {
		t.Fatalf("scan --cluster ended with %d, want 1: %s", r.Code, r.Stderr)
	}
	r.JSON(t, &live)
	inFiles, inCluster := files.set(), live.set()
	for _, x := range slices.Sorted(maps.Keys(inFiles)) {
		if inCluster[x] == 0 {
			t.Errorf("found in the files and not in the cluster: %s", x)
		}
	}
	if len(inFiles) < 40 {
		t.Errorf("only %d findings in the files", len(inFiles))
	}
	for _, x := range slices.Sorted(maps.Keys(inCluster)) {
		if inFiles[x] == 0 && (strings.Contains(x, " shop/") || strings.Contains(x, " observability/")) {
			t.Logf("found in the cluster only: %s", x)
		}
	}
}

// TestForbiddenBecomesAGap scans as a user who may list some kinds only: the rest is said, and the exit code is 3.
func TestForbiddenBecomesAGap(t *testing.T) {
	ctx, b, c := t.Context(), product.Build(t), policies.Get(t)
	user, err := c.User("reader", "readers")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := cluster.Objects([]byte(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reads-pods}
rules: [{apiGroups: [""], resources: [pods, services], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reads-pods}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reads-pods}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: readers}]
---
apiVersion: v1
kind: Pod
metadata: {name: seen, namespace: default}
spec: {automountServiceAccountToken: false, containers: [{name: seen, image: seen, securityContext: {privileged: true}}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(ctx, rules...); err != nil {
		t.Fatal(err)
	}
	var got liveScan
	cluster.Eventually(t, 20*time.Second, func() error {
		r := b.Run(t, nil, "scan", "--cluster", "--kubeconfig", user.Kubeconfig, "-o", "json")
		if r.Code != 3 {
			return fmt.Errorf("exit code %d, want 3: %s", r.Code, r.Stderr)
		}
		got = liveScan{}
		r.JSON(t, &got)
		if !slices.ContainsFunc(slices.Collect(maps.Keys(got.set())), func(s string) bool {
			return strings.HasPrefix(s, "pss-privileged Pod default/seen")
		}) {
			return fmt.Errorf("the pod is not judged yet")
		}
		return nil
	})
	if !slices.ContainsFunc(got.Gaps, func(g struct{ Reason string }) bool {
		return strings.Contains(g.Reason, "configmaps") && strings.Contains(g.Reason, "forbidden")
	}) {
		t.Errorf("no gap says that configmaps are forbidden: %v", got.Gaps)
	}
	if r := b.Run(t, nil, "scan", "--cluster", "--kubeconfig", "/nonexistent"); r.Code != 2 {
		t.Errorf("a kubeconfig that does not exist gives exit code %d, want 2", r.Code)
	}
}

// TestFixedFilesAreAccepted mends the example with every fix there is, and asks the API server to take the result.
func TestFixedFilesAreAccepted(t *testing.T) {
	ctx, b, c := t.Context(), product.Build(t), policies.Get(t)
	dir, _ := shopFiles(t)
	work := t.TempDir()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(work, filepath.Base(f)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var before, after liveScan
	b.Run(t, nil, "scan", work, "-o", "json").JSON(t, &before)
	if r := b.Run(t, nil, "fix", work, "--unsafe"); r.Code > 1 {
		t.Fatalf("fix ended with %d: %s", r.Code, r.Stderr)
	}
	b.Run(t, nil, "scan", work, "-o", "json").JSON(t, &after)
	was, is := before.set(), after.set()
	for x := range is {
		if was[x] == 0 {
			t.Errorf("a fix brought a new finding: %s", x)
		}
	}
	if len(is) >= len(was)-10 {
		t.Errorf("of %d findings %d are left after every fix", len(was), len(is))
	}
	accepted := 0
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(work, filepath.Base(f)))
		if err != nil {
			t.Fatal(err)
		}
		objects, err := cluster.Objects(text)
		if err != nil {
			t.Fatalf("%s does not decode any more: %v", filepath.Base(f), err)
		}
		for _, o := range objects {
			a, err := c.Admit(ctx, o)
			if err != nil || !a.Allowed {
				t.Errorf("%s: the API server refuses %s %s: %v %s", filepath.Base(f), o.GetKind(), o.GetName(), err, a.Message)
			}
			accepted++
		}
	}
	t.Logf("%d findings before, %d after; %d objects accepted", len(was), len(is), accepted)
}

// TestManyPods writes nodes and pods as plain objects, a tenth as many nodes as pods, and scans them by every rule:
// 1,000 pods by default, or as many as BARTIZAN_E2E_PODS says. 10,000 pods must stay under the 600 MB checked here
// and are the size that the README's figures are for.
func TestManyPods(t *testing.T) {
	count := 1000
	if n, err := strconv.Atoi(os.Getenv("BARTIZAN_E2E_PODS")); err == nil {
		count = n
	}
	ctx, b := t.Context(), product.Build(t)
	c := cluster.Start(t, cluster.Hardened, cluster.PoliciesOnly())
	config := rest.CopyConfig(c.Admin().Config)
	config.QPS, config.Burst = -1, 0
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	many(t, count/10, func(i int) error {
		_, err := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "nodes"}).Create(ctx, manyNode(i), metav1.CreateOptions{})
		return err
	})
	pods := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace("default")
	many(t, count, func(i int) error {
		_, err := pods.Create(ctx, manyPod(i, count/10), metav1.CreateOptions{})
		return err
	})
	start := time.Now()
	r := b.Run(t, nil, "scan", "--cluster", "--kubeconfig", c.Admin().Kubeconfig, "-o", "json", "--group", "security,reliability")
	t.Logf("scanned %d pods and %d nodes in %.1f s with %d MB", count, count/10, time.Since(start).Seconds(), r.Peak>>20)
	if r.Peak > 600<<20 {
		t.Errorf("the scan took %d MB", r.Peak>>20)
	}
	var got liveScan
	r.JSON(t, &got)
	privileged := 0
	for _, f := range got.Findings {
		if f.Rule == "pss-privileged" && strings.HasPrefix(f.Subject.Name, "many-") {
			privileged++
		}
	}
	if want := (count + 9) / 10; privileged != want {
		t.Errorf("%d privileged pods found, want %d: a page was lost or read twice", privileged, want)
	}
}

// many calls write for 0 to count-1 by several writers at once.
func many(t *testing.T, count int, write func(int) error) {
	t.Helper()
	next := make(chan int)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range next {
				if err := write(i); err != nil {
					t.Errorf("write object %d: %v", i, err)
				}
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	wg.Wait()
}

func manyNode(i int) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Node",
		"metadata": map[string]any{"name": fmt.Sprintf("node-%d", i), "labels": map[string]any{"kubernetes.io/hostname": fmt.Sprintf("node-%d", i)}},
		"spec":     map[string]any{"podCIDR": fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)},
	}}
}

// manyPod is much like what an ordinary Deployment makes; every tenth is privileged.
func manyPod(i, nodes int) *unstructured.Unstructured {
	name := fmt.Sprintf("many-%05d", i)
	var env []any
	for k := range 8 {
		env = append(env, map[string]any{"name": fmt.Sprintf("SETTING_%d", k), "value": fmt.Sprintf("https://service-%d.example.org/v%d", k, i)})
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": name, "labels": map[string]any{"app": name[:9], "pod-template-hash": "5f6c7d8"}},
		"spec": map[string]any{
			"nodeName":                     fmt.Sprintf("node-%d", i%max(nodes, 1)),
			"automountServiceAccountToken": false,
			"containers": []any{map[string]any{
				"name": "app", "image": "registry.example.org/app:1", "args": []any{"--listen=:8080", "--log-level=info"}, "env": env,
				"resources":       map[string]any{"requests": map[string]any{"cpu": "100m", "memory": "128Mi"}},
				"readinessProbe":  map[string]any{"httpGet": map[string]any{"path": "/healthz", "port": int64(8080)}},
				"securityContext": map[string]any{"privileged": i%10 == 0},
			}, map[string]any{
				"name": "proxy", "image": "registry.example.org/proxy:2", "ports": []any{map[string]any{"containerPort": int64(15001)}},
			}},
		},
	}}
}
