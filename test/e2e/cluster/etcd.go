package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// EtcdAccess is the way into etcd. The files are empty for the weak profile, whose etcd asks for nothing.
type EtcdAccess struct{ URL, CA, Cert, Key string }

// etcdAccess is the access that the API server has.
func (l layout) etcdAccess() EtcdAccess {
	if l.profile == Weak {
		return EtcdAccess{URL: l.etcdURL()}
	}
	return EtcdAccess{URL: l.etcdURL(), CA: l.pki.path("etcd-ca.crt"),
		Cert: l.pki.path("apiserver-etcd-client.crt"), Key: l.pki.path("apiserver-etcd-client.key")}
}

// Get returns the raw bytes that etcd holds under a key such as /registry/secrets/default/name.
func (e EtcdAccess) Get(ctx context.Context, key string) ([]byte, error) {
	secure, err := e.TLS()
	if err != nil {
		return nil, err
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{e.URL}, TLS: secure, DialTimeout: 5 * time.Second,
		Logger: zap.NewNop()})
	if err != nil {
		return nil, fmt.Errorf("connecting to etcd at %s: %w", e.URL, err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answer, err := client.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("reading %s from etcd at %s: %w", key, e.URL, err)
	}
	if len(answer.Kvs) == 0 {
		return nil, fmt.Errorf("etcd at %s has nothing under %s", e.URL, key)
	}
	return answer.Kvs[0].Value, nil
}

// TLS is the same access for a client of whatever protocol; nil where etcd speaks in clear.
func (e EtcdAccess) TLS() (*tls.Config, error) {
	if e.CA == "" {
		return nil, nil
	}
	ca, err := os.ReadFile(e.CA)
	if err != nil {
		return nil, fmt.Errorf("reading the authority of etcd: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("no certificate in %s, the authority of etcd", e.CA)
	}
	config := &tls.Config{RootCAs: roots}
	if e.Cert == "" {
		return config, nil
	}
	cert, err := tls.LoadX509KeyPair(e.Cert, e.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the client certificate for etcd: %w", err)
	}
	config.Certificates = []tls.Certificate{cert}
	return config, nil
}
