package hunt

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/hunt"
)

func allRules(t testing.TB) []*rule.Rule {
	t.Helper()
	all, err := hunt.Rules()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// at makes a target of a server of the test.
func at(t testing.TB, addr net.Addr, service string) Target {
	t.Helper()
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		t.Fatal(err)
	}
	return Target{Addr: ap.Addr(), Port: ap.Port(), Service: service}
}

func optionsFor(t testing.TB, targets ...Target) Options {
	return Options{
		Targets: targets, Rules: allRules(t), Timeout: time.Second, Rate: 1000, Workers: 4, Dialer: &net.Dialer{},
		Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
	}
}

// found hunts and gives the ids of the rules with findings, and the report.
func found(t testing.TB, o Options) ([]string, *scan.Report, *Source) {
	t.Helper()
	src, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(o.Rules, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	req := scan.Request{Source: src, Engine: e}
	report, err := req.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report.Gaps = slices.DeleteFunc(report.Gaps, src.Explained)
	var ids []string
	for _, f := range report.Findings {
		ids = append(ids, f.Rule)
	}
	slices.Sort(ids)
	return slices.Compact(ids), report, src
}

func gaps(report *scan.Report) string {
	var all []string
	for _, g := range report.Gaps {
		all = append(all, g.Reason)
	}
	return strings.Join(all, "\n")
}

// TestRecognise finds out what listens by what it says.
func TestRecognise(t *testing.T) {
	for name, test := range map[string]struct {
		path, body string
		want       bartizan.Kind
	}{
		"API server":     {"/version", `{"gitVersion":"v1.36.3"}`, APIServer},
		"closed API":     {"/version", `{"kind":"Status","code":403}`, APIServer},
		"etcd":           {"/version", `{"etcdserver":"3.6.5","etcdcluster":"3.6.0"}`, Etcd},
		"dashboard":      {"/", `<html><title>Kubernetes Dashboard</title>`, Dashboard},
		"something":      {"/", `<html>hello</html>`, ""},
		"no JSON at all": {"/version", `{"gitVersion":`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != test.path {
					http.NotFound(w, r)
					return
				}
				_, _ = w.Write([]byte(test.body))
			}))
			defer server.Close()
			_, report, _ := found(t, optionsFor(t, at(t, server.Listener.Addr(), "")))
			switch {
			case test.want == "" && len(report.Objects) == 0 && len(report.Gaps) > 0:
			case len(report.Objects) != 1 || report.Objects[0].Ref.Kind != test.want:
				t.Errorf("objects %v, want a %s; gaps %v", report.Objects, test.want, report.Gaps)
			}
		})
	}
}

// TestPlacesNotSeen holds every way in which nothing is seen to be told, and none of them to pass.
func TestPlacesNotSeen(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shut := at(t, listener.Addr(), Kubelet)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, report, _ := found(t, optionsFor(t, shut))
	if text := gaps(report); !strings.Contains(text, "the port is closed") {
		t.Errorf("a named port that is closed: gaps %q", text)
	}
	unnamed := shut
	unnamed.Service = ""
	_, report, _ = found(t, optionsFor(t, unnamed))
	if text := gaps(report); !strings.Contains(text, "nothing was judged") || len(report.Skips) != 1 {
		t.Errorf("a closed port: gaps %q, skips %v", text, report.Skips)
	}
	o := optionsFor(t, Target{Addr: netip.MustParseAddr("192.0.2.1")})
	o.Dialer, o.Timeout = nobodyThere{}, 20*time.Millisecond
	_, report, _ = found(t, o)
	if text := gaps(report); !strings.Contains(text, "192.0.2.1: no answer from any of 22 ports within 20ms") {
		t.Errorf("a silent host: gaps %q", text)
	}
	if total := report.Tally.Total(); total.Passed != 0 {
		t.Errorf("%d checks passed on nothing", total.Passed)
	}
}

// nobodyThere never connects.
type nobodyThere struct{}

// DialContext waits until its time is over.
func (nobodyThere) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
}

// TestRedirect sees that a redirect is an answer and never followed.
func TestRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	ids, report, _ := found(t, optionsFor(t, at(t, server.Listener.Addr(), KubeletReadOnly)))
	if len(ids) > 0 || len(report.Gaps) > 0 {
		t.Errorf("findings %v, gaps %v; want none", ids, report.Gaps)
	}
}

// TestOnlyHarmless records every request of a whole hunt and holds it to what changes nothing.
func TestOnlyHarmless(t *testing.T) {
	for _, service := range serviceNames() {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != "GET" && r.Method != "POST" || r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
				t.Errorf("%s: %s %s with headers %v", service, r.Method, r.URL, r.Header)
			}
			if r.Method == "POST" && service != Webhook {
				if _, known := reviews[r.URL.RequestURI()]; !known {
					t.Errorf("%s: POST %s is no review", service, r.URL)
				}
			}
			if r.UserAgent() != userAgent {
				t.Errorf("%s: the hunt hides as %q", service, r.UserAgent())
			}
			w.Header().Set("Set-Cookie", "id=1")
			_, _ = w.Write([]byte(`{}`))
		}))
		target := at(t, server.Listener.Addr(), service)
		target.Path = "/validate"
		found(t, optionsFor(t, target))
		server.Close()
	}
}
