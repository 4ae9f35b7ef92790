package notify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/alert"
)

// receiver is a real server that records what it gets; answer decides what it says.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
	heads  []http.Header
	paths  []string
	answer func(n int, body []byte, w http.ResponseWriter)
}

func receive(t *testing.T, answer func(n int, body []byte, w http.ResponseWriter)) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewUnstartedServer(r)
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.StartTLS()
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	n := len(r.bodies)
	r.bodies, r.heads, r.paths = append(r.bodies, body), append(r.heads, req.Header), append(r.paths, req.URL.Path)
	r.mu.Unlock()
	if r.answer != nil {
		r.answer(n, body, w)
	}
}

func (r *receiver) got() int { r.mu.Lock(); defer r.mu.Unlock(); return len(r.bodies) }

// ids are the IDs in the bodies that were taken, in their order.
func ids(t *testing.T, bodies [][]byte) (out []string) {
	t.Helper()
	for _, b := range bodies {
		var d struct{ Alerts []struct{ ID string } }
		if err := json.Unmarshal(b, &d); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		for _, a := range d.Alerts {
			out = append(out, a.ID)
		}
	}
	return out
}

// ca writes the certificate of a server to a file.
func ca(t *testing.T, s *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// reports collects what outputs report.
type reports struct {
	mu  sync.Mutex
	all []string
}

func (r *reports) add(s string)   { r.mu.Lock(); defer r.mu.Unlock(); r.all = append(r.all, s) }
func (r *reports) String() string { r.mu.Lock(); defer r.mu.Unlock(); return strings.Join(r.all, "\n") }

// opened opens the outputs of a configuration.
func opened(t *testing.T, config string) (*Outputs, *reports) {
	t.Helper()
	c, err := ReadConfig("alerts.yaml", config)
	if err != nil {
		t.Fatal(err)
	}
	r := &reports{}
	o, err := Open(c, Options{Hostname: "node-1", Version: "1.2.3", Report: r.add})
	if err != nil {
		t.Fatal(err)
	}
	return o, r
}

func closed(t *testing.T, o *Outputs, within time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return o.Close(ctx)
}

func write(t *testing.T, o Output, shown []alert.Shown) {
	t.Helper()
	if err := o.Write(context.Background(), shown); err != nil {
		t.Fatal(err)
	}
}

const quick = "batch: {wait: 0s}\n  retry: {first: 1ms, most: 20ms}\n"

func shownIDs(shown []alert.Shown) (out []string) {
	for _, s := range shown {
		out = append(out, s.ID)
	}
	return out
}

// TestWebhook delivers over TLS with a CA of its own, a token in the path, a header and a signature.
func TestWebhook(t *testing.T) {
	server := receive(t, nil)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOOK", server.URL+"/hooks/t0ken")
	o, _ := opened(t, fmt.Sprintf(`outputs:
- name: hook
  type: webhook
  url: {env: HOOK}
  headers: {authorization: {file: %s}}
  signature: {secret: {file: %s}}
  tls: {ca: %s}
  `+quick, secret, secret, ca(t, server.Server)))
	shown := sample(t)
	write(t, o, shown[:3])
	write(t, o, shown[3:])
	if err := closed(t, o, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if got, want := ids(t, server.bodies), shownIDs(shown); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	h := server.heads[0]
	mac := hmac.New(sha256.New, []byte("s3cr3t"))
	mac.Write([]byte(h.Get("X-Bartizan-Timestamp") + "."))
	mac.Write(server.bodies[0])
	if h.Get("X-Bartizan-Signature") != "sha256="+hex.EncodeToString(mac.Sum(nil)) || h.Get("Authorization") != "s3cr3t" || h.Get("Idempotency-Key") != shown[0].ID || server.paths[0] != "/hooks/t0ken" {
		t.Errorf("headers %v, path %s", h, server.paths[0])
	}
	if st := o.Status()[0]; st.Delivered != len(shown) || st.Waiting+st.Refused+st.Dropped+st.Attempts != 0 {
		t.Errorf("%+v", st)
	}
}

// TestWebhookFails answers with failures of every sort before it takes anything, and keeps the order.
func TestWebhookFails(t *testing.T) {
	server := receive(t, func(n int, _ []byte, w http.ResponseWriter) {
		codes := []int{500, 503, 429, 408, 401, 404, 302}
		if n < len(codes) {
			w.Header().Set("Location", "https://elsewhere.example.org/")
			w.WriteHeader(codes[n])
			fmt.Fprintf(w, "no: /hooks/t0ken \x1b[2J")
		}
	})
	o, told := opened(t, fmt.Sprintf("outputs:\n- name: hook\n  type: webhook\n  url: %s/hooks/t0ken\n  tls: {ca: %s}\n  "+quick, server.URL, ca(t, server.Server)))
	shown := sample(t)
	write(t, o, shown)
	if err := closed(t, o, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if got, want := ids(t, server.bodies[7:]), shownIDs(shown); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if text := told.String(); strings.Contains(text, "t0ken") || strings.Contains(text, "\x1b") || !strings.Contains(text, "answered 500") || !strings.Contains(text, "works again") {
		t.Errorf("reports:\n%s", text)
	}
	if st := o.Status()[0]; st.Attempts != 7 || st.Delivered != len(shown) {
		t.Errorf("%+v", st)
	}
}

// TestPoison checks that one alert that the receiver refuses does not keep the others back.
func TestPoison(t *testing.T) {
	shown := sample(t)
	bad := shown[4].ID
	var taken [][]byte
	server := receive(t, func(_ int, body []byte, w http.ResponseWriter) {
		if bytes.Contains(body, []byte(`"id":"`+bad+`"`)) {
			w.WriteHeader(422)
			return
		}
		taken = append(taken, body)
	})
	spool := t.TempDir()
	o, told := opened(t, fmt.Sprintf("spool: %s\noutputs:\n- name: hook\n  type: webhook\n  url: %s\n  tls: {ca: %s}\n  "+quick, spool, server.URL, ca(t, server.Server)))
	write(t, o, shown)
	if err := closed(t, o, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(filepath.Join(spool, "hook", "refused.jsonl")); err != nil || bytes.Count(kept, []byte("\n")) != 1 || !bytes.Contains(kept, []byte(bad)) {
		t.Errorf("%v: %s", err, kept)
	}
	want := slices.DeleteFunc(shownIDs(shown), func(id string) bool { return id == bad })
	if got := ids(t, taken); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if st := o.Status()[0]; st.Refused != 1 || st.Delivered != len(want) || !strings.Contains(told.String(), "422") {
		t.Errorf("%+v\n%s", st, told)
	}
}

// TestHanging checks that a receiver that never answers holds nobody up, and that what is left is told of.
func TestHanging(t *testing.T) {
	stop := make(chan struct{})
	server := receive(t, func(int, []byte, http.ResponseWriter) { <-stop })
	defer close(stop)
	o, told := opened(t, fmt.Sprintf("outputs:\n- name: hook\n  type: webhook\n  timeout: 100ms\n  url: %s/t0ken\n  tls: {ca: %s}\n  "+quick, server.URL, ca(t, server.Server)))
	shown := sample(t)
	begin := time.Now()
	write(t, o, shown)
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("Write took %s", d)
	}
	for end := time.Now().Add(10 * time.Second); told.String() == "" && time.Now().Before(end); {
		time.Sleep(2 * time.Millisecond)
	}
	err := closed(t, o, 50*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d alerts were not delivered", len(shown))) || strings.Contains(err.Error(), "t0ken") {
		t.Errorf("%v", err)
	}
	if text := told.String(); !strings.Contains(text, "no answer in time") {
		t.Errorf("%s", text)
	}
}

// TestNobodyThere never leaks the token of a receiver that cannot be reached, or whose certificate is strange.
func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	l.Close()
	strange := receive(t, nil)
	for url, want := range map[string]string{
		"https://user:t0ken@" + gone + "/t0ken?t0ken=1": "connection refused",
		strange.URL + "/t0ken":                          "certificate",
		"https://169.254.169.254/t0ken":                 "link-local",
	} {
		o, told := opened(t, "outputs:\n- name: hook\n  type: webhook\n  url: "+url+"\n  "+quick)
		write(t, o, sample(t)[:1])
		for end := time.Now().Add(10 * time.Second); told.String() == "" && time.Now().Before(end); {
			time.Sleep(2 * time.Millisecond)
		}
		err := closed(t, o, 50*time.Millisecond)
		if err == nil || strings.Contains(err.Error()+told.String(), "t0ken") || !strings.Contains(told.String(), want) {
			t.Errorf("%s: %v\n%s", url, err, told)
		}
	}
	if strange.got() != 0 {
		t.Error("something was sent to who is not trusted")
	}
}

// TestFull fills a queue: what is dropped is counted, and the receiver is told before what follows. If the input can wait,
// nothing is dropped.
func TestFull(t *testing.T) {
	for _, spool := range []string{"", "spool: " + t.TempDir() + "\n"} {
		gate := make(chan struct{})
		server := receive(t, func(int, []byte, http.ResponseWriter) { <-gate })
		config := spool + fmt.Sprintf("outputs:\n- name: hook\n  type: webhook\n  queue: 64KiB\n  url: %s\n  tls: {ca: %s}\n  "+quick, server.URL, ca(t, server.Server))
		o, told := opened(t, config)
		shown := sample(t)[:1]
		for range 100 {
			write(t, o, shown)
		}
		st := o.Status()[0]
		if st.Dropped == 0 || st.Dropped+st.Waiting+st.Delivered != 100 || strings.Count(told.String(), "is full") != 1 {
			t.Errorf("%+v\n%s", st, told)
		}
		close(gate)
		for end := time.Now().Add(5 * time.Second); o.Status()[0].Waiting > 0 && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		write(t, o, shown)
		if err := closed(t, o, 10*time.Second); err != nil {
			t.Fatal(err)
		}
		if last := server.bodies[len(server.bodies)-1]; !bytes.Contains(last, []byte(fmt.Sprintf("%d alerts were not kept for output hook", st.Dropped))) {
			t.Errorf("%s", last)
		}
		c, err := ReadConfig("alerts.yaml", config)
		if err != nil {
			t.Fatal(err)
		}
		patient, err := Open(c, Options{Wait: true})
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			write(t, patient, shown)
		}
		if err := closed(t, patient, 10*time.Second); err != nil || patient.Status()[0].Dropped > 0 {
			t.Errorf("%v %+v", err, patient.Status())
		}
	}
}

// TestMain runs the process that TestKilled kills.
func TestMain(m *testing.M) {
	if config := os.Getenv("BARTIZAN_TEST_SPOOL"); config != "" {
		os.Exit(spoolUntilKilled(config))
	}
	os.Exit(m.Run())
}

// spoolUntilKilled writes alerts with ever higher numbers, and says which it wrote.
func spoolUntilKilled(config string) int {
	c, err := ReadConfig("alerts.yaml", config)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	o, err := Open(c, Options{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	from := 0
	fmt.Sscan(os.Getenv("BARTIZAN_TEST_FROM"), &from)
	for i := from; ; i++ {
		s := numbered(i)
		if err := o.Write(context.Background(), []alert.Shown{s}); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("wrote", i)
	}
}

func numbered(i int) alert.Shown {
	s := alert.Shown{ID: fmt.Sprintf("%032x", i)}
	s.Alert.Rule, s.Alert.Output, s.Alert.Time = "r", strings.Repeat("x", i%3000), evening
	return s
}

// TestKilled kills a process that writes to a spool and sends, again and again: whatever Write returned for is received,
// in order apart from what is received twice.
func TestKilled(t *testing.T) {
	server := receive(t, nil)
	var taken [][]byte
	server.answer = func(n int, body []byte, w http.ResponseWriter) {
		if n%7 == 3 {
			w.WriteHeader(503)
			return
		}
		server.mu.Lock()
		taken = append(taken, body)
		server.mu.Unlock()
	}
	dir := t.TempDir()
	config := fmt.Sprintf("spool: %s\noutputs:\n- name: hook\n  type: webhook\n  url: %s\n  tls: {ca: %s}\n  batch: {wait: 0s, items: 5}\n  retry: {first: 1ms, most: 20ms}\n", dir, server.URL, ca(t, server.Server))
	next := 0
	for round := range 8 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "BARTIZAN_TEST_SPOOL="+config, fmt.Sprintf("BARTIZAN_TEST_FROM=%d", next))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for stop := next + 20 + 13*round; lines.Scan(); {
			if _, err := fmt.Sscanf(lines.Text(), "wrote %d", &next); err != nil {
				t.Fatal(lines.Text())
			}
			if next++; next == stop {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		cmd.Wait()
	}
	left, err := openSpool(filepath.Join(dir, "hook"), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	one := numbered(next)
	record, err := json.Marshal(&one)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(left.put([][]byte{record}), left.close()); err != nil {
		t.Fatal(err)
	}
	next++
	none, told := opened(t, config[:strings.Index(config, "outputs:")])
	if err := closed(t, none, time.Second); err != nil || !strings.Contains(told.String(), "hook holds alerts that were not delivered, and the alerts file has no output of that name") {
		t.Errorf("%v %s", err, told)
	}
	o, _ := opened(t, config)
	if err := closed(t, o, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	// A process may have written one more than it came to say.
	seen := map[string]int{}
	highest := ""
	for _, id := range ids(t, taken) {
		if seen[id]++; id > highest {
			highest = id
		}
	}
	for i := range next {
		if seen[numbered(i).ID] == 0 {
			t.Errorf("alert %d of %d was lost", i, next)
		}
	}
	if next < 300 || len(seen) > next+8 || highest > numbered(next+1).ID {
		t.Errorf("%d written, %d received, the last is %s", next, len(seen), highest)
	}
	twice := 0
	for _, n := range seen {
		twice += n - 1
	}
	t.Logf("%d written, 8 kills, %d received twice", next, twice)
}
