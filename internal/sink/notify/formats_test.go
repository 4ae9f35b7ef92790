package notify

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/alert"
)

// TestAlertmanager checks what an Alertmanager gets, that it is told again, and that an incident that has ended ends.
func TestAlertmanager(t *testing.T) {
	first, second := receive(t, nil), receive(t, func(_ int, _ []byte, w http.ResponseWriter) { w.WriteHeader(500) })
	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	one, _ := os.ReadFile(ca(t, first.Server))
	two, _ := os.ReadFile(ca(t, second.Server))
	if err := os.WriteFile(bundle, append(one, two...), 0o600); err != nil {
		t.Fatal(err)
	}
	o, _ := opened(t, fmt.Sprintf("outputs:\n- name: am\n  type: alertmanager\n  url: %s/prefix\n  replicas: [%s]\n  resend: 1s\n  labels: {cluster: west}\n  tls: {ca: %s}\n  "+quick, first.URL, second.URL, bundle))
	shown := sample(t)
	write(t, o, shown)
	for end := time.Now().Add(5 * time.Second); first.got() < 2 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	if err := closed(t, o, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if first.got() < 2 || second.got() < 2 || first.paths[0] != "/prefix/api/v2/alerts" {
		t.Fatalf("%d posts, %d to the replica, path %s", first.got(), second.got(), first.paths[0])
	}
	var alerts, again []amAlert
	if err := json.Unmarshal(first.bodies[0], &alerts); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(first.bodies[1], &again); err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	keys := map[string]bool{}
	incidents := 0
	for _, a := range alerts {
		for name, value := range a.Labels {
			if !names.MatchString(name) || value == "" {
				t.Errorf("label %q=%q", name, value)
			}
		}
		starts, err := time.Parse(time.RFC3339, a.StartsAt)
		ends, err2 := time.Parse(time.RFC3339, a.EndsAt)
		if err != nil || err2 != nil || !starts.Before(ends) || a.Labels["alertname"] == "" || a.Labels["cluster"] != "west" || a.Annotations["summary"] == "" {
			t.Errorf("%+v", a)
		}
		if keys[labelKey(a.Labels)] {
			t.Errorf("twice: %v", a.Labels)
		}
		keys[labelKey(a.Labels)] = true
		if a.Labels["incident"] != "" {
			incidents++
			if ends.After(time.Now().Add(time.Second)) {
				t.Errorf("the incident has ended, and is active until %s", ends)
			}
		}
	}
	if incidents != 1 || len(again) != len(alerts)-1 {
		t.Errorf("%d incidents, %d alerts, %d told again", incidents, len(alerts), len(again))
	}
}

// TestOTLP checks the form of log records, and that a partial success is counted and not sent again.
func TestOTLP(t *testing.T) {
	server := receive(t, func(_ int, _ []byte, w http.ResponseWriter) {
		fmt.Fprint(w, `{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}`)
	})
	o, told := opened(t, fmt.Sprintf("outputs:\n- name: otel\n  type: otlp\n  url: %s/v1/logs\n  tls: {ca: %s}\n  "+quick, server.URL, ca(t, server.Server)))
	shown := sample(t)
	write(t, o, shown)
	if err := closed(t, o, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	st := o.Status()[0]
	if server.got() != 1 || st.Refused != 2 || st.Delivered != len(shown)-2 || !strings.Contains(told.String(), "rejected 2 of") {
		t.Fatalf("%d posts, %+v, %s", server.got(), st, told)
	}
	var d otlpDocument
	if err := json.Unmarshal(server.bodies[0], &d); err != nil {
		t.Fatal(err)
	}
	r := d.Resources[0].Scopes[0].Records
	if len(r) != len(shown) || r[0].Time != strconv.FormatInt(shown[0].Time().UnixNano(), 10) || r[1].SeverityNumber != 21 || r[1].EventName != "bartizan.alert" {
		t.Errorf("%+v", r[1])
	}
	p := &place{hostname: "node-1", version: "1.2.3", now: func() time.Time { return evening.Add(time.Hour) }}
	text, err := json.MarshalIndent((&otlp{place: p, service: "bartizan"}).document(shown[1:2]), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "otlp.json", append(text, '\n'))
}

// TestSyslog sends over every sort of connection; the stream ones are cut between two writes.
func TestSyslog(t *testing.T) {
	shown := sample(t)
	dir := t.TempDir()
	cert, caFile := certificate(t, dir)
	for _, network := range []string{"unix", "udp", "tcp", "tls"} {
		got, cut := &gathered{}, (chan struct{})(nil)
		address, extra := filepath.Join(dir, "log"), ""
		switch network {
		case "unix", "udp":
			name := map[string]string{"unix": "unixgram", "udp": "udp"}[network]
			if network == "udp" {
				address = "127.0.0.1:0"
			}
			c, err := net.ListenPacket(name, address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			address = c.LocalAddr().String()
			go func() {
				buffer := make([]byte, 64<<10)
				for {
					n, _, err := c.ReadFrom(buffer)
					if err != nil {
						return
					}
					got.add(string(buffer[:n]))
				}
			}()
		default:
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address = l.Addr().String()
			if network == "tls" {
				l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert})
				extra = fmt.Sprintf("  tls: {ca: %s, cert: %s, key: %s}\n", caFile, caFile, filepath.Join(dir, "key.pem"))
			}
			defer l.Close()
			cut = make(chan struct{})
			go frames(l, got, 3, cut)
		}
		o, told := opened(t, fmt.Sprintf("outputs:\n- name: log\n  type: syslog\n  network: %s\n  address: %q\n%s  %s", network, address, extra, quick))
		write(t, o, shown[:3])
		for end := time.Now().Add(5 * time.Second); got.n() < 3 && time.Now().Before(end); {
			time.Sleep(2 * time.Millisecond)
		}
		if cut != nil {
			select {
			case <-cut:
			case <-time.After(5 * time.Second):
				t.Fatalf("%s: the connection was not cut", network)
			}
			time.Sleep(10 * time.Millisecond) // until the end has come through
		}
		write(t, o, shown[3:])
		if err := closed(t, o, 5*time.Second); err != nil {
			t.Fatalf("%s: %v\n%s", network, err, told)
		}
		for end := time.Now().Add(5 * time.Second); got.n() < len(shown) && time.Now().Before(end); {
			time.Sleep(2 * time.Millisecond)
		}
		if got.n() != len(shown) {
			t.Fatalf("%s: %d of %d messages\n%s", network, got.n(), len(shown), told)
		}
		form := regexp.MustCompile(`^<(\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S{1,255} bartizan \d+ (alert|summary|incident) \[bartizan@32473( [A-Za-z]+="(?:[^"\\\]]|\\["\\\]])*")+\] ` + "\ufeff" + `[^\x00-\x1f]+$`)
		for i, m := range got.all {
			if !form.MatchString(m) || !strings.Contains(m, ` id="`+shown[i].ID+`"`) {
				t.Errorf("%s, message %d: %q", network, i, m)
			}
		}
	}
}

type gathered struct {
	mu  sync.Mutex
	all []string
}

func (l *gathered) add(s string) { l.mu.Lock(); defer l.mu.Unlock(); l.all = append(l.all, s) }
func (l *gathered) n() int       { l.mu.Lock(); defer l.mu.Unlock(); return len(l.all) }

// frames reads messages counted in octets, and cuts the first connection after a number of them; then it closes the channel.
func frames(l net.Listener, to *gathered, most int, cut chan<- struct{}) {
	for first := true; ; first = false {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() {
				_ = c.Close()
				if first {
					close(cut)
				}
			}()
			r := bufio.NewReader(c)
			for n := 0; !first || n < most; n++ {
				size, err := r.ReadString(' ')
				if err != nil {
					return
				}
				count, err := strconv.Atoi(strings.TrimSpace(size))
				if err != nil {
					to.add("no count: " + size)
					return
				}
				message := make([]byte, count)
				if _, err := io.ReadFull(r, message); err != nil {
					return
				}
				to.add(string(message))
			}
		}()
	}
}

// certificate makes a certificate for 127.0.0.1 and writes it and its key to files.
func certificate(t *testing.T, dir string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "log"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM, keyPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
	for name, text := range map[string][]byte{"cert.pem": certPEM, "key.pem": keyPEM} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return pair, filepath.Join(dir, "cert.pem")
}

// TestChats checks the messages of the presets and of a template of one's own: what an alert says cannot break out.
func TestChats(t *testing.T) {
	evil := sample(t)[1]
	evil.Alert.Output = "<!channel> \"}],{\"x\":1 *bold* [link](https://evil.example.org) @everyone \n# head"
	evil.Alert.Identity = "<@U123> & \x1b[31m"
	var all []byte
	for _, c := range []struct{ kind, extra string }{
		{"slack", ""}, {"mattermost", ""}, {"teams", ""},
		{"template", "body: {content: '{{upper .Severity}} {{first 10 .Output}}{{if .Raised}} raised{{else}} plain{{end}}', number: 1, list: [true, null, '{{with .Identity}}{{.}} of {{$.Rule}}{{end}}']}"},
	} {
		server := receive(t, nil)
		o, told := opened(t, fmt.Sprintf("outputs:\n- name: chat\n  type: %s\n  url: %s/t0ken\n  tls: {ca: %s}\n  %s\n  "+quick, c.kind, server.URL, ca(t, server.Server), c.extra))
		write(t, o, []alert.Shown{evil})
		if err := closed(t, o, 5*time.Second); err != nil {
			t.Fatal(err, told)
		}
		var d any
		if err := json.Unmarshal(server.bodies[0], &d); err != nil {
			t.Fatalf("%s: %v: %s", c.kind, err, server.bodies[0])
		}
		text, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, text...), '\n')
		if c.kind == "slack" && strings.ContainsAny(d.(map[string]any)["text"].(string), "<>") {
			t.Errorf("%s", text)
		}
	}
	golden(t, "chats.json", all)
}

// TestCEF checks the escapes of the Common Event Format.
func TestCEF(t *testing.T) {
	var all strings.Builder
	for _, s := range sample(t) {
		s.Alert.Rule += "|pipe\\"
		if s.Incident == nil {
			s.Alert.Output += " a=b\\c|d\ne"
		}
		line := cef(&s, "1.2.3")
		if n := len(regexp.MustCompile(`(?:^|[^\\])(?:\\\\)*\|`).FindAllString(line[:strings.Index(line, "rt=")], -1)); n != 7 {
			t.Errorf("%d bars: %s", n, line)
		}
		all.WriteString(line + "\n")
	}
	golden(t, "alerts.cef", []byte(all.String()))
}

// TestFile appends to a file that is rotated.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "out", "alerts.jsonl")
	o, told := opened(t, fmt.Sprintf("outputs:\n- name: disk\n  type: file\n  path: %s\n  severity: high\n  show: [alert]\n  rules: [audit-*]\n  "+quick, file))
	shown := sample(t)
	write(t, o, shown)
	time.Sleep(20 * time.Millisecond) // the directory is not there yet
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := closed(t, o, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, s := range shown {
		if s.Kind == alert.KindAlert && s.Severity() >= 3 && strings.HasPrefix(s.Alert.Rule, "audit-") {
			want = append(want, s.ID)
		}
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		var s alert.Shown
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		got = append(got, s.ID)
	}
	if !slices.Equal(got, want) || len(want) != 5 || !strings.Contains(told.String(), "works again") {
		t.Errorf("got %v\nwant %v\n%s", got, want, told)
	}
}
