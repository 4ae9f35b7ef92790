package hunt

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	cadvisor "github.com/google/cadvisor/info/v1"
	cadvisorv2 "github.com/google/cadvisor/info/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/component-base/configz"
	statsapi "k8s.io/kubelet/pkg/apis/stats/v1alpha1"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	kubeletserver "k8s.io/kubernetes/pkg/kubelet/server"
	"k8s.io/kubernetes/pkg/kubelet/server/stats"
)

// node is the host of a kubelet's server: one pod, which runs nowhere. What the hunt must not ask for is not there, and
// its use would end the request.
type node struct {
	kubeletserver.HostInterface
	ran chan string // the commands that somebody had run
}

func (n node) pod() *corev1.Pod {
	yes := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "proxy", UID: "1"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "main", Image: "example.org/proxy", SecurityContext: &corev1.SecurityContext{Privileged: &yes},
			Env: []corev1.EnvVar{{Name: "DB_PASSWORD", Value: "hunter2-is-secret"}},
		}}},
	}
}

func (n node) GetPods() []*corev1.Pod { return []*corev1.Pod{n.pod()} }

func (n node) GetRunningPods(context.Context) ([]*corev1.Pod, error) { return n.GetPods(), nil }

func (n node) GetPodByName(namespace, name string) (*corev1.Pod, bool) {
	return n.pod(), namespace == "kube-system" && name == "proxy"
}

func (n node) RunInContainer(_ context.Context, _ string, _ types.UID, _ string, cmd []string) ([]byte, error) {
	n.ran <- strings.Join(cmd, " ")
	return []byte("uid=0(root) gid=0(root)"), nil
}

func (n node) GetKubeletContainerLogs(_ context.Context, _, _ string, _ *corev1.PodLogOptions, out, _ io.Writer) error {
	_, err := io.WriteString(out, "a line of the log\n")
	return err
}

func (n node) ServeLogs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, `<pre><a href="audit.log">audit.log</a></pre>`)
}

func (n node) SyncLoopHealthCheck(*http.Request) error { return nil }

func (n node) GetVersionInfo() (*cadvisor.VersionInfo, error) { return &cadvisor.VersionInfo{}, nil }

func (n node) GetCachedMachineInfo() (*cadvisor.MachineInfo, error) {
	return &cadvisor.MachineInfo{}, nil
}

func (n node) GetRequestedContainersInfo(string, cadvisorv2.RequestOptions) (map[string]*cadvisor.ContainerInfo, error) {
	return nil, nil
}

// analyzer is the kubelet's source of numbers.
type analyzer struct{ stats.ResourceAnalyzer }

func (analyzer) Get(context.Context, bool) (*statsapi.Summary, error) {
	return &statsapi.Summary{Node: statsapi.NodeStats{NodeName: "node-1"}}, nil
}

func (analyzer) GetCPUAndMemoryStats(context.Context) (*statsapi.Summary, error) {
	return &statsapi.Summary{Node: statsapi.NodeStats{NodeName: "node-1"}}, nil
}

// auth authenticates strangers as anonymous, or nobody, and lets them do everything or nothing.
func auth(open bool) kubeletserver.AuthInterface {
	who := authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
		return &authenticator.Response{User: &user.DefaultInfo{Name: user.Anonymous, Groups: []string{user.AllUnauthenticated}}}, open, nil
	})
	var may authorizer.Authorizer = authorizerfactory.NewAlwaysDenyAuthorizer()
	if open {
		may = authorizerfactory.NewAlwaysAllowAuthorizer()
	}
	return kubeletserver.NewKubeletAuth(who, kubeletserver.NewNodeAuthorizerAttributesGetter("node-1"), may, nil)
}

// startKubelet serves what a kubelet serves, and answers its address and the commands that are run.
func startKubelet(t *testing.T, open, readOnly bool) (string, chan string) {
	t.Helper()
	config := &kubeletconfig.KubeletConfiguration{
		EnableDebuggingHandlers: true, EnableSystemLogHandler: open, EnableProfilingHandler: open, EnableDebugFlagsHandler: open,
	}
	if open && !readOnly { // the kubelet itself does this when it starts
		c, err := configz.New("kubeletconfig")
		if err != nil {
			t.Fatal(err)
		}
		c.Set(config)
		t.Cleanup(func() { configz.Delete("kubeletconfig") })
	}
	var authn kubeletserver.AuthInterface
	if readOnly {
		config = nil
	} else {
		authn = auth(open)
	}
	ran := make(chan string, 100)
	handler := kubeletserver.NewServer(t.Context(), node{ran: ran}, analyzer{}, nil, nil, authn, config)
	server := httptest.NewUnstartedServer(&handler)
	if readOnly {
		server.Start()
	} else {
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), ran
}

// TestKubelet hunts the kubelet's own server: wide open, closed, and on the read-only port.
func TestKubelet(t *testing.T) {
	open, ran := startKubelet(t, true, false)
	readOnly, _ := startKubelet(t, true, true)
	shut, _ := startKubelet(t, false, false)
	d, text := hunted(t, 1, "kubelet="+open)
	want := []string{
		"hunt-kubelet-attach", "hunt-kubelet-configz", "hunt-kubelet-container-logs", "hunt-kubelet-exec", "hunt-kubelet-health",
		"hunt-kubelet-metrics", "hunt-kubelet-pods", "hunt-kubelet-port-forward", "hunt-kubelet-privileged", "hunt-kubelet-profiling",
		"hunt-kubelet-run", "hunt-kubelet-running", "hunt-kubelet-system-logs",
	}
	if got := d.rules(); !slices.Equal(got, want) {
		t.Errorf("findings at an open kubelet %q,\nwant %q\n%v", got, want, d.Gaps)
	}
	if strings.Contains(string(text), "hunter2") {
		t.Error("a password of a pod is shown")
	}
	if len(ran) > 0 {
		t.Errorf("a command was run: %q", <-ran)
	}
	d, _ = hunted(t, 1, "kubeletreadonly="+readOnly)
	want = []string{"hunt-kubelet-metrics", "hunt-kubelet-pods", "hunt-kubelet-privileged", "hunt-kubelet-read-only"}
	if got := d.rules(); !slices.Equal(got, want) {
		t.Errorf("findings at a read-only port %q,\nwant %q\n%v", got, want, d.Gaps)
	}
	if d, _ := hunted(t, 0, "kubelet="+shut); len(d.Findings)+len(d.Gaps) > 0 {
		t.Errorf("findings at a closed kubelet %+v, gaps %v; want none", d.Findings, d.Gaps)
	}
}
