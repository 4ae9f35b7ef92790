package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/gobuild"
)

// Where the node and the API server are, inside of the namespaces that [Main] makes.
const (
	Name           = "node-1"
	Address        = "10.231.0.11"
	ServiceAddress = "10.96.0.1" // of the service kubernetes
	podNetwork     = "10.244.0.0/24"
)

// WorkImage is the image of pods that have nothing to do but to be there: /pod waits, and /bartizan is the product.
const WorkImage = "bartizan.test/work:1"

// patience is how long a node may take to be ready: far more than it needs, for a loaded machine.
const patience = 2 * time.Minute

// Node is a running node.
type Node struct {
	Cluster *cluster.Cluster
	Client  *kubernetes.Clientset // an administrator's

	dir              string
	kubeletDir       string
	groups           string
	runtime, kubelet *cluster.Component
	access           cluster.Access // the kubelet's
	cert, key        string         // the kubelet's as a server
}

// Options are what a control plane needs for a node of this package.
func Options() []cluster.Option {
	return []cluster.Option{
		cluster.WithControllerManager(), cluster.WithAuditLog(),
		cluster.WithFlags("--bind-address=0.0.0.0", "--advertise-address="+Address, "--kubelet-preferred-address-types=InternalIP"),
	}
}

// Start starts a node of a control plane that was started with [Options], with a hardened kubelet. product is the program
// that [WorkImage] has beside its own. A test binary has one node: its addresses are taken until the namespaces end.
func Start(t testing.TB, c *cluster.Cluster, product string) *Node {
	t.Helper()
	n := &Node{Cluster: c, kubeletDir: os.Getenv(kubeletVariable), groups: os.Getenv(cgroupVariable)}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.start(ctx, product); err != nil {
		t.Fatalf("starting a node: %v", err)
	}
	t.Cleanup(n.stop)
	return n
}

// Needed ends a test where there can be no node, with the reason. It has to be called before anything else.
func Needed(t testing.TB) {
	t.Helper()
	if os.Getenv(stageVariable) == "inside" {
		return
	}
	reason := os.Getenv(reasonVariable)
	if reason == "" {
		reason = "TestMain does not call node.Main"
	}
	gobuild.CannotRun(t, "%s", reason)
}

func (n *Node) file(name string) string { return filepath.Join(n.dir, name) }

func (n *Node) start(ctx context.Context, product string) (err error) {
	// What is in /run is in memory, and gone with the namespaces.
	if n.dir, err = os.MkdirTemp("/run", "node-"); err != nil {
		return fmt.Errorf("making the directory of the node: %w", err)
	}
	defer func() {
		if err != nil {
			n.stop()
		}
	}()
	if n.Client, err = kubernetes.NewForConfig(n.Cluster.Admin().Config); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	pod := n.file("pod")
	env, err := gobuild.Look(ctx)
	if err != nil {
		return err
	}
	program := gobuild.Program{Dir: env.Module(), Package: "./cmd/pod", Linker: "-s -w", Static: true, Output: pod}
	if err := program.Build(ctx); err != nil {
		return err
	}
	images := []Image{{sandboxImage, []string{pod}}, {WorkImage, []string{pod, product}}}
	if err := n.startRuntime(ctx, images); err != nil {
		return err
	}
	if err := n.forward(); err != nil {
		return err
	}
	if err := n.letIn(ctx); err != nil {
		return err
	}
	if err := n.identify(); err != nil {
		return err
	}
	return n.startKubelet(ctx, Hardened)
}

// stop ends what was started; the pods end with the namespaces.
func (n *Node) stop() {
	for _, c := range []*cluster.Component{n.kubelet, n.runtime} {
		if c != nil {
			c.Kill()
		}
	}
}

// waitFor waits until done answers nil, or gives up with the log of the component waited for.
func (n *Node) waitFor(ctx context.Context, what string, on *cluster.Component, done func(context.Context) error) error {
	for {
		err := done(ctx)
		if err == nil {
			return nil
		}
		if ended := on.Ended(); ended != nil {
			return ended
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; last answer: %w; the end of its log:\n%s", what, ctx.Err(), err, on.Tail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Run starts a pod on the node, and waits until it is ready.
func (n *Node) Run(t testing.TB, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	pod = pod.DeepCopy()
	pod.Spec.NodeName = Name // there is no scheduler
	made, err := n.Client.CoreV1().Pods(pod.Namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("making the pod %s: %v", pod.Name, err)
	}
	cluster.Eventually(t, time.Minute, func() error {
		made, err = n.Client.CoreV1().Pods(made.Namespace).Get(t.Context(), made.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range made.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return fmt.Errorf("the pod %s is not ready: %+v; the end of the kubelet's log:\n%s", made.Name, made.Status, n.kubelet.Tail())
	})
	return made
}
