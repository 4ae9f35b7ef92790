package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Access is a way into a cluster as somebody.
type Access struct {
	Kubeconfig string       // the path of a kubeconfig, for programs
	Config     *rest.Config // the same for client-go, without a limit on the rate of requests
}

// Admin is access as a member of system:masters, whom nothing but admission can refuse.
func (c *Cluster) Admin() Access {
	return Access{Kubeconfig: c.admin.Kubeconfig, Config: rest.CopyConfig(c.admin.Config)}
}

// User makes access for a user of that name in those groups, with a fresh client certificate.
func (c *Cluster) User(name string, groups ...string) (Access, error) {
	path := c.layout.file(fmt.Sprintf("user-%d.kubeconfig", c.users.Add(1)))
	return c.layout.access(path, request{name: name, groups: groups})
}

// ServerCertificate makes a certificate of the cluster's authority for a server of that name at those hosts, and answers
// the files that it and its key are in.
func (c *Cluster) ServerCertificate(name string, hosts ...string) (cert, key string, err error) {
	pem, private, err := c.layout.pki.cluster.issue(request{name: name, hosts: hosts})
	if err != nil {
		return "", "", err
	}
	file := fmt.Sprintf("server-%d", c.users.Add(1))
	return c.layout.pki.path(file + ".crt"), c.layout.pki.path(file + ".key"), c.layout.pki.writePair(file, pem, private)
}

// Anonymous is access without any credentials.
func (c *Cluster) Anonymous() (Access, error) {
	path := c.layout.file(fmt.Sprintf("user-%d.kubeconfig", c.users.Add(1)))
	server := &clientcmdapi.Cluster{Server: c.Server, CertificateAuthority: c.CA}
	return Access{Kubeconfig: path, Config: rest.AnonymousClientConfig(c.admin.Config)},
		writeKubeconfig(path, server, nil)
}

// access issues a client certificate and writes it as a kubeconfig, with everything inside.
func (l layout) access(path string, who request) (Access, error) {
	cert, key, err := l.pki.cluster.issue(who)
	if err != nil {
		return Access{}, err
	}
	server := &clientcmdapi.Cluster{Server: l.serverURL(), CertificateAuthorityData: l.pki.cluster.pem}
	user := &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	if err := writeKubeconfig(path, server, user); err != nil {
		return Access{}, err
	}
	config := &rest.Config{Host: l.serverURL(), QPS: -1, Timeout: time.Minute,
		TLSClientConfig:           rest.TLSClientConfig{CAData: l.pki.cluster.pem, CertData: cert, KeyData: key},
		WarningHandlerWithContext: warningHandler{}}
	return Access{Kubeconfig: path, Config: config}, nil
}

// warnings collects what the server warns of while it answers one request; it travels in the request's context.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

type warningsKey struct{}

// warningHandler gives a warning to the collector of its request, and drops it where there is none.
type warningHandler struct{}

// HandleWarningHeaderWithContext is called by client-go for each warning in a response.
func (warningHandler) HandleWarningHeaderWithContext(ctx context.Context, _ int, _ string, text string) {
	if w, ok := ctx.Value(warningsKey{}).(*warnings); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.texts = append(w.texts, text)
	}
}
