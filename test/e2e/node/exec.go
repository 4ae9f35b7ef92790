package node

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	clientexec "k8s.io/client-go/util/exec"
)

// Exec runs a command in the first container of a pod, through the API server and the kubelet.
func (n *Node) Exec(t testing.TB, pod *corev1.Pod, command ...string) (stdout, stderr []byte, code int) {
	t.Helper()
	request := n.Client.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	executor, err := remotecommand.NewWebSocketExecutor(n.Cluster.Admin().Config, "GET", request.URL().String())
	if err != nil {
		t.Fatal(err)
	}
	var out, told bytes.Buffer
	err = executor.StreamWithContext(t.Context(), remotecommand.StreamOptions{Stdout: &out, Stderr: &told})
	if exit := (clientexec.CodeExitError{}); errors.As(err, &exit) {
		return out.Bytes(), told.Bytes(), exit.Code
	}
	if err != nil {
		t.Fatal(fmt.Errorf("running %q in %s: %w\n%s", command, pod.Name, err, told.Bytes()))
	}
	return out.Bytes(), told.Bytes(), 0
}
