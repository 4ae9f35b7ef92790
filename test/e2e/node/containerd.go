package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// sandboxImage is what holds a pod's namespaces open.
const sandboxImage = "bartizan.test/pause:1"

// runtimeConfig is for containerd 1.6 and later of the first line. Root of a container may not lower what the kernel's
// killer thinks of a process, and the namespaces of pods must not be mounted where others look.
const runtimeConfig = `version = 2
root = "%[1]s/root"
state = "%[1]s/state"
[grpc]
  address = "%[2]s"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "%[3]s"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "%[4]s"
  conf_dir = "%[1]s/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`

// networkConfig gives pods addresses of the node's network, on a bridge; nothing leads out of it.
const networkConfig = `{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"bridge","bridge":"pods0","isGateway":true,` +
	`"hairpinMode":true,"ipam":{"type":"host-local","dataDir":"%s","ranges":[[{"subnet":"%s"}]],"routes":[{"dst":"0.0.0.0/0"}]}}]}`

// startRuntime starts containerd and gives it the images.
func (n *Node) startRuntime(ctx context.Context, images []Image) error {
	if err := os.MkdirAll(n.file("cni"), 0o700); err != nil {
		return fmt.Errorf("making the directory of the pods' network: %w", err)
	}
	files := map[string]string{
		"containerd.toml":   fmt.Sprintf(runtimeConfig, n.dir, n.socket(), sandboxImage, plugins),
		"cni/pods.conflist": fmt.Sprintf(networkConfig, n.file("addresses"), podNetwork),
	}
	for name, text := range files {
		if err := os.WriteFile(n.file(name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("writing the runtime's configuration: %w", err)
		}
	}
	var err error
	if n.runtime, err = cluster.Run("/usr/bin/containerd", n.dir, "--config", n.file("containerd.toml")); err != nil {
		return err
	}
	if err := n.waitFor(ctx, "containerd to answer", n.runtime, func(ctx context.Context) error {
		return n.ctr(ctx, "version")
	}); err != nil {
		return err
	}
	for _, image := range images {
		file := n.file(filepath.Base(strings.ReplaceAll(image.Name, ":", "-")) + ".tar")
		if err := image.write(file); err != nil {
			return err
		}
		if err := n.ctr(ctx, "images", "import", file); err != nil {
			return err
		}
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("removing an image that was imported: %w", err)
		}
	}
	return nil
}

func (n *Node) socket() string { return n.file("containerd.sock") }

// ctr runs containerd's own client.
func (n *Node) ctr(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	all := append([]string{"--address", n.socket(), "--namespace", "k8s.io"}, args...)
	if out, err := exec.CommandContext(ctx, "ctr", all...).CombinedOutput(); err != nil {
		return fmt.Errorf("ctr %q: %w: %.500s", args, err, out)
	}
	return nil
}
