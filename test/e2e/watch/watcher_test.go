package watch

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// alert is what the tests read of an alert.
type alert struct {
	Rule     string
	Title    string
	Severity string
	Identity string
	Output   string
	Subject  struct{ Kind, Namespace, Name string }
	seen     time.Time
}

// watcher is a running bartizan watch.
type watcher struct {
	name string
	cmd  *exec.Cmd

	mu     sync.Mutex
	alerts []alert
	stderr strings.Builder
}

// start runs bartizan watch until the test is over.
func start(t *testing.T, b product.Binary, name string, args ...string) *watcher {
	t.Helper()
	w := &watcher{name: name, cmd: exec.Command(string(b), append([]string{"watch", "-o", "jsonl"}, args...)...)}
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	w.cmd.Dir = t.TempDir()
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.cmd.Stderr = lockedWriter{w}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewReaderSize(out, 1<<20); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			a := alert{seen: time.Now()}
			if err := json.Unmarshal([]byte(line), &a); err != nil {
				a.Output = "not JSON: " + line
			}
			w.mu.Lock()
			w.alerts = append(w.alerts, a)
			w.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = w.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-read:
		case <-time.After(20 * time.Second):
			t.Errorf("%s does not end when asked to", name)
			_ = w.cmd.Process.Signal(syscall.SIGQUIT) // says where it stands
			<-read
		}
		err := w.cmd.Wait()
		if t.Failed() {
			t.Logf("%s ended: %v\n%s", name, err, w.stderr.String())
		}
	})
	return w
}

type lockedWriter struct{ w *watcher }

func (l lockedWriter) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.stderr.Write(p)
}

// all are the alerts up to now.
func (w *watcher) all() []alert {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]alert(nil), w.alerts...)
}

// said is what it wrote on standard error up to now.
func (w *watcher) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stderr.String()
}

// freePort is a port of the loopback address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// keys are the files of an authority, a server's certificate and a client's.
type keys struct{ ca, serverCert, serverKey, clientCert, clientKey string }

func (k keys) client() cluster.TLSFiles {
	return cluster.TLSFiles{CA: k.ca, Cert: k.clientCert, Key: k.clientKey}
}

func newKeys(t *testing.T) keys {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var authority *x509.Certificate
	var authorityKey *ecdsa.PrivateKey
	issue := func(name string, usage x509.ExtKeyUsage) (cert, key string) {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		}
		parent, signer := authority, authorityKey
		if authority == nil {
			c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage, c.IPAddresses = true, true, x509.KeyUsageCertSign, nil, nil
			parent, signer = c, k
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &k.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		if authority == nil {
			if authority, err = x509.ParseCertificate(der); err != nil {
				t.Fatal(err)
			}
			authorityKey = k
		}
		keyDER, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		return write(name+".crt", "CERTIFICATE", der), write(name+".key", "PRIVATE KEY", keyDER)
	}
	var k keys
	k.ca, _ = issue("ca", x509.ExtKeyUsageAny)
	k.serverCert, k.serverKey = issue("server", x509.ExtKeyUsageServerAuth)
	k.clientCert, k.clientKey = issue("client", x509.ExtKeyUsageClientAuth)
	return k
}
