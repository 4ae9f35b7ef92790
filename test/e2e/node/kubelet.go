package node

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// Security is how a kubelet is set up towards those who ask it something.
type Security string

// The two ways.
const (
	// Hardened asks for a certificate or a token, and the API server whether its holder may.
	Hardened Security = `authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %s}}
authorization: {mode: Webhook}
readOnlyPort: 0
enableProfilingHandler: false
enableDebugFlagsHandler: false
`
	// Weak lets everybody do everything.
	Weak Security = `authentication: {anonymous: {enabled: true}, webhook: {enabled: false}, x509: {clientCAFile: %s}}
authorization: {mode: AlwaysAllow}
readOnlyPort: 10255
`
)

// kubeletConfig is what both have in common. Control groups of version 1 have to be allowed.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
tlsCertFile: %s
tlsPrivateKeyFile: %s
tlsMinVersion: VersionTLS12
containerRuntimeEndpoint: unix://%s
cgroupDriver: cgroupfs
failCgroupV1: false
cgroupRoot: /%s
enforceNodeAllocatable: [pods]
failSwapOn: false
resolvConf: ""
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
evictionHard: {memory.available: 1Mi, nodefs.available: 0%%, nodefs.inodesFree: 0%%, imagefs.available: 0%%}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 2s
syncFrequency: 5s
makeIPTablesUtilChains: false
seccompDefault: true
`

// Secure starts the kubelet anew, set up another way, and waits until it knows of the pods again, which go on meanwhile.
func (n *Node) Secure(t testing.TB, how Security) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	n.kubelet.Kill()
	if err := n.startKubelet(ctx, how); err != nil {
		t.Fatalf("starting the kubelet anew: %v", err)
	}
	cluster.Eventually(t, time.Minute, func() error {
		pods, err := n.Client.CoreV1().RESTClient().Get().AbsPath("/api/v1/nodes/" + Name + "/proxy/pods").DoRaw(t.Context())
		if err == nil && !bytes.Contains(pods, []byte(`"phase":"Running"`)) {
			err = fmt.Errorf("the kubelet knows of no pod that runs: %.300s", pods)
		}
		return err
	})
}

// startKubelet starts the kubelet and waits until the node is ready.
func (n *Node) startKubelet(ctx context.Context, how Security) error {
	config := fmt.Sprintf(kubeletConfig, n.cert, n.key, n.socket(), n.groups) + fmt.Sprintf(string(how), n.Cluster.CA)
	if err := os.WriteFile(n.file("kubelet.yaml"), []byte(config), 0o600); err != nil {
		return fmt.Errorf("writing the kubelet's configuration: %w", err)
	}
	var err error
	n.kubelet, err = cluster.Run(filepath.Join(n.kubeletDir, cluster.Kubelet), n.dir, "--config="+n.file("kubelet.yaml"),
		"--kubeconfig="+n.access.Kubeconfig, "--hostname-override="+Name, "--node-ip="+Address, "--root-dir="+n.file("kubelet"))
	if err != nil {
		return err
	}
	return n.waitFor(ctx, "the node to be ready", n.kubelet, func(ctx context.Context) error {
		conn, err := net.Dial("tcp", net.JoinHostPort(Address, "10250"))
		if err != nil {
			return err
		}
		conn.Close()
		node, err := n.Client.CoreV1().Nodes().Get(ctx, Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return fmt.Errorf("it is not: %+v", node.Status.Conditions)
	})
}

// identify gives the kubelet its certificates.
func (n *Node) identify() (err error) {
	if n.access, err = n.Cluster.User("system:node:"+Name, "system:nodes"); err != nil {
		return err
	}
	n.cert, n.key, err = n.Cluster.ServerCertificate("system:node:"+Name, Address) // no names that a stranger could learn from
	return err
}

// letIn lets the API server use the kubelet: its certificate has a group that has no rights from the start.
func (n *Node) letIn(ctx context.Context) error {
	_, err := n.Client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "kubelet-clients"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:kubelet-api-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "bartizan:kubelet-clients"}},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("letting the API server use the kubelet: %w", err)
	}
	return nil
}

// forward makes the service kubernetes lead to the API server, as kube-proxy would.
func (n *Node) forward() error {
	l, err := net.Listen("tcp", net.JoinHostPort(ServiceAddress, "443"))
	if err != nil {
		return fmt.Errorf("listening as the service kubernetes: %w", err)
	}
	server := n.Cluster.Admin().Config.Host[len("https://"):]
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				out, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				defer out.Close()
				go func() {
					_, _ = io.Copy(out, in)
					_ = out.(*net.TCPConn).CloseWrite()
				}()
				_, _ = io.Copy(in, out)
			}()
		}
	}()
	return nil
}
