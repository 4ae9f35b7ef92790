package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is a certificate authority together with its private key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

// request is what a certificate is asked for with. One with hosts is for a server, one for a client otherwise;
// etcd uses its own both ways.
type request struct {
	name   string
	groups []string
	hosts  []string
	both   bool
}

// newAuthority makes an authority, self-signed.
func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of %s: %w", name, err)
	}
	template, err := template(name, 365*24*time.Hour)
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the authority %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading back the authority %s: %w", name, err)
	}
	return &authority{cert: cert, key: key, pem: encode("CERTIFICATE", der)}, nil
}

// issue signs a certificate and returns it and its new key in PEM.
func (a *authority) issue(r request) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key for %q: %w", r.name, err)
	}
	template, err := template(r.name, 90*24*time.Hour)
	if err != nil {
		return nil, nil, err
	}
	template.Subject.Organization = r.groups
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if len(r.hosts) > 0 || r.both {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if len(r.hosts) == 0 || r.both {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	for _, host := range r.hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("signing a certificate for %q by %s: %w", r.name, a.cert.Subject.CommonName, err)
	}
	key, err = encodeKey(private)
	return encode("CERTIFICATE", der), key, err
}

// pki is all key material of a cluster, kept in one directory.
type pki struct {
	dir                       string
	cluster, etcd, frontProxy *authority
}

// path is where the file of that name is.
func (p *pki) path(name string) string { return filepath.Join(p.dir, name) }

// newPKI makes three separate authorities and writes what the servers need: certificates, the service-account keys
// and the encryption key of the API server's storage.
func newPKI(dir string) (*pki, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of the keys: %w", err)
	}
	p := &pki{dir: dir}
	for name, to := range map[string]**authority{"ca": &p.cluster, "etcd-ca": &p.etcd, "front-proxy-ca": &p.frontProxy} {
		made, err := newAuthority(name)
		if err != nil {
			return nil, err
		}
		*to = made
		key, err := encodeKey(made.key)
		if err != nil {
			return nil, err
		}
		if err := p.writePair(name, made.pem, key); err != nil {
			return nil, err
		}
	}
	return p, errors.Join(p.writeLeaves(), p.writeServiceAccountKeys())
}

// writeLeaves issues the certificates of the servers, and of the API server as a client.
func (p *pki) writeLeaves() error {
	local := []string{"localhost", "127.0.0.1"}
	service := append([]string{"kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local", "10.96.0.1"}, local...)
	leaves := []struct {
		file   string
		signer *authority
		request
	}{
		{"etcd-server", p.etcd, request{name: "etcd", hosts: local, both: true}},
		{"etcd-peer", p.etcd, request{name: "etcd-peer", hosts: local, both: true}},
		{"apiserver-etcd-client", p.etcd, request{name: "kube-apiserver-etcd-client"}},
		{"apiserver", p.cluster, request{name: "kube-apiserver", hosts: service}},
		{"apiserver-kubelet-client", p.cluster, request{name: "kube-apiserver-kubelet-client",
			groups: []string{"bartizan:kubelet-clients"}}},
		{"controller-manager", p.cluster, request{name: ControllerManager, hosts: local}},
		{"front-proxy-client", p.frontProxy, request{name: "front-proxy-client"}},
	}
	for _, leaf := range leaves {
		cert, key, err := leaf.signer.issue(leaf.request)
		if err != nil {
			return err
		}
		if err := p.writePair(leaf.file, cert, key); err != nil {
			return err
		}
	}
	return nil
}

// writeServiceAccountKeys makes the key pair that signs and verifies service-account tokens.
func (p *pki) writeServiceAccountKeys() error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the key of the service accounts: %w", err)
	}
	key, err := encodeKey(private)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return fmt.Errorf("encoding the public key of the service accounts: %w", err)
	}
	return errors.Join(writeFile(p.path("sa.key"), key), writeFile(p.path("sa.pub"), encode("PUBLIC KEY", public)))
}

// writePair writes name.crt and name.key.
func (p *pki) writePair(name string, cert, key []byte) error {
	return errors.Join(writeFile(p.path(name+".crt"), cert), writeFile(p.path(name+".key"), key))
}

// template is the part that all certificates share.
func template(name string, life time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, fmt.Errorf("making a serial number for %q: %w", name, err)
	}
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(life)}, nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a private key: %w", err)
	}
	return encode("PRIVATE KEY", der), nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writeFile writes a file that only its owner may read.
func writeFile(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("writing a file of the cluster: %w", err)
	}
	return nil
}
