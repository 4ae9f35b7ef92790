package hunt

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// logNode is a node whose kubelet gives its logs to everybody, and a pod on it that has /var/log.
type logNode struct {
	kubelet *httptest.Server
	pod     *Pod
	logs    string   // the node's /var/log
	read    []string // what was read of links
}

// ServeHTTP is the kubelet's logs, and the API server's way to them for those who have the token.
func (n *logNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, token := r.URL.Path, r.Header.Get("Authorization") == "Bearer the-token"
	switch {
	case token && path == "/api/v1/namespaces/shop/pods/web-0":
		_, _ = w.Write([]byte(`{"kind":"Pod","spec":{"nodeName":"node-1"}}`))
		return
	case token:
		path = strings.TrimPrefix(path, "/api/v1/nodes/node-1/proxy")
	}
	name, ok := strings.CutPrefix(path, "/logs/bartizan-hunt-")
	if !ok {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if to, err := os.Readlink(filepath.Join(n.logs, "bartizan-hunt-"+name)); err != nil || to != linkTarget {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	n.read = append(n.read, r.URL.Path)
	_, _ = w.Write([]byte("NAME=\"Some Linux\"\n"))
}

func newLogNode(t *testing.T) *logNode {
	t.Helper()
	n := &logNode{}
	n.kubelet = httptest.NewTLSServer(n)
	t.Cleanup(n.kubelet.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: n.kubelet.Certificate().Raw}))
	root := files(t, map[string]string{
		accountDir + "/token": "the-token", accountDir + "/ca.crt": ca, accountDir + "/namespace": "shop",
		"proc/self/mountinfo": "4 1 8:1 /var/log /host/log rw - ext4 /dev/sda1 rw\n5 1 8:1 /var/log /ro ro - ext4 /dev/sda1 rw\n",
	})
	n.logs = filepath.Join(root, "host/log")
	if err := os.MkdirAll(n.logs, 0o700); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(n.kubelet.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n.pod = &Pod{Root: root, Environ: []string{"HOSTNAME=web-0", "KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=" + port}}
	return n
}

// TestSweep finds a service on a port of a range, and leaves the rest of a range out that nothing answers in.
func TestSweep(t *testing.T) {
	s := &store{has: map[string]bool{}}
	server := httptest.NewTLSServer(s)
	defer server.Close()
	target := at(t, server.Listener.Addr(), "")
	port := target.Port
	target.Port = 0
	o := optionsFor(t, target)
	o.Ports, o.Sweep = []uint16{1}, &Sweep{First: port - 3, Last: port, Time: time.Minute}
	src, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	open, err := src.sweep(t.Context(), nil)
	if err != nil || len(open) == 0 || open[len(open)-1].Port != port {
		t.Errorf("open: %v, %v", open, err)
	}
	if ids, report, _ := found(t, o); len(report.Objects) == 0 {
		t.Errorf("the service is not looked at: %v, %v", ids, report.Gaps)
	}
	o.Sweep.Time = time.Nanosecond
	if _, report, _ := found(t, o); !strings.Contains(gaps(report), "node ports: not all of") {
		t.Errorf("gaps %v", report.Gaps)
	}
}

func TestParseSweep(t *testing.T) {
	for text, want := range map[string]Sweep{
		"30000-32767": {30000, 32767, time.Minute}, "30000+10": {30000, 30010, time.Minute}, "30001": {30001, 30001, time.Minute},
	} {
		if got, err := ParseSweep(text, time.Minute); err != nil || *got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-", "1-", "0-9", "9-1", "1-70000", "65000+1000", "a-b", "1-2-3"} {
		if got, err := ParseSweep(text, time.Minute); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

// TestKubectl judges the version of a program that says it is kubectl, and says so of one that does not.
func TestKubectl(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"#!/bin/sh\n[ \"$2\" = --client ] && echo '{\"clientVersion\":{\"gitVersion\":\"v1.12.1\"}}'\n": "hunt-faults",
		"#!/bin/sh\necho '{\"clientVersion\":{\"gitVersion\":\"v1.36.3\"}}'\n":                          "",
		"#!/bin/sh\nexit 1\n":                                        "gap",
		"#!/bin/sh\necho hello\n":                                    "gap",
		"#!/bin/sh\necho '{\"clientVersion\":{}}'\n":                 "gap",
		"#!/bin/sh\nhead -c 1000000 /dev/zero 2>/dev/null; exit 0\n": "gap",
	} {
		program := filepath.Join(dir, "kubectl")
		if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		o := optionsFor(t)
		o.Kubectl = program
		ids, report, _ := found(t, o)
		got := strings.Join(ids, " ")
		if len(report.Gaps) > 0 {
			got = "gap"
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q: findings %v, gaps %v; want %q", text, ids, report.Gaps, want)
		}
	}
}
