package hunt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// Pod is where the hunt runs, when it runs in a pod.
type Pod struct {
	Root    string   // of its file system: "/"
	Environ []string // as os.Environ gives it
	Look    Lookup
}

// accountDir is where a pod finds its service account.
const accountDir = "var/run/secrets/kubernetes.io/serviceaccount"

// InPod says whether there is a service account or an API server's address, as there is in a pod.
func (p *Pod) InPod() bool {
	_, err := os.Stat(filepath.Join(p.Root, accountDir))
	return err == nil || p.env("KUBERNETES_SERVICE_HOST") != ""
}

func (p *Pod) env(name string) string {
	for _, e := range p.Environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// file reads a small file; what cannot be read is empty.
func (p *Pod) file(name string, most int64) string {
	f, err := os.Open(filepath.Join(p.Root, name))
	if err != nil {
		return ""
	}
	defer f.Close()
	data := make([]byte, most)
	n := 0
	for n < len(data) {
		k, err := f.Read(data[n:])
		n += k
		if err != nil {
			break
		}
	}
	return string(data[:n])
}

// self is the pod as the rules see it.
type self struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Metadata   map[string]string  `json:"metadata"`
	Process    *process           `json:"process,omitempty"`
	Mounts     []mount            `json:"mounts"`   // of the node's own directories
	Sockets    []string           `json:"sockets"`  // of container runtimes
	Secrets    []string           `json:"secrets"`  // files that look like mounted secrets, without the service account's
	Token      string             `json:"token"`    // where the service account's token is; empty: there is none
	Services   []string           `json:"services"` // whose addresses stand in the environment
	Names      []string           `json:"names"`    // services of the whole cluster that its DNS lists
	Answers    map[string]*Answer `json:"answers"`  // of the API server, to the token
}

// readPod looks at the pod itself, and asks the API server in its name.
func (s *Source) readPod(ctx context.Context, emit func(bartizan.Item) error) error {
	p := s.options.Pod
	if p == nil {
		return nil
	}
	me := p.self(ctx)
	err := s.askAsPod(ctx, p, me)
	it, fault := item(me)
	if fault != nil {
		return fault
	}
	s.counts.Services++
	s.failed[it.Entity.Ref] = err != nil
	if fault := emit(it); fault != nil || err == nil {
		return fault
	}
	return emit(missing("ask the API server as this pod: "+brief(err), false))
}

func (p *Pod) self(ctx context.Context) *self {
	name := p.env("HOSTNAME")
	if name == "" {
		name = "this pod"
	}
	me := &self{
		APIVersion: apiVersion, Kind: OwnPod, Metadata: map[string]string{"name": plainText(name, 253)},
		Process: readProcess(p.file("proc/self/status", 64<<10)), Mounts: p.mounts(),
		Sockets: p.sockets(), Secrets: p.secrets(), Services: p.services(), Names: []string{}, Answers: map[string]*Answer{},
	}
	if namespace := strings.TrimSpace(p.file(accountDir+"/namespace", 256)); namespace != "" {
		me.Metadata["namespace"] = plainText(namespace, 63)
	}
	if p.file(accountDir+"/token", 1) != "" {
		me.Token = "/" + accountDir + "/token"
	}
	if comm := strings.TrimSpace(p.file("proc/1/comm", 64)); me.Process != nil {
		me.Process.SeesNode = slices.Contains([]string{"systemd", "init"}, comm)
	}
	if p.Look != nil {
		me.Names = wildcard(ctx, p.Look)
	}
	return me
}

// runtimeSockets are where container runtimes listen.
var runtimeSockets = []string{
	"run/containerd/containerd.sock", "run/k3s/containerd/containerd.sock", "run/crio/crio.sock", "var/run/docker.sock",
	"run/docker.sock", "var/run/cri-dockerd.sock", "run/podman/podman.sock",
}

func (p *Pod) sockets() []string {
	found := []string{}
	for _, name := range runtimeSockets {
		if info, err := os.Stat(filepath.Join(p.Root, name)); err == nil && info.Mode()&os.ModeSocket != 0 {
			found = append(found, "/"+name)
		}
	}
	return found
}

// secrets lists the files in the usual places of secrets, by name alone.
func (p *Pod) secrets() []string {
	found := []string{}
	for _, pattern := range []string{"var/run/secrets/*", "var/run/secrets/*/*", "run/secrets/*", "etc/secrets/*", "secrets/*"} {
		names, err := filepath.Glob(filepath.Join(p.Root, pattern))
		if err != nil {
			continue
		}
		for _, name := range names {
			info, err := os.Stat(name)
			rel, fault := filepath.Rel(p.Root, name)
			if err != nil || fault != nil || info.IsDir() || strings.Contains(rel, "kubernetes.io/serviceaccount") {
				continue
			}
			found = append(found, "/"+plainText(rel, 200))
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(len(found), maxNames)]
}

// services are those whose addresses the kubelet put in the environment.
func (p *Pod) services() []string {
	found := []string{}
	for _, e := range p.Environ {
		key, _, _ := strings.Cut(e, "=")
		if name, ok := strings.CutSuffix(key, "_SERVICE_HOST"); ok {
			found = append(found, strings.ToLower(strings.ReplaceAll(plainText(name, 63), "_", "-")))
		}
	}
	slices.Sort(found)
	return found[:min(len(found), maxNames)]
}

// Server is the API server as the pod knows it.
func (p *Pod) Server() (Target, error) {
	host, port := p.env("KUBERNETES_SERVICE_HOST"), p.env("KUBERNETES_SERVICE_PORT")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return Target{}, fmt.Errorf("KUBERNETES_SERVICE_HOST is %q: no API server is known here", plainText(host, 60))
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		n = 443
	}
	return Target{Addr: addr.Unmap(), Port: uint16(n), Service: APIServer}, nil
}

// endpoint is the API server, to be asked with the pod's token; nil where there is no token. Unlike all other requests
// these carry a secret, so the server must prove by its certificate that it is the pod's own.
func (p *Pod) endpoint(dial Dialer, timeout time.Duration) (*endpoint, error) {
	token, ca := strings.TrimSpace(p.file(accountDir+"/token", 64<<10)), p.file(accountDir+"/ca.crt", 1<<20)
	if token == "" {
		return nil, nil
	}
	target, err := p.Server()
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(ca)) {
		return nil, fmt.Errorf("the token is there, but no authority in ca.crt: it was not sent anywhere")
	}
	e := newEndpoint(target, dial, timeout)
	e.tls = &tls.Config{RootCAs: roots, ServerName: target.Addr.String(), NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	e.header.Set("Authorization", "Bearer "+token)
	return e, nil
}

// askAsPod asks the API server with the pod's token.
func (s *Source) askAsPod(ctx context.Context, p *Pod, me *self) error {
	e, err := p.endpoint(s.options.Dialer, s.options.Timeout)
	if err != nil || e == nil {
		return err
	}
	defer e.close()
	err = s.askAll(ctx, e, s.asks[OwnPod], me.Answers)
	s.counts.Requests += e.sent.Load()
	return err
}
