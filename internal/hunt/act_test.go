package hunt

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
)

var scopeDay = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func scopeText(target string, actions ...string) string {
	return "authorisedBy: Jo, head of platform\nexpires: 2026-12-01T00:00:00Z\ntargets: [\"" + target + "\"]\nactions: [" + strings.Join(actions, ", ") + "]\n"
}

func TestParseScope(t *testing.T) {
	good := scopeText("192.0.2.0/24", "etcd-key")
	for name, test := range map[string]struct{ text, want string }{
		"good":              {good, ""},
		"an address":        {strings.Replace(good, "192.0.2.0/24", "[2001:db8::1]:2379", 1), ""},
		"a container":       {good + "container: shop/web/main\n", ""},
		"expired":           {strings.Replace(good, "2026-12-01", "2026-11-01", 1), "expired"},
		"for too long":      {strings.Replace(good, "2026-12-01", "2027-12-01", 1), "90 days"},
		"no day":            {strings.Replace(good, "2026-12-01T00:00:00Z", "soon", 1), "expires"},
		"nobody":            {strings.Replace(good, "Jo, head of platform", `""`, 1), "authorisedBy"},
		"no target":         {strings.Replace(good, `["192.0.2.0/24"]`, "[]", 1), "targets"},
		"everything":        {strings.Replace(good, "192.0.2.0/24", "0.0.0.0/0", 1), "too wide"},
		"a name":            {strings.Replace(good, "192.0.2.0/24", "node.example.com", 1), "no address"},
		"no action":         {strings.Replace(good, "[etcd-key]", "[]", 1), "actions"},
		"an unknown action": {strings.Replace(good, "[etcd-key]", "[reboot]", 1), "no action"},
		"an unknown field":  {good + "force: true\n", "unknown field"},
		"a field twice":     {good + "actions: [kubelet-run]\n", "twice"},
		"a bad container":   {good + "container: ../../etc\n", "NAMESPACE/POD/CONTAINER"},
		"empty":             {"", "empty"},
		"a list":            {"- a\n", "not a map"},
	} {
		_, err := ParseScope("scope.yaml", test.text, scopeDay)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// store is an API server and an etcd in one: it keeps what is made and forgets what is deleted.
type store struct {
	mu       sync.Mutex
	has      map[string]bool
	log      []string
	refuse   bool // creation
	keep     int  // so many deletions fail
	onCreate func()
	onMade   func(key string)
}

// ServeHTTP creates, patches and deletes.
func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct {
		Metadata struct{ Name string }
		Key      string
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	changes := r.Method != "GET" && reviews[r.URL.RequestURI()] == ""
	if changes {
		s.log = append(s.log, r.Method+" "+r.URL.Path)
	}
	switch {
	case r.URL.Path == "/v3/kv/put":
		s.made(body.Key)
	case r.URL.Path == "/v3/kv/deleterange", r.Method == "DELETE":
		if s.keep > 0 {
			s.keep--
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if r.Method == "DELETE" && !s.has[r.URL.Path] {
			w.WriteHeader(http.StatusNotFound)
		}
		if s.has[body.Key] {
			_, _ = w.Write([]byte(`{"deleted":"1"}`))
		}
		delete(s.has, body.Key)
		delete(s.has, r.URL.Path)
	case s.refuse && changes:
		w.WriteHeader(http.StatusForbidden)
		return
	case changes && r.Method == "POST":
		if r.URL.Query().Get("dryRun") == "" && !strings.HasPrefix(r.URL.Path, "/run/") {
			s.made(r.URL.Path + "/" + body.Metadata.Name)
		}
		if s.onCreate != nil {
			s.onCreate()
		}
		w.WriteHeader(http.StatusCreated)
	}
	if r.URL.Path == "/v3/kv/deleterange" {
		return
	}
	_, _ = w.Write([]byte(`{"kind":"Status","gitVersion":"v1.36.3"}`))
}

func (s *store) made(key string) {
	s.has[key] = true
	if s.onMade != nil {
		s.onMade(key)
	}
}

// activeOn makes an active hunt of one server.
func activeOn(t *testing.T, server *httptest.Server, service string, actions ...string) (Options, string) {
	t.Helper()
	o := optionsFor(t, at(t, server.Listener.Addr(), service))
	scope, err := ParseScope("scope.yaml", scopeText("127.0.0.1", actions...)+"container: shop/web/main\n", scopeDay)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "trail.jsonl")
	trail, err := OpenTrail(name, func() time.Time { return scopeDay })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trail.Close() })
	o.Active = &Active{Scope: scope, Trail: trail, Now: func() time.Time { return scopeDay }}
	return o, name
}

func events(t *testing.T, trail string) (all []string) {
	t.Helper()
	data, err := os.ReadFile(trail)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := checkTrail(bytes.NewReader(data), nil); err != nil {
		t.Errorf("the trail: %v", err)
	}
	for line := range bytes.Lines(data) {
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Event == "do" && !strings.HasPrefix(e.Step, "kubelet-") && !strings.HasPrefix(e.Request, "GET ") && len(e.Undo) == 0 {
			t.Errorf("%s was begun without a receipt", e.Request)
		}
		all = append(all, e.Event)
	}
	return all
}

// TestActiveUndoes takes every step and holds that nothing is left, and that all of it stands in the trail.
func TestActiveUndoes(t *testing.T) {
	for service, want := range map[string][]string{
		APIServer: {"hunt-active-api", "hunt-active-privileged-pod"}, Etcd: {"hunt-active-etcd"}, Kubelet: {"hunt-active-kubelet-logs", "hunt-active-kubelet-run"},
	} {
		s := &store{has: map[string]bool{}}
		server := httptest.NewTLSServer(s)
		o, trail := activeOn(t, server, service, StepNames()...)
		ids, report, _ := found(t, o)
		for _, id := range want {
			if !slices.Contains(ids, id) {
				t.Errorf("%s: findings %v, want %s; gaps %v", service, ids, id, report.Gaps)
			}
		}
		if len(s.has) > 0 {
			t.Errorf("%s: left behind: %v", service, s.has)
		}
		log := events(t, trail)
		if len(s.log) == 0 || log[0] != "begin" || log[len(log)-1] != "end" {
			t.Errorf("%s: sent %v, trail %v", service, s.log, log)
		}
		server.Close()
	}
}

// TestActiveRefused sees that a service that refuses gives no finding and is not asked to undo what was not done.
func TestActiveRefused(t *testing.T) {
	s := &store{has: map[string]bool{}, refuse: true}
	server := httptest.NewTLSServer(s)
	defer server.Close()
	o, _ := activeOn(t, server, APIServer, "api-namespace", "api-pod")
	ids, _, _ := found(t, o)
	if slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, "hunt-active") }) || slices.ContainsFunc(s.log, func(l string) bool { return strings.HasPrefix(l, "DELETE") }) {
		t.Errorf("findings %v, sent %v", ids, s.log)
	}
}

// TestOutsideScope sends nothing that changes anything where the scope does not say so.
func TestOutsideScope(t *testing.T) {
	s := &store{has: map[string]bool{}}
	server := httptest.NewTLSServer(s)
	defer server.Close()
	check := func(name string, change func(*Options)) {
		o, _ := activeOn(t, server, APIServer, "api-namespace")
		change(&o)
		_, report, _ := found(t, o)
		if len(s.log) > 0 {
			t.Errorf("%s: sent %v", name, s.log)
		}
		if len(report.Skips) == 0 {
			t.Errorf("%s: nothing is told of the steps that were not taken", name)
		}
	}
	check("another address", func(o *Options) {
		p, err := parsePlace("192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		o.Active.Scope.places = []place{p}
	})
	check("another port", func(o *Options) { o.Active.Scope.places[0].port = 1 })
	check("another action", func(o *Options) { o.Active.Scope.Actions = []string{"etcd-key"} })
	check("expired meanwhile", func(o *Options) { o.Active.Now = func() time.Time { return scopeDay.Add(1000 * time.Hour) } })
}

// TestUndoTriesAgain takes back what could not be taken back at once, and tells of what could not be at all.
func TestUndoTriesAgain(t *testing.T) {
	s := &store{has: map[string]bool{}, keep: 2}
	server := httptest.NewTLSServer(s)
	defer server.Close()
	o, trail := activeOn(t, server, APIServer, "api-role")
	if _, report, _ := found(t, o); len(s.has) > 0 || strings.Contains(gaps(report), "taken back") {
		t.Errorf("left %v, gaps %v", s.has, report.Gaps)
	}
	if log := events(t, trail); !slices.Equal(log, []string{"begin", "do", "done", "undo", "left", "undo", "left", "undo", "undone", "end"}) {
		t.Errorf("trail %v", log)
	}
	s.keep = 100
	o, _ = activeOn(t, server, APIServer, "api-role")
	if _, report, _ := found(t, o); !strings.Contains(gaps(report), "could not be taken back") || !strings.Contains(gaps(report), "DELETE /apis/rbac") {
		t.Errorf("gaps %v", report.Gaps)
	}
}

// TestStopUndoes stops the hunt in the middle of a step, as SIGINT does: it is taken back all the same.
func TestStopUndoes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &store{has: map[string]bool{}, onCreate: cancel}
	server := httptest.NewTLSServer(s)
	defer server.Close()
	o, trail := activeOn(t, server, APIServer, "api-namespace", "api-role")
	src, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Read(ctx, func(bartizan.Item) error { return nil }); err == nil {
		t.Error("the hunt went on")
	}
	if len(s.has) > 0 || len(s.log) != 2 {
		t.Errorf("left behind: %v after %v", s.has, s.log)
	}
	if log := events(t, trail); !slices.Contains(log, "undone") {
		t.Errorf("trail %v", log)
	}
}

// TestTrail notices what was changed or taken out, and goes on where a trail ended.
func TestTrail(t *testing.T) {
	name := filepath.Join(t.TempDir(), "trail.jsonl")
	now := func() time.Time { return scopeDay }
	for range 2 {
		trail, err := OpenTrail(name, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []string{"begin", "end"} {
			if err := trail.add(Entry{Event: e}); err != nil {
				t.Fatal(err)
			}
		}
		if err := trail.Close(); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if log := events(t, name); len(log) != 4 {
		t.Errorf("trail %v", log)
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	for what, text := range map[string][]byte{
		"a line less": bytes.Join(slices.Delete(slices.Clone(lines), 1, 2), nil), "another word": bytes.Replace(data, []byte(`"end"`), []byte(`"do"`), 1), "no JSON": append(slices.Clone(data), "x\n"...),
	} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenTrail(name, now); err == nil {
			t.Errorf("%s is not noticed", what)
		}
	}
}

// TestActiveWantsCertificate sees that a server that hangs up for want of a client certificate was not changed, so that
// nothing is to be taken back.
func TestActiveWantsCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	defer server.Close()
	o, trail := activeOn(t, server, Etcd, "etcd-key")
	if ids, report, _ := found(t, o); len(ids) > 0 || len(report.Gaps) > 0 {
		t.Errorf("findings %v, gaps %v", ids, report.Gaps)
	}
	if log := events(t, trail); !slices.Equal(log, []string{"begin", "do", "done", "end"}) {
		t.Errorf("trail %v", log)
	}
}
