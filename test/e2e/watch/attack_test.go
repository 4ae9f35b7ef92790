package watch

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// mallory is who attacks.
const mallory = "mallory"

// attack is one thing that an attacker does, and what must be said of it.
type attack struct {
	name string
	do   func(ctx context.Context, a *attacker) error
	// rules are the rules of which one at least must speak, by their ids.
	rules    []string
	identity string // mallory, unless given
	object   string // the subject's name, where it has one
}

// attacker is a plain client with stolen credentials, and one without any.
type attacker struct {
	config    *rest.Config
	client    kubernetes.Interface
	anonymous kubernetes.Interface
}

func newAttacker(t *testing.T, c *cluster.Cluster) *attacker {
	t.Helper()
	access, err := c.User(mallory)
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := c.Anonymous()
	if err != nil {
		t.Fatal(err)
	}
	return &attacker{access.Config, kubernetes.NewForConfigOrDie(access.Config), kubernetes.NewForConfigOrDie(nobody.Config)}
}

// attacks are done one after the other.
func attacks() []attack {
	return []attack{
		{name: "read all secrets", rules: []string{"audit-secrets-all"}, do: func(ctx context.Context, a *attacker) error {
			_, err := a.client.CoreV1().Secrets("").List(ctx, metav1.ListOptions{})
			return err
		}},
		{name: "privileged pod", rules: []string{"audit-pod-privileged"}, object: "miner", do: func(ctx context.Context, a *attacker) error {
			yes := true
			return a.pod(ctx, "miner", func(s *corev1.PodSpec) {
				s.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: &yes}
			})
		}},
		{name: "wildcard cluster role", rules: []string{"audit-role-wildcard"}, object: "everything", do: func(ctx context.Context, a *attacker) error {
			_, err := a.client.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{
				ObjectMeta: metav1.ObjectMeta{Name: "everything"},
				Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}},
			}, metav1.CreateOptions{})
			return err
		}},
		{name: "exec into a pod", rules: []string{"audit-exec", "audit-exec-system"}, object: "victim", do: func(ctx context.Context, a *attacker) error {
			err := a.client.CoreV1().RESTClient().Post().Namespace("apps").Resource("pods").Name("victim").SubResource("exec").
				Param("command", "sh").Param("stdout", "true").Do(ctx).Error()
			if err == nil {
				return fmt.Errorf("a pod without a node answered")
			}
			return nil // no kubelet answers; the API server has recorded the attempt
		}},
		{name: "token of a privileged service account", rules: []string{"audit-token-request-system"}, do: func(ctx context.Context, a *attacker) error {
			_, err := a.client.CoreV1().ServiceAccounts("kube-system").CreateToken(ctx, "keeper", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
			return err
		}},
		{name: "certificate for a privileged name", rules: []string{"audit-csr-client"}, object: "climb", do: func(ctx context.Context, a *attacker) error {
			text, err := csr("system:kube-controller-manager", "controllers")
			if err != nil {
				return err
			}
			_, err = a.client.CertificatesV1().CertificateSigningRequests().Create(ctx, &certificatesv1.CertificateSigningRequest{
				ObjectMeta: metav1.ObjectMeta{Name: "climb"},
				Spec: certificatesv1.CertificateSigningRequestSpec{
					Request: text, SignerName: certificatesv1.KubeAPIServerClientSignerName, Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth},
				},
			}, metav1.CreateOptions{})
			return err
		}},
		{name: "anonymous access", rules: []string{"audit-anonymous"}, identity: "system:anonymous", do: func(ctx context.Context, a *attacker) error {
			_, err := a.anonymous.CoreV1().Pods("apps").List(ctx, metav1.ListOptions{})
			return err
		}},
		{name: "hostPath pod", rules: []string{"audit-pod-host-path"}, object: "mounter", do: func(ctx context.Context, a *attacker) error {
			return a.pod(ctx, "mounter", func(s *corev1.PodSpec) {
				s.Volumes = []corev1.Volume{{Name: "root", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
			})
		}},
		{name: "NodePort service", rules: []string{"audit-service-exposed"}, object: "door", do: func(ctx context.Context, a *attacker) error {
			_, err := a.client.CoreV1().Services("apps").Create(ctx, &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: "door"},
				Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}},
			}, metav1.CreateOptions{})
			return err
		}},
		{name: "configmap with credentials", rules: []string{"audit-configmap-credentials"}, object: "settings", do: func(ctx context.Context, a *attacker) error {
			_, err := a.client.CoreV1().ConfigMaps("apps").Create(ctx, &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: "settings"},
				Data:       map[string]string{"aws_access_key_id": "AKIA" + "IOSFODNN7EXAMPLE", "aws_secret_access_key": "not-a-real-one"},
			}, metav1.CreateOptions{})
			return err
		}},
		{name: "impersonation", rules: []string{"audit-impersonate-masters"}, do: func(ctx context.Context, a *attacker) error {
			config := rest.CopyConfig(a.config)
			config.Impersonate = rest.ImpersonationConfig{UserName: "root", Groups: []string{"system:masters"}}
			_, err := kubernetes.NewForConfigOrDie(config).CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
			return err
		}},
	}
}

// pod creates a pod.
func (a *attacker) pod(ctx context.Context, name string, change func(*corev1.PodSpec)) error {
	_, err := a.client.CoreV1().Pods("apps").Create(ctx, podOf(name, change), metav1.CreateOptions{})
	return err
}

func podOf(name string, change func(*corev1.PodSpec)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "apps"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "registry.example.org/app:1"}}},
	}
	if change != nil {
		change(&p.Spec)
	}
	return p
}

// csr is a request for a certificate, in PEM.
func csr(name, group string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name, Organization: []string{group}}}, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}
