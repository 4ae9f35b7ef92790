package node_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bartizan-dev/bartizan/test/e2e/node"
)

// document is what scan and hunt write as JSON, as far as the tests read it.
type document struct {
	Findings []struct {
		Rule    string
		Subject struct{ Kind, Namespace, Name string }
	}
	Gaps []struct{ Reason string }
}

// rules are the rules with findings, each once, sorted, as far as their ids begin so.
func (d document) rules(prefix string) []string {
	var ids []string
	for _, f := range d.Findings {
		if strings.HasPrefix(f.Rule, prefix) {
			ids = append(ids, f.Rule)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// hunted hunts the node from the network.
func hunted(t *testing.T, code int) document {
	t.Helper()
	result := binary(t).Run(t, nil, "hunt", "-o", "json", "--in-pod", "never", "--rate", "500", node.Address)
	var d document
	result.JSON(t, &d)
	if result.Code != code {
		t.Errorf("exit code %d, want %d: findings %q, gaps %v\n%s", result.Code, code, d.rules(""), d.Gaps, result.Stderr)
	}
	return d
}

// huntedIn hunts in a pod.
func huntedIn(t *testing.T, n *node.Node, pod *corev1.Pod, code int, args ...string) document {
	t.Helper()
	out, told, got := n.Exec(t, pod, append([]string{"/bartizan", "hunt", "-o", "json", "--rate", "500"}, args...)...)
	var d document
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatalf("hunting in %s: %v\n%.2000s%.2000s", pod.Name, err, out, told)
	}
	if got != code {
		t.Errorf("in %s: exit code %d, want %d: findings %q, gaps %v\n%s", pod.Name, got, code, d.rules(""), d.Gaps, told)
	}
	return d
}

// careful is a pod without a token, rights and capabilities.
func careful(name string) *corev1.Pod {
	no, yes, user := false, true, int64(65532)
	pod := work("kube-system", name)
	pod.Spec.AutomountServiceAccountToken, pod.Spec.EnableServiceLinks = &no, &no
	pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes, RunAsUser: &user, ReadOnlyRootFilesystem: &yes,
		Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	return pod
}

// careless is a pod with the node's /var/log and a token with rights, and with the scope of a hunt.
func careless(t *testing.T, n *node.Node) *corev1.Pod {
	t.Helper()
	scope := "authorisedBy: the test\nexpires: " + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + "\npodToken: true\n" +
		"targets: [" + node.Address + ", " + node.ServiceAddress + "]\nactions: [api-role, api-privileged-pod, pod-var-log]\n"
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "careless"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "create", "delete"}},
		{APIGroups: []string{""}, Resources: []string{"nodes/proxy", "nodes/log"}, Verbs: []string{"get"}},
		{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"roles"}, Verbs: []string{"create", "delete"}},
	}}
	binding := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "careless"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "careless"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "kube-system", Name: "careless"}}}
	ctx, create := t.Context(), metav1.CreateOptions{}
	files := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "scope"}, Data: map[string]string{"scope.yaml": scope}}
	_, err := n.Client.CoreV1().ConfigMaps("kube-system").Create(ctx, files, create)
	if err == nil {
		_, err = n.Client.RbacV1().ClusterRoles().Create(ctx, role, create)
	}
	if err == nil {
		_, err = n.Client.RbacV1().ClusterRoleBindings().Create(ctx, binding, create)
	}
	if err == nil {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "careless"}}
		_, err = n.Client.CoreV1().ServiceAccounts("kube-system").Create(ctx, account, create)
	}
	if err != nil {
		t.Fatal(err)
	}
	pod := work("kube-system", "careless")
	pod.Spec.ServiceAccountName = "careless"
	volume := func(name, path string, source corev1.VolumeSource) {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: source})
		c := &pod.Spec.Containers[0]
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: path})
	}
	volume("logs", "/host/log", corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log"}})
	volume("trail", "/trail", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}})
	volume("scope", "/scope", corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: "scope"}}})
	return n.Run(t, pod)
}

// TestHunt hunts a node with a hardened kubelet and then with a weak one, from the network, from a pod that has nothing
// and from one that has too much; and holds that the hunt is told of by the detections, and leaves nothing.
func TestHunt(t *testing.T) {
	node.Needed(t)
	c := control.Get(t)
	n := node.Start(t, c, string(binary(t)))
	poor, rich := n.Run(t, careful("poor")), careless(t, n)
	if out, _, code := n.Exec(t, poor, "/pod", "here", "I", "am"); string(out) != "here I am\n" || code != 0 || !strings.HasPrefix(poor.Status.PodIP, "10.244.0.") {
		t.Errorf("the pod at %s says %q and ends with %d", poor.Status.PodIP, out, code)
	}

	if d := hunted(t, 0); len(d.Findings)+len(d.Gaps) > 0 {
		t.Errorf("a hardened kubelet: findings %+v, gaps %v; want none", d.Findings, d.Gaps)
	}
	if d := huntedIn(t, n, poor, 0); len(d.Findings) > 0 {
		t.Errorf("a pod that has nothing: findings %+v", d.Findings)
	}
	n.Secure(t, node.Weak)
	want := []string{
		"hunt-kubelet-attach", "hunt-kubelet-configz", "hunt-kubelet-container-logs", "hunt-kubelet-exec", "hunt-kubelet-health",
		"hunt-kubelet-metrics", "hunt-kubelet-pods", "hunt-kubelet-port-forward", "hunt-kubelet-profiling", "hunt-kubelet-read-only",
		"hunt-kubelet-run", "hunt-kubelet-running", "hunt-kubelet-system-logs",
	}
	if got := hunted(t, 1).rules(""); !slices.Equal(got, want) {
		t.Errorf("findings at a weak kubelet %q,\nwant %q", got, want)
	}

	d := huntedIn(t, n, rich, 1, "--active", "--scope", "/scope/scope.yaml", "--trail", "/trail/trail.jsonl", "kubelet="+node.Address+":10250")
	want = []string{"hunt-active-token", "hunt-active-var-log"} // Pod Security refuses the privileged pod
	if got := d.rules("hunt-active-"); !slices.Equal(got, want) {
		t.Errorf("active findings in a pod %q, want %q; gaps %v", got, want, d.Gaps)
	}
	for _, id := range []string{"hunt-pod-var-log", "hunt-pod-token", "hunt-pod-rights"} {
		if !slices.Contains(d.rules(""), id) {
			t.Errorf("no finding of %s in a pod: %q", id, d.rules(""))
		}
	}
	if left, err := filepath.Glob("/var/log/bartizan-hunt-*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
	out, told, code := n.Exec(t, rich, "/bartizan", "hunt", "--revert", "/trail/trail.jsonl")
	if code != 0 || !bytes.Contains(out, []byte("Nothing of trail")) {
		t.Errorf("taking back what is not left: code %d, %s%s", code, out, told)
	}
	detected(t, c.AuditLog)
	scanned(t, c.Admin().Kubeconfig)
}

// detected replays the audit log: the hunt with the pod's token and the commands in the pods are told of.
func detected(t *testing.T, log string) {
	t.Helper()
	time.Sleep(time.Second) // it is written in batches
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	replay := func(what string, keep func([]byte) bool, want string) {
		var lines []byte
		for line := range bytes.Lines(data) {
			if keep(line) {
				lines = append(lines, line...)
			}
		}
		name := filepath.Join(t.TempDir(), "audit.log")
		if err := os.WriteFile(name, lines, 0o600); err != nil {
			t.Fatal(err)
		}
		result := binary(t).Run(t, nil, "watch", "--replay", name, "-o", "jsonl", "--fail-on", "critical")
		var rules []string
		for line := range bytes.Lines(result.Stdout) {
			var a struct{ Rule string }
			if json.Unmarshal(line, &a) == nil && a.Rule != "" {
				rules = append(rules, a.Rule)
			}
		}
		slices.Sort(rules)
		rules = slices.Compact(rules)
		t.Logf("%s: %d bytes of the audit log, told of by %q", what, len(lines), rules)
		if !slices.ContainsFunc(rules, func(id string) bool { return strings.Contains(id, want) }) {
			t.Errorf("no detection %s tells of %s: %q\n%.1000s", want, what, rules, result.Stderr)
		}
	}
	hunt := func(line []byte) bool { return bytes.Contains(line, []byte(`"userAgent":"bartizan-hunt"`)) }
	replay("the link in /var/log", func(line []byte) bool { return hunt(line) && bytes.Contains(line, []byte("/proxy/logs/")) }, "node-proxy")
	replay("the hunt with the pod's token", func(line []byte) bool { return hunt(line) && bytes.Contains(line, []byte("kube-system:careless")) }, "audit-")
	replay("the hunt without", func(line []byte) bool { return hunt(line) && !bytes.Contains(line, []byte("kube-system:careless")) }, "audit-")
	replay("commands in a pod", func(line []byte) bool { return bytes.Contains(line, []byte(`"subresource":"exec"`)) }, "exec")
}

// scanned sees the pods of the node in a scan of the cluster.
func scanned(t *testing.T, kubeconfig string) {
	t.Helper()
	var d document
	binary(t).Run(t, nil, "scan", "--cluster", "--kubeconfig", kubeconfig, "-o", "json").JSON(t, &d)
	found := map[string]bool{}
	for _, f := range d.Findings {
		found[f.Subject.Kind+" "+f.Subject.Name] = true
	}
	if !found["Pod careless"] {
		t.Errorf("the scan does not tell of the pod with /var/log: %v, gaps %v", found, d.Gaps)
	}
}
