package audit

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// certify makes an authority, and a certificate of it for a server and one for a client.
func certify(t testing.TB) (dir string, client tls.Certificate, pool *x509.CertPool) {
	t.Helper()
	dir = t.TempDir()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caKey := sign(t, dir, "ca", ca, ca, nil)
	leaf := func(name string, usage x509.ExtKeyUsage) tls.Certificate {
		c := &x509.Certificate{
			SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{usage},
		}
		sign(t, dir, name, c, ca, caKey)
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	leaf("server", x509.ExtKeyUsageServerAuth)
	client = leaf("client", x509.ExtKeyUsageClientAuth)
	text, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return dir, client, pool
}

func sign(t testing.TB, dir, name string, c, by *x509.Certificate, byKey *ecdsa.PrivateKey) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if byKey == nil {
		byKey = key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, byKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".crt": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

// drain reads what a spool holds until it has so many records.
func drain(t testing.TB, s *Spool, from *Position, want int) (ids, gaps []string, at Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var words event.Text
	err := s.Read(ctx, from, func(b *Batch) error {
		for i := range b.Records {
			ids = append(ids, strings.Clone(words.Of(b.Records[i].Get(event.AuditID))))
		}
		for _, g := range b.Gaps {
			gaps = append(gaps, g.Reason)
		}
		at = b.Position(len(b.Records))
		if b.CaughtUp && len(ids) >= want {
			cancel()
		}
		b.Release()
		return nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return ids, gaps, at
}

func eventList(from, to int) []byte {
	var items []string
	for i := from; i < to; i++ {
		items = append(items, numbered(i))
	}
	return []byte(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[` + strings.Join(items, ",") + `]}`)
}

// TestWebhook: what was answered with 200 is in the spool, over TLS with client certificates, and survives.
func TestWebhook(t *testing.T) {
	dir, cert, pool := certify(t)
	spoolDir := filepath.Join(dir, "spool")
	spool, err := OpenSpool(spoolDir, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &Webhook{Spool: spool, Cert: filepath.Join(dir, "server.crt"), Key: filepath.Join(dir, "server.key"), ClientCA: filepath.Join(dir, "ca.crt")}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, listener) }()
	url := "https://" + listener.Addr().String()
	known := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}}}}
	stranger := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	if _, err := stranger.Post(url+"/cp-1", "application/json", bytes.NewReader(eventList(0, 1))); err == nil {
		t.Error("a client without a certificate was served")
	}
	var group sync.WaitGroup
	for i := range 40 {
		group.Add(1)
		go func() {
			defer group.Done()
			for { // as an API server does
				answer, err := known.Post(fmt.Sprintf("%s/cp-%d", url, i%3), "application/json", bytes.NewReader(eventList(10*i, 10*i+10)))
				if err != nil {
					t.Error(err)
					return
				}
				_ = answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					return
				}
				if answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
					t.Errorf("status %d", answer.StatusCode)
					return
				}
			}
		}()
	}
	group.Wait()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(eventList(400, 410))
	_ = z.Close()
	for _, c := range []struct {
		method, path, encoding string
		body                   []byte
		want                   int
	}{
		{"POST", "/cp-1", "gzip", zipped.Bytes(), 200},
		{"POST", "/cp-1", "gzip", []byte("no gzip"), 400},
		{"POST", "/cp-1", "br", []byte("{}"), 415},
		{"POST", "/", "", []byte("hello"), 400},
		{"POST", "/a/../b/c", "", eventList(0, 1), 404},
		{"GET", "/", "", nil, 405},
		{"POST", "/", "", eventList(410, 411), 200},
	} {
		in, err := http.NewRequest(c.method, url+c.path, bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		in.Header.Set("Content-Encoding", c.encoding)
		answer, err := known.Do(in)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("%s %s %s: status %d, want %d", c.method, c.path, c.encoding, answer.StatusCode, c.want)
		}
	}
	ids, gaps, at := drain(t, spool, nil, 411)
	if distinct := slices.Compact(slices.Sorted(slices.Values(ids))); len(ids) != 411 || len(distinct) != 411 || len(gaps) > 0 {
		t.Errorf("%d records, %d distinct, gaps %q", len(ids), len(distinct), gaps)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	spool.Close()
	if spool, err = OpenSpool(spoolDir, 0, &at); err != nil {
		t.Fatal(err)
	}
	defer spool.Close()
	if ids, _, _ := drain(t, spool, nil, 411); len(ids) != 411 {
		t.Errorf("%d records after the restart", len(ids))
	}
	if ids, _, _ := drain(t, spool, &at, 0); len(ids) != 0 {
		t.Errorf("%d records behind the end", len(ids))
	}
	spool.Done(Position{Segment: at.Segment + 1})
	if spool.Bytes() > 64 {
		t.Errorf("%d bytes are kept of what is done", spool.Bytes())
	}
}

// TestSpoolBehind: a full spool takes nothing until something is done, and a position within a frame is kept.
func TestSpoolBehind(t *testing.T) {
	s, err := OpenSpool(t.TempDir(), 40_000, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := 0
	for ; err == nil; n += 10 {
		err = s.Append(context.Background(), "a", eventList(n, n+10))
	}
	if n -= 10; !errors.Is(err, ErrBehind) || n < 100 {
		t.Fatalf("%v after %d records", err, n)
	}
	ids, _, at := drain(t, s, nil, n)
	if len(ids) != n || ids[n-1] != fmt.Sprintf("id-%d", n-1) {
		t.Fatalf("%d records of %d", len(ids), n)
	}
	s.Done(at)
	if err := s.Append(context.Background(), "a", eventList(n, n+10)); err != nil {
		t.Fatal(err)
	}
	var within Position
	_ = s.Read(context.Background(), &at, func(b *Batch) error {
		if len(b.Records) == 10 {
			within = b.Position(4)
			return errors.New("enough")
		}
		return nil
	})
	if ids, _, _ = drain(t, s, &within, 6); len(ids) != 6 || ids[0] != fmt.Sprintf("id-%d", n+4) {
		t.Fatalf("within a frame: %q", ids)
	}
}

// TestSpoolDamage: what is damaged is told, and what is behind it is read.
func TestSpoolDamage(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenSpool(dir, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if err := s.Append(context.Background(), "a", eventList(10*i, 10*i+10)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	file := filepath.Join(dir, "000000000001.spool")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	frame := (len(text) - len(segmentMark)) / 5
	text[len(segmentMark)+frame+frame/2] ^= 1
	if err := os.WriteFile(file, text[:len(text)-3], 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenSpool(dir, 0, nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ids, gaps, _ := drain(t, s, nil, 30)
	if len(ids) != 30 || len(gaps) != 2 || !strings.Contains(gaps[0], "damaged") || !strings.Contains(gaps[1], "not acknowledged") {
		t.Errorf("%d records, gaps %q", len(ids), gaps)
	}
}

// FuzzSpool: whatever a segment holds, reading ends, and a whole frame behind it is found.
func FuzzSpool(f *testing.F) {
	f.Add([]byte{}, true)
	f.Add(appendFrame(nil, "a", eventList(1, 3)), true)
	f.Add(appendFrame([]byte("rubbish"), "a", []byte("{}")), false)
	f.Add([]byte(frameMark+"\x00\x00\x00\x05abcdefgh"), true)
	f.Fuzz(func(t *testing.T, text []byte, marked bool) {
		dir := t.TempDir()
		if marked {
			text = append([]byte(segmentMark), text...)
		}
		text = appendFrame(text, "z", []byte(numbered(7)))
		if err := os.WriteFile(filepath.Join(dir, "000000000003.spool"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenSpool(dir, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ids, _, _ := drain(t, s, nil, 0)
		if marked && (len(ids) == 0 || ids[len(ids)-1] != "id-7") {
			t.Fatalf("the last frame was not read: %q", ids)
		}
	})
}
