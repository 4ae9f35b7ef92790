package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key = (*authority)(nil).sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// sign makes a certificate and its key; a nil authority signs it with that key itself.
func (a *authority) sign(t *testing.T, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := c, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func writePEM(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// output collects what a command writes while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// TestWatchWebhookTLS: the command takes events from a client with a certificate of --client-ca; one without, and one with a
// certificate of somebody else, are refused before they can send anything.
func TestWatchWebhookTLS(t *testing.T) {
	dir := t.TempDir()
	servers, clients, strangers := newAuthority(t, "servers"), newAuthority(t, "clients"), newAuthority(t, "strangers")
	server, key := servers.sign(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "tls.crt"), "CERTIFICATE", server.Raw)
	writePEM(t, filepath.Join(dir, "tls.key"), "EC PRIVATE KEY", der)
	writePEM(t, filepath.Join(dir, "ca.crt"), "CERTIFICATE", clients.cert.Raw)

	var stderr, stdout output
	cmd := newRoot()
	cmd.SetArgs([]string{"watch", "--audit-webhook", "127.0.0.1:0", "--tls-cert", filepath.Join(dir, "tls.crt"), "--tls-key", filepath.Join(dir, "tls.key"),
		"--client-ca", filepath.Join(dir, "ca.crt"), "--state", filepath.Join(dir, "state"), "-o", "jsonl"})
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	var url string
	for deadline := time.Now().Add(30 * time.Second); url == ""; time.Sleep(10 * time.Millisecond) {
		if m := regexp.MustCompile(`receiving audit events on (\S+)`).FindStringSubmatch(stderr.String()); m != nil {
			url = "https://" + m[1] + "/cp-1"
		} else if time.Now().After(deadline) {
			t.Fatalf("it does not listen: %s", stderr.String())
		}
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(servers.cert)
	post := func(by *authority, id string) (int, error) {
		config := &tls.Config{RootCAs: trusted}
		if by != nil {
			cert, key := by.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "kube-apiserver"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
			// GetClientCertificate sends it whatever authorities the server names.
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return &tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}, nil
			}
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: 20 * time.Second}
		answer, err := client.Post(url, "application/json", strings.NewReader(`{"kind":"EventList","items":[{"level":"Metadata","auditID":"`+id+`","stage":"ResponseComplete","verb":"create","requestURI":"/x",`+
			`"user":{"username":"dev"},"objectRef":{"resource":"pods","subresource":"exec","namespace":"kube-system","name":"`+id+`"},"responseStatus":{"code":101},"stageTimestamp":"`+time.Now().UTC().Format(time.RFC3339Nano)+`"}]}`))
		if err != nil {
			return 0, err
		}
		defer answer.Body.Close() //nolint:errcheck // it was only read
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode, nil
	}
	if code, err := post(nil, "nobody"); err == nil {
		t.Errorf("without a certificate: status %d", code)
	}
	if code, err := post(strangers, "stranger"); err == nil {
		t.Errorf("with a certificate of another authority: status %d", code)
	}
	if code, err := post(clients, "known"); err != nil || code != http.StatusOK {
		t.Errorf("with a certificate: status %d, %v", code, err)
	}
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(stdout.String(), "known"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no alert: %s%s", stdout.String(), stderr.String())
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the end: %v", err)
	}
	if out := stdout.String(); strings.Contains(out, "nobody") || strings.Contains(out, "stranger") {
		t.Errorf("events of strangers were judged: %s", out)
	}
}
