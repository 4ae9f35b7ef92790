package hunt

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// local is a program of this machine as the rules see it.
type local struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]string `json:"metadata"`
	Version    string            `json:"version"`
	Faults     []fault           `json:"faults"`
}

const (
	kubectlTime  = 10 * time.Second
	kubectlBytes = 64 << 10
)

// readKubectl judges the version of the kubectl of this machine.
func (s *Source) readKubectl(ctx context.Context, emit func(bartizan.Item) error) error {
	if s.options.Kubectl == "" {
		return nil
	}
	version, err := kubectlVersion(ctx, s.options.Kubectl)
	if err != nil {
		return emit(missing(fmt.Sprintf("ask %s for its version: %s", plainText(s.options.Kubectl, 200), brief(err)), false))
	}
	it, err := item(local{APIVersion: apiVersion, Kind: Kubectl, Metadata: map[string]string{"name": plainText(s.options.Kubectl, 200)},
		Version: version, Faults: faultsOf(Kubectl, version)})
	if err != nil {
		return err
	}
	return emit(it)
}

// kubectlVersion asks a kubectl who it is. It gets an empty environment, so that it reads no configuration and reaches no
// cluster; even so "version --client" would not.
func kubectlVersion(ctx context.Context, program string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, kubectlTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "version", "--client", "--output=json")
	cmd.Env = []string{"HOME=/nonexistent", "KUBECONFIG=/nonexistent"}
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(out, kubectlBytes))
	_ = out.Close() // so that one that writes without end is ended
	if fault := cmd.Wait(); fault != nil {
		return "", fault
	}
	if err != nil {
		return "", err
	}
	var told struct {
		ClientVersion struct{ GitVersion string }
	}
	if err := json.Unmarshal(data, &told); err != nil {
		return "", fmt.Errorf("it answers no JSON: %w", err)
	}
	version := plainText(told.ClientVersion.GitVersion, 60)
	if _, ok := numbers(version); !ok || version == "" {
		return "", fmt.Errorf("its answer has no version")
	}
	return version, nil
}
