package hunt

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
)

func day() time.Time { return scopeDay }

// killed makes a trail that ends right after the line of that number, as a hunt that is killed leaves it, with the
// beginning of a line more.
func killed(t *testing.T, trail string, lines int) string {
	t.Helper()
	data, err := os.ReadFile(trail)
	if err != nil {
		t.Fatal(err)
	}
	all := bytes.SplitAfter(data, []byte("\n"))
	name := filepath.Join(t.TempDir(), "killed.jsonl")
	text := append(bytes.Join(all[:lines], nil), `{"time":"2026-11-21T1`...)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func revert(t *testing.T, trail string, pod *Pod) ([]string, error) {
	t.Helper()
	tr, left, err := ReopenTrail(trail, day)
	if err != nil {
		return nil, err
	}
	defer tr.Close()
	r := &Reverting{Trail: tr, Dialer: &net.Dialer{}, Timeout: time.Second, Pod: pod}
	found, err := r.Revert(t.Context(), left)
	var out []string
	for _, f := range found {
		out = append(out, strings.TrimSpace(f.Step+" "+f.Outcome+" "+f.Note))
	}
	return out, err
}

// TestRevert cuts the trail of a hunt at every line, brings back what was there at that time, and has it taken back from
// the trail: nothing is left, and a second time there is nothing to do.
func TestRevert(t *testing.T) {
	for service, action := range map[string]string{APIServer: "api-role", Etcd: "etcd-key"} {
		s := &store{has: map[string]bool{}}
		server := httptest.NewTLSServer(s)
		defer server.Close()
		var made string
		s.onMade = func(key string) { made = key }
		o, trail := activeOn(t, server, service, action)
		found(t, o)
		log := events(t, trail)
		if !slices.Equal(log, []string{"begin", "do", "done", "undo", "undone", "end"}) || made == "" {
			t.Fatalf("trail %v, made %q", log, made)
		}
		for lines := range len(log) {
			s.has = map[string]bool{}
			there := lines == 2 || lines == 3
			if there {
				s.has[made] = true
			}
			name := killed(t, trail, lines)
			out, err := revert(t, name, nil)
			want := map[bool][]string{true: {action + " undone"}, false: nil}[there]
			if lines == 4 { // it was about to be taken back: that it was is not known
				want = []string{action + " gone"}
			}
			if err != nil || !slices.Equal(out, want) || len(s.has) > 0 {
				t.Errorf("%s after %d lines: %q, %v; want %q; left %v", service, lines, out, err, want, s.has)
			}
			if out, err := revert(t, name, nil); err != nil || len(out) > 0 {
				t.Errorf("%s after %d lines, a second time: %q, %v", service, lines, out, err)
			}
		}
	}
}

// TestRevertElsewhere takes nothing back at the server of another cluster, and tells of one that does not answer.
func TestRevertElsewhere(t *testing.T) {
	s := &store{has: map[string]bool{}}
	server := httptest.NewTLSServer(s)
	o, trail := activeOn(t, server, APIServer, "api-role")
	found(t, o)
	name := killed(t, trail, 3)
	s.log = nil
	rewrite(t, name, func(e *Entry) { e.Server = strings.Replace(e.Server, "key ", "authority ", 1) })
	if out, err := revert(t, name, nil); err == nil || !strings.Contains(err.Error(), "another cluster") || len(out)+len(s.log) > 0 {
		t.Errorf("%q, %v, sent %v", out, err, s.log)
	}
	name = killed(t, trail, 3)
	server.Close()
	if out, err := revert(t, name, nil); err != nil || len(out) != 1 || !strings.HasPrefix(out[0], "api-role left ") {
		t.Errorf("%q, %v", out, err)
	}
}

// rewrite changes lines of a trail and makes it whole again, as somebody with bad intentions can.
func rewrite(t *testing.T, name string, change func(*Entry)) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	last := ""
	for line := range bytes.Lines(data) {
		var e Entry
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		change(&e)
		e.Previous = last
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		last = hashed(text)
		out.Write(append(text, '\n'))
	}
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRevertMadeUp removes nothing that a trail names and no hunt makes.
func TestRevertMadeUp(t *testing.T) {
	s := &store{has: map[string]bool{}}
	server := httptest.NewTLSServer(s)
	defer server.Close()
	o, trail := activeOn(t, server, APIServer, "api-namespace")
	found(t, o)
	for what, change := range map[string]func(*Entry){
		"another request": func(e *Entry) { e.Undo = []string{"DELETE /api/v1/namespaces/kube-system"} },
		"one more":        func(e *Entry) { e.Undo = append(e.Undo, "DELETE /api/v1/namespaces/kube-system") },
		"another name":    func(e *Entry) { e.Mark = "../kube-system" },
		"no name":         func(e *Entry) { e.Mark = "" },
		"another step":    func(e *Entry) { e.Step = "etcd-key" },
		"a file":          func(e *Entry) { e.Step, e.Undo = varLogStep, []string{"UNLINK /etc/passwd"} },
		"a relative file": func(e *Entry) { e.Step, e.Undo = varLogStep, []string{"UNLINK bartizan-hunt-" + e.Mark} },
	} {
		name := killed(t, trail, 3)
		rewrite(t, name, func(e *Entry) {
			if e.Event == "do" {
				change(e)
			}
		})
		s.log = nil
		if out, err := revert(t, name, nil); err == nil || len(s.log) > 0 {
			t.Errorf("%s: %q, sent %v", what, out, s.log)
		}
	}
	name := killed(t, trail, 3)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.Replace(data, []byte("201"), []byte("403"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	if err := os.WriteFile(name, bytes.Join(lines[1:], nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := revert(t, name, nil); err == nil {
		t.Error("a trail without its beginning is taken")
	}
}

// TestTrailInUse keeps a second hunt, or somebody who reverts, away from a trail that is being written.
func TestTrailInUse(t *testing.T) {
	name := filepath.Join(t.TempDir(), "trail.jsonl")
	trail, err := OpenTrail(name, day)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReopenTrail(name, day); err == nil {
		t.Error("a trail in use is taken")
	}
	if err := trail.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := revert(t, name, nil); err != nil {
		t.Error(err)
	}
	if _, _, err := ReopenTrail(name+"x", day); err == nil {
		t.Error("a trail that is not there is taken")
	}
}

// TestVarLog plants a link, reads it through the kubelet as a stranger and through the API server with the pod's token,
// and removes it, also after a kill.
func TestVarLog(t *testing.T) {
	n := newLogNode(t)
	o, trail := activeOn(t, n.kubelet, Kubelet, varLogStep)
	o.Pod, o.Active.Scope.PodToken = n.pod, true
	ids, report, _ := found(t, o)
	if !slices.Contains(ids, "hunt-active-var-log") || len(n.read) != 2 {
		t.Errorf("findings %v, read %v, gaps %v, skips %v", ids, n.read, report.Gaps, report.Skips)
	}
	if left, err := os.ReadDir(n.logs); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	log := events(t, trail)
	if want := []string{"begin", "do", "done", "do", "done", "do", "done", "undo", "undone", "end"}; !slices.Equal(log, want) {
		t.Fatalf("trail %v, want %v", log, want)
	}
	data, err := os.ReadFile(trail)
	if err != nil {
		t.Fatal(err)
	}
	var e Entry
	if err := json.Unmarshal(bytes.Split(data, []byte("\n"))[1], &e); err != nil {
		t.Fatal(err)
	}
	planted := filepath.Join(n.pod.Root, strings.TrimPrefix(e.Undo[0], unlink))
	for lines := 2; lines < 9; lines++ {
		if err := os.Symlink(linkTarget, planted); err != nil {
			t.Fatal(err)
		}
		name := killed(t, trail, lines)
		if out, err := revert(t, name, nil); err != nil || len(out) != 1 || !strings.Contains(out[0], "run this in pod shop/web-0") {
			t.Errorf("outside of the pod: %q, %v", out, err)
		}
		if out, err := revert(t, name, n.pod); err != nil || !slices.Equal(out, []string{varLogStep + " undone"}) {
			t.Errorf("after %d lines: %q, %v", lines, out, err)
		}
		if out, err := revert(t, name, n.pod); err != nil || len(out) > 0 {
			t.Errorf("after %d lines, again: %q, %v", lines, out, err)
		}
	}
	if err := os.WriteFile(planted, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := revert(t, killed(t, trail, 3), n.pod); err != nil || len(out) != 1 || !strings.Contains(out[0], "left alone") {
		t.Errorf("a file of somebody else: %q, %v", out, err)
	}
}

// TestVarLogOutsideScope makes no link where the scope does not list the step or the kubelet.
func TestVarLogOutsideScope(t *testing.T) {
	n := newLogNode(t)
	for _, action := range []string{"kubelet-node-logs", varLogStep} {
		o, trail := activeOn(t, n.kubelet, Kubelet, action)
		o.Pod = n.pod
		o.Active.Scope.places[0].port = 1
		src, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := src.Read(context.WithoutCancel(t.Context()), func(bartizan.Item) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if log := events(t, trail); slices.Contains(log, "do") {
			t.Errorf("%s: trail %v", action, log)
		}
	}
}

// TestRevertOtherFile: a file that is no trail is refused and left as it is, also where it has no line that is whole.
func TestRevertOtherFile(t *testing.T) {
	for _, text := range []string{"a secret without an end of line", `{"authorisedBy": "Jo"}`, "{\"x\":1}\n", "{\"x\":1}\n{\"time\":", "{\"time\":\"2026-11-21T10:00:00Z\"}\n", "# notes\n"} {
		name := filepath.Join(t.TempDir(), "other.txt")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := revert(t, name, nil); err == nil {
			t.Errorf("%q was taken for a trail: %v", text, out)
		}
		if after, err := os.ReadFile(name); err != nil || string(after) != text {
			t.Errorf("%q became %q, %v", text, after, err)
		}
	}
}
