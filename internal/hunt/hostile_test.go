package hunt

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/sink"
)

// hostile servers, by what they do to whoever asks.
var hostile = map[string]http.HandlerFunc{
	"endless body": func(w http.ResponseWriter, _ *http.Request) {
		block := bytes.Repeat([]byte("x"), 1<<16)
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	},
	"slow body": func(w http.ResponseWriter, r *http.Request) {
		for {
			_, _ = w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	},
	"never answers": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"compression bomb": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.CopyN(z, zeros{}, 64<<20)
		_ = z.Close()
	},
	"long headers": func(w http.ResponseWriter, _ *http.Request) {
		for i := range 2000 {
			w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("y", 100))
		}
	},
	"deep JSON": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(`{"a":[`, 40_000))
	},
	"wide JSON": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"kind":"PodList","items":[`+strings.Repeat(`1,`, 400_000)+`1]}`)
	},
	"wrong types": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"kind":["PodList"],"items":{"a":1},"gitVersion":{"x":null},"status":7}`)
	},
	"terminal escapes": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/\x1b[31m")
		_, _ = io.WriteString(w, `{"kind":"PodList","items":[{"metadata":{"name":"\u001b]0;owned\u0007\u202e"}}]}`)
	},
	"redirect to itself": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) },
	"hangs up": func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = c.Close()
		}
	},
	"garbage": func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_, _ = c.Write([]byte("\x00\xff\x1b[2J not HTTP at all\r\n\r\n"))
			_ = c.Close()
		}
	},
	"early hints without end": func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			w.WriteHeader(http.StatusEarlyHints)
		}
	},
}

type zeros struct{}

// Read gives zeros.
func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// of the version, which none was told of.

// TestHostile hunts servers that want to hurt: it must end soon, use little memory, and print nothing dangerous.
func TestHostile(t *testing.T) {
	for name, handler := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler)
			defer server.Close()
			defer server.CloseClientConnections()
			o := optionsFor(t, at(t, server.Listener.Addr(), Kubelet))
			o.Timeout = 150 * time.Millisecond
			began := time.Now()
			_, report, _ := found(t, o)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, f := range report.Findings {
				for _, text := range []string{f.Message, f.Evidence[0].Value} {
					if text != sink.Printable(text) || strings.ContainsRune(text, '\u202e') || len(text) > 1000 {
						t.Errorf("%s shows %q", f.Rule, text)
					}
				}
			}
			for _, g := range report.Gaps {
				if len(g.Reason) > 2000 || strings.Contains(g.Reason, "\x1b") {
					t.Errorf("the gap is %q", g.Reason)
				}
			}
			mute := []string{"never answers", "hangs up", "garbage", "long headers", "early hints without end"}
			if slices.Contains(mute, name) && (len(report.Gaps) == 0 || report.Tally.Total().Passed > 0) {
				t.Errorf("gaps %v and %d checks passed on a server that did not answer", report.Gaps, report.Tally.Total().Passed)
			}
		})
	}
}

// TestHostileMemory takes a million bytes of every answer at most.
func TestHostileMemory(t *testing.T) {
	server := httptest.NewServer(hostile["endless body"])
	defer server.Close()
	defer server.CloseClientConnections()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, report, _ := found(t, optionsFor(t, at(t, server.Listener.Addr(), Kubelet)))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	if len(report.Objects) != 1 {
		t.Errorf("objects %v", report.Objects)
	}
}

// TestHostileTLS meets what is no TLS: garbage, silence after the connection, and an early end.
func TestHostileTLS(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"garbage": func(c net.Conn) { _, _ = c.Write(bytes.Repeat([]byte("\x16\x03\x01\xff\xff"), 1000)) },
		"silence": func(c net.Conn) { time.Sleep(2 * time.Second) },
		"end":     func(net.Conn) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go func() {
						serve(c)
						_ = c.Close()
					}()
				}
			}()
			o := optionsFor(t, at(t, l.Addr(), APIServer))
			o.Timeout = 200 * time.Millisecond
			ids, report, _ := found(t, o)
			if len(ids) > 0 || !strings.Contains(gaps(report), map[string]string{"garbage": "got no answer"}[name]) || gaps(report) == "" || len(gaps(report)) > 600 {
				t.Errorf("findings %v, gaps %q", ids, gaps(report))
			}
		})
	}
}
