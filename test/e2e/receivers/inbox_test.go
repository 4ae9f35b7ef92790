package receivers

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// inbox collects what was received, by the path that it was sent to.
type inbox struct {
	mu     sync.Mutex
	bodies map[string][][]byte
}

func (b *inbox) add(name string, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bodies[name] = append(b.bodies[name], body)
}

func (b *inbox) of(name string) [][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bodies[name]
}

// serve takes requests and says what it should say to be taken for a receiver.
func (b *inbox) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		b.add(r.URL.Path, body)
		fmt.Fprint(w, "{}")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// syslog takes messages over TCP and keeps the stream, and datagrams over UDP.
func (b *inbox) syslog(t *testing.T) (tcp, udp string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all, _ := io.ReadAll(c)
			b.add("tcp", all)
			c.Close()
		}
	}()
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, _, err := p.ReadFrom(buffer)
			if err != nil {
				return
			}
			b.add("udp", append([]byte(nil), buffer[:n]...))
		}
	}()
	return l.Addr().String(), p.LocalAddr().String()
}

// odd is a name with everything in it that has a meaning to some receiver.
const odd = "mal\"lory\\]=[x] <b>*@all* ü\u202e\n"

// record is an audit record.
func record(i int, minute int, user, verb, resource, sub, name, rest string) string {
	who, err := json.Marshal(user)
	if err != nil {
		panic(err) // it is a text
	}
	at := fmt.Sprintf("2026-11-21T%02d:%02d:00.000000Z", 10+minute/60, minute%60)
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"a-%d","stage":"ResponseComplete",`+
		`"requestURI":"/x?command=sh","verb":"%s","user":{"username":%s,"groups":["system:authenticated"]},"sourceIPs":["10.0.0.7","203.0.113.9"],`+
		`"userAgent":"kubectl/v1.36","objectRef":{"resource":"%s","namespace":"shop","name":"%s","apiVersion":"v1","subresource":"%s"},`+
		`"responseStatus":{"metadata":{},"code":201}%s,"requestReceivedTimestamp":"%s","stageTimestamp":"%s"}`, i, verb, who, resource, name, sub, rest, at, at)
}

// falcoRules has an output with a text, a number, a list and what is not there.
const falcoRules = `
- rule: "Odd: everything"
  desc: d
  condition: ka.verb = get and ka.target.resource = secrets
  output: odd %ka.user.name %ka.response.code %ka.req.pod.containers.image %ka.auth.reason %jevt.rawtime
  priority: WARNING
  source: k8s_audit
  tags: [T1552.007, mitre_credential_access]
`

// replayed runs bartizan watch on a recorded log with an alerts file, and gives its standard output.
func replayed(t *testing.T, config string) product.Result {
	t.Helper()
	dir := t.TempDir()
	var log strings.Builder
	for _, r := range []string{
		record(1, 0, "jane", "create", "pods", "exec", "web-1", ""),
		record(2, 1, odd, "create", "clusterrolebindings", "", "mine", `,"requestObject":{"roleRef":{"kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"User","name":"eve"}]}`),
		record(3, 2, odd, "get", "secrets", "", "db", ""),
		record(4, 2, odd, "get", "secrets", "", "db", ""), record(5, 2, odd, "get", "secrets", "", "db", ""), record(6, 2, odd, "get", "secrets", "", "db", ""),
		record(7, 2, odd, "get", "secrets", "", "db", ""), record(8, 59, "late", "get", "configmaps", "", "x", ""),
	} {
		log.WriteString(r + "\n")
	}
	for name, text := range map[string]string{"audit.log": log.String(), "alerts.yaml": config, "rules.yaml": falcoRules} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := product.Build(t).Run(t, nil, "watch", "--replay", filepath.Join(dir, "audit.log"), "--rules", filepath.Join(dir, "rules.yaml"),
		"--alerts", filepath.Join(dir, "alerts.yaml"), "-o", "falco")
	if got.Code != 1 {
		t.Fatalf("bartizan watch ends with %d\n%s", got.Code, got.Stderr)
	}
	return got
}
