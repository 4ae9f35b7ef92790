package e2e

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// pod is a pod with one container in a namespace, privileged or not.
func pod(namespace string, privileged bool) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": "p", "namespace": namespace},
		"spec": map[string]any{"containers": []any{map[string]any{
			"name": "web", "image": "example.test/web:1",
			"securityContext": map[string]any{"privileged": privileged},
		}}},
	}}
}

// client is the typed client of somebody.
func client(t *testing.T, access cluster.Access, err error) *kubernetes.Clientset {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	clientset, err := kubernetes.NewForConfig(access.Config)
	if err != nil {
		t.Fatal(err)
	}
	return clientset
}

func TestHardenedVersion(t *testing.T) {
	c := hardened.Get(t)
	version, err := client(t, c.Admin(), nil).ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.GitVersion != "v1.36.3" || version.Major != "1" || version.Minor != "36" {
		t.Errorf("the server says that it is %s (%s.%s), not v1.36.3 (1.36)", version.GitVersion, version.Major,
			version.Minor)
	}
}

func TestHardenedRefusesAnonymous(t *testing.T) {
	c := hardened.Get(t)
	anonymous, err := c.Anonymous()
	if _, err := client(t, anonymous, err).ServerVersion(); !apierrors.IsUnauthorized(err) {
		t.Errorf("without credentials /version answers %v, not 401", err)
	}
}

func TestHardenedEncryptsSecrets(t *testing.T) {
	c := hardened.Get(t)
	const canary = "canary-in-clear-text"
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{GenerateName: "canary-"},
		StringData: map[string]string{"k": canary}}
	secrets := client(t, c.Admin(), nil).CoreV1().Secrets("default")
	secret, err := secrets.Create(t.Context(), secret, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.Etcd.Get(t.Context(), "/registry/secrets/default/"+secret.Name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(raw, []byte("k8s:enc:secretbox:v1:k1:")) || bytes.Contains(raw, []byte(canary)) {
		t.Errorf("etcd holds the canary in a form that begins %.40q", raw)
	}
}

func TestHardenedEtcdWantsItsOwnCertificates(t *testing.T) {
	c := hardened.Get(t)
	admin := c.Admin().Config
	foreign, err := tls.X509KeyPair(admin.CertData, admin.KeyData)
	if err != nil {
		t.Fatal(err)
	}
	own, err := c.Etcd.TLS()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		who   string
		certs []tls.Certificate
		want  bool
	}{
		{"the API server's certificate", own.Certificates, true},
		{"no certificate", nil, false},
		{"the administrator's certificate of the cluster's authority", []tls.Certificate{foreign}, false},
	} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: own.RootCAs, Certificates: test.certs}}
		answer, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get(c.Etcd.URL + "/health")
		if got := err == nil && answer.StatusCode == http.StatusOK; got != test.want {
			t.Errorf("etcd serves a client with %s: %v, want %v (%v)", test.who, got, test.want, err)
		}
		transport.CloseIdleConnections()
	}
}

func TestHardenedUserHasOnlyWhatIsBound(t *testing.T) {
	c := hardened.Get(t)
	jane, err := c.User("jane", "developers")
	secrets := client(t, jane, err).CoreV1().Secrets("default")
	if _, err := secrets.List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a user without any role lists Secrets: %v, not 403", err)
	}
	cluster.Eventually(t, 10*time.Second, func() error {
		log, err := os.ReadFile(c.AuditLog)
		if err != nil {
			return err
		}
		if !bytes.Contains(log, []byte(`"username":"jane","groups":["developers"`)) {
			return fmt.Errorf("%s does not name jane", c.AuditLog)
		}
		return nil
	})
}

func TestHardenedPodSecurity(t *testing.T) {
	c := hardened.Get(t)
	got, err := c.Admit(t.Context(), pod("smoke-baseline", true))
	if err != nil || got.Allowed || !strings.Contains(got.Message, "PodSecurity") {
		t.Errorf("a privileged pod is not refused by Pod Security: %+v, %v", got, err)
	}
	got, err = c.Admit(t.Context(), pod("smoke-baseline", false))
	if err != nil || !got.Allowed || len(got.Warnings) == 0 {
		t.Errorf("a baseline pod is not allowed with a warning of what restricted wants: %+v, %v", got, err)
	}
}

func TestPoliciesAloneDecide(t *testing.T) {
	c := policies.Get(t)
	applyFile(t, c, "testdata/no-privileged.yaml")
	cluster.Eventually(t, 10*time.Second, func() error {
		got, err := c.Admit(t.Context(), pod("smoke-deny", true))
		if err == nil && (got.Allowed || !strings.HasSuffix(got.Message, "denied request: privileged: web")) {
			err = fmt.Errorf("the policy does not deny a privileged pod: %+v", got)
		}
		return err
	})
	for namespace, want := range map[string]string{"smoke-warn": "[smoke-no-privileged]", "smoke-elsewhere": "[]"} {
		// The bindings come into force one after the other.
		cluster.Eventually(t, 10*time.Second, func() error {
			got, err := c.Admit(t.Context(), pod(namespace, true))
			if err != nil || !got.Allowed || fmt.Sprint(got.Policies()) != want {
				return fmt.Errorf("a privileged pod in %s: %+v, %w; want it allowed and policies %s", namespace, got, err, want)
			}
			return nil
		})
	}
	if got, err := c.Admit(t.Context(), pod("smoke-deny", false)); err != nil || !got.Allowed {
		t.Errorf("a harmless pod: %+v, %v; want it allowed", got, err)
	}
	invalid := pod("smoke-deny", false)
	unstructured.RemoveNestedField(invalid.Object, "spec", "containers")
	if got, err := c.Admit(t.Context(), invalid); err == nil {
		t.Errorf("a pod without containers: %+v; want an error, since that is no verdict", got)
	}
}

// applyFile applies the objects of a file.
func applyFile(t *testing.T, c *cluster.Cluster, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.Objects(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(t.Context(), objects...); err != nil {
		t.Fatal(err)
	}
}

func TestWeakIsOpen(t *testing.T) {
	c := weak.Get(t)
	anonymous, err := c.Anonymous()
	secrets := client(t, anonymous, err).CoreV1().Secrets("kube-system")
	if _, err := secrets.List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("without credentials Secrets cannot be listed: %v", err)
	}
	token := c.Admin()
	token.Config.BearerToken = c.Token
	token.Config.CertData, token.Config.KeyData = nil, nil
	if _, err := client(t, token, nil).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("the static token is not accepted: %v", err)
	}
	if got, err := c.Admit(t.Context(), pod("smoke-open", true)); err != nil || !got.Allowed {
		t.Errorf("a privileged pod is not allowed: %+v, %v", got, err)
	}
	if _, err := c.Etcd.Get(t.Context(), "/registry/namespaces/default"); err != nil {
		t.Errorf("etcd does not answer in clear: %v", err)
	}
}
