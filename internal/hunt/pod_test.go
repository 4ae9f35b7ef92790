package hunt

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// files makes a pod's file system.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range content {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// everything is a DNS that lists services.
type everything struct{}

// LookupSRV lists two.
func (everything) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	return "", []*net.SRV{{Target: "payments.shop.svc.cluster.local."}, {Target: "bad\x1b[31m."}}, nil
}

const openMounts = `1 0 0:50 / / rw - overlay overlay rw
2 1 8:1 /var/lib/kubelet/pods/1/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw
3 1 8:1 / /host rw - ext4 /dev/sda1 rw
4 1 8:1 /var/log /host/log rw - ext4 /dev/sda1 rw
5 1 0:24 /containerd /run/containerd ro - tmpfs tmpfs rw
6 1 0:99 / /var/run/secrets/kubernetes.io/serviceaccount ro - tmpfs tmpfs rw
7 1 8:16 / /data rw - ext4 /dev/sdb rw
8 1 0:60 / /proc rw - proc proc rw
`

// TestOwnPod looks at a pod that has all that a pod should not have, and asks its API server with its token.
func TestOwnPod(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer the-token":
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "selfsubjectrulesreviews"):
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"kind":"SelfSubjectRulesReview","status":{"resourceRules":[{"verbs":["create"],"resources":["pods"]}]}}`))
		default:
			_, _ = w.Write([]byte(`{"kind":"SecretList","items":[{"metadata":{"name":"db","namespace":"shop"},"data":{"p":"aHVudGVyMg=="}}]}`))
		}
	}))
	defer server.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	root := files(t, map[string]string{
		accountDir + "/token": "the-token\n", accountDir + "/ca.crt": ca, accountDir + "/namespace": "shop", "etc/secrets/db": "hunter2",
		"proc/self/status":    "Uid:\t0\t0\t0\t0\nNoNewPrivs:\t0\nSeccomp:\t0\nCapEff:\t000001ffffffffff\n",
		"proc/self/mountinfo": openMounts, "proc/1/comm": "systemd\n",
	})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	pod := &Pod{Root: root, Look: everything{}, Environ: []string{"HOSTNAME=web-0", "KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=" + port, "PAY_MENTS_SERVICE_HOST=10.0.0.1"}}
	if !pod.InPod() {
		t.Error("this is a pod")
	}
	o := optionsFor(t)
	o.Pod = pod
	ids, report, _ := found(t, o)
	want := []string{
		"hunt-pod-capabilities", "hunt-pod-dns", "hunt-pod-net-raw", "hunt-pod-node-files", "hunt-pod-node-processes", "hunt-pod-privileged",
		"hunt-pod-reads-secrets", "hunt-pod-rights", "hunt-pod-seccomp", "hunt-pod-secrets", "hunt-pod-services", "hunt-pod-token", "hunt-pod-var-log",
	}
	if !slices.Equal(ids, want) || len(report.Gaps) > 0 {
		t.Errorf("findings %q,\nwant %q\n%v", ids, want, report.Gaps)
	}
	for _, f := range report.Findings {
		if text := fmt.Sprint(f.Message, f.Evidence); strings.Contains(text, "hunter2") || strings.Contains(text, "the-token") || strings.Contains(text, "\x1b") {
			t.Errorf("%s shows %q", f.Rule, text)
		}
	}
	// The token goes to no server that cannot prove that it is the pod's own.
	other := httptest.NewTLSServer(http.NotFoundHandler())
	defer other.Close()
	pod.Root = files(t, map[string]string{accountDir + "/token": "the-token", accountDir + "/ca.crt": "nothing"})
	if _, report, _ = found(t, o); !strings.Contains(gaps(report), "not sent") {
		t.Errorf("gaps %v", report.Gaps)
	}
}

// TestModestPod has nothing to tell of a pod that is as it should be.
func TestModestPod(t *testing.T) {
	o := optionsFor(t)
	o.Pod = &Pod{Environ: []string{"HOSTNAME=web-0"}, Root: files(t, map[string]string{
		"proc/self/status":    "Uid:\t1000\t1000\t1000\t1000\nNoNewPrivs:\t1\nSeccomp:\t2\nCapEff:\t0000000000000000\n",
		"proc/self/mountinfo": "1 0 0:50 / / rw - overlay overlay rw\n2 1 8:1 /var/lib/kubelet/pods/1/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n7 1 8:16 / /data rw - ext4 /dev/sdb rw\n",
	})}
	if ids, report, _ := found(t, o); len(ids) > 0 || len(report.Gaps) > 0 {
		t.Errorf("findings %v, gaps %v", ids, report.Gaps)
	}
}

func TestTargetsIn(t *testing.T) {
	const text = `
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 192.0.2.7}, {type: InternalIP, address: "2001:db8::7"}, {type: ExternalIP, address: 203.0.113.1}, {type: InternalIP, address: bad}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
ports: [{name: https, port: 6443}]
endpoints: [{addresses: [192.0.2.9]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: w}
webhooks:
- {name: a.example.com, clientConfig: {service: {namespace: x, name: hook, path: /validate, port: 8443}}}
- {name: b.example.com, clientConfig: {url: "https://example.com/"}}
---
apiVersion: v1
kind: Service
metadata: {name: hook, namespace: x}
spec: {ports: [{name: metrics, port: 8080}, {name: web, port: 8443, targetPort: 9443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: hook-1, namespace: x, labels: {kubernetes.io/service-name: hook}}
ports: [{name: metrics, port: 8081}, {name: web, port: 9443}]
endpoints: [{addresses: [10.1.0.3]}]
`
	var objects []*kube.Object
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			t.Fatal(err)
		}
		some, _ := kube.Decode(doc, objectOrigin)
		objects = append(objects, some...)
	}
	var got []string
	for _, x := range TargetsIn(objects) {
		got = append(got, fmt.Sprintf("%s %d %s%s", x.Addr, x.Port, x.Service, x.Path))
	}
	want := []string{"10.1.0.3 9443 Webhook/validate", "192.0.2.7 0 ", "192.0.2.9 6443 APIServer", "2001:db8::7 0 "}
	if !slices.Equal(got, want) {
		t.Errorf("targets %q, want %q", got, want)
	}
}
