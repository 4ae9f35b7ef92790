package falco

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
)

const (
	upstreamRules = "/work/shared/data/falco-rules"
	recorded      = "/work/shared/data/audit"
)

// upstream reads the upstream rule files, or skips.
func upstream(t testing.TB, names ...string) []File {
	t.Helper()
	var files []File
	for _, n := range names {
		text, err := os.ReadFile(filepath.Join(upstreamRules, n))
		if err != nil {
			t.Skip("the upstream rule files are not here")
		}
		files = append(files, File{n, string(text)})
	}
	return files
}

// events reads recorded audit events, or skips.
func events(t testing.TB, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(recorded, name))
	if err != nil {
		t.Skip("there are no recorded audit events here")
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		lines = append(lines, line)
	}
	return lines
}

func TestUpstreamFilesLoad(t *testing.T) {
	for name, want := range map[string]int{"falco_rules.yaml": 25, "falco-incubating_rules.yaml": 31, "falco-sandbox_rules.yaml": 37, "k8s_audit_rules.yaml": 48} {
		s, notices := Load(upstream(t, name), Options{})
		if len(s.Rules) != want {
			t.Errorf("%s: %d rules, want %d", name, len(s.Rules), want)
		}
		for _, n := range notices {
			t.Errorf("a doubt about what upstream wrote: %s", n)
		}
	}
	s, notices := Load(upstream(t, "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml", "k8s_audit_rules.yaml"), Options{})
	if e := notices.Errors(); len(e) > 0 || len(s.Rules) != 141 {
		t.Errorf("all four together: %d rules, want 141; errors %v", len(s.Rules), e)
	}
}

// TestUpstreamOnRecordedEvents judges what a real API server recorded. The attacks must raise what upstream's rules say
// of them, and the benign load nothing that only an attack does.
func TestUpstreamOnRecordedEvents(t *testing.T) {
	s, _ := Load(upstream(t, "k8s_audit_rules.yaml"), Options{})
	p, err := s.Plan("k8s_audit", RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	counts := func(file string) map[string]int {
		counts, r := map[string]int{}, p.NewRunner()
		for _, line := range events(t, file) {
			var a event.Audit
			if err := a.Decode(line); err != nil {
				t.Fatal(err)
			}
			for _, m := range r.Audit(&a) {
				counts[m.Name]++
				if a := r.Alert(m); strings.Contains(a.Output, "%") || a.Time.IsZero() {
					t.Errorf("%s: an odd alert %+v", m.Name, a)
				}
			}
		}
		return counts
	}
	attacks, benign := counts("attacks.jsonl"), counts("benign.jsonl")
	for _, name := range []string{"Attach to cluster-admin Role", "Create Privileged Pod", "Create Sensitive Mount Pod", "Create HostNetwork Pod", "Create HostPid Pod",
		"ClusterRole With Wildcard Created", "ClusterRole With Pod Exec Created", "Create NodePort Service", "Attach/Exec Pod", "EphemeralContainers Created", "Create Disallowed Namespace"} {
		if attacks[name] == 0 {
			t.Errorf("no attack raises %q", name)
		}
	}
	for _, name := range []string{"Create Privileged Pod", "Create HostNetwork Pod", "EphemeralContainers Created", "Create NodePort Service", "Anonymous Request Allowed"} {
		if benign[name] > 0 {
			t.Errorf("the benign load raises %q %d times", name, benign[name])
		}
	}
}

// TestUpstreamPlannedAsNaive compares the planned rules with a walk of their trees, on recorded events and on such with
// parts taken out or exchanged.
func TestUpstreamPlannedAsNaive(t *testing.T) {
	s, _ := Load(upstream(t, "k8s_audit_rules.yaml"), Options{})
	p, err := s.Plan("k8s_audit", RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, walk := p.NewRunner(), p.NewRunner()
	lines := append(events(t, "attacks.jsonl"), events(t, "benign.jsonl")...)
	random := rand.New(rand.NewPCG(1, 2))
	n := 0
	for i, line := range lines {
		for _, text := range []string{line, mutate(random, line, lines[random.IntN(len(lines))])} {
			var a event.Audit
			if a.Decode(text) != nil {
				t.Fatalf("event %d: mutated into what is no record", i)
			}
			matched := slices.Clone(r.Audit(&a))
			var want []*Rule
			for _, rule := range p.Rules() {
				walk.frame.audit, walk.frame.time = &a, time.Time{}
				if naive(rule.cond, &walk.frame) {
					want = append(want, rule)
				}
			}
			if n += len(want); !slices.Equal(matched, want) {
				t.Fatalf("event %d: planned %v, naive %v\n%s", i, ruleNames(matched), ruleNames(want), text)
			}
		}
	}
	t.Logf("%d matches alike", n)
}

func ruleNames(all []*Rule) (names []string) {
	for _, r := range all {
		names = append(names, r.Name)
	}
	return names
}

// mutate takes a key out of a record, or takes one over from another record.
func mutate(random *rand.Rand, text, other string) string {
	var m, o map[string]any
	if json.Unmarshal([]byte(text), &m) != nil || json.Unmarshal([]byte(other), &o) != nil {
		return text
	}
	keys := slices.Sorted(maps.Keys(m))
	k := keys[random.IntN(len(keys))]
	if v, ok := o[k]; ok && random.IntN(2) == 0 {
		m[k] = v
	} else {
		delete(m, k)
	}
	data, err := json.Marshal(m)
	if err != nil {
		return text
	}
	return string(data)
}

func TestNoAllocationsWithoutMatch(t *testing.T) {
	s, _ := Load(upstream(t, "k8s_audit_rules.yaml"), Options{})
	p, err := s.Plan("k8s_audit", RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRunner()
	quiet := 0
	for _, line := range events(t, "benign.jsonl") {
		var a event.Audit
		if a.Decode(line) != nil || len(r.Audit(&a)) > 0 {
			continue
		}
		quiet++
		if quiet%20 != 0 {
			continue
		}
		if n := testing.AllocsPerRun(100, func() {
			if a.Decode(line) != nil || len(r.Audit(&a)) > 0 {
				t.Fatal("it matches")
			}
		}); n != 0 {
			t.Errorf("%v allocations for an event that matches nothing: %.200s", n, line)
		}
	}
	if quiet < 1000 {
		t.Errorf("only %d events match nothing", quiet)
	}
}

// TestUpstreamSyscallRules judges events given as fields by upstream's rules for system calls.
func TestUpstreamSyscallRules(t *testing.T) {
	s, _ := Load(upstream(t, "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"), Options{})
	p, err := s.Plan("syscall", RunOptions{Keep: func(*Rule) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRunner()
	in := func(more Record) Record {
		base := Record{"container.id": "3ad7b26ded6d", "container.image.repository": "docker.io/library/web", "evt.rawres": 3, "evt.res": "SUCCESS", "proc.name": "sh", "proc.pname": "runc", "user.name": "root",
			"user.uid": 0, "proc.cmdline": "sh", "proc.exepath": "/bin/sh", "proc.tty": 0, "proc.vpid": 5, "evt.num": 1}
		maps.Copy(base, more)
		return base
	}
	for _, c := range []struct {
		rule   string
		event  Record
		silent bool
	}{
		{"Read sensitive file untrusted", in(Record{"evt.type": "openat", "evt.is_open_read": true, "fd.typechar": "f", "fd.num": 3, "fd.name": "/etc/shadow", "fd.directory": "/etc", "proc.name": "cat", "proc.cmdline": "cat /etc/shadow"}), false},
		{"Read sensitive file untrusted", in(Record{"evt.type": "openat", "evt.is_open_read": true, "fd.typechar": "f", "fd.num": 3, "fd.name": "/etc/hostname", "fd.directory": "/etc", "proc.name": "cat"}), true},
		{"Terminal shell in container", in(Record{"evt.type": "execve", "evt.arg.res": "SUCCESS", "proc.tty": 34816, "proc.name": "bash", "proc.vpid": 1}), false},
		{"Terminal shell in container", in(Record{"evt.type": "execve", "proc.tty": 0, "proc.name": "bash"}), true},
		{"Drop and execute new binary in container", in(Record{"evt.type": "execve", "proc.is_exe_upper_layer": true, "proc.name": "x"}), false},
		{"Drop and execute new binary in container", in(Record{"evt.type": "execve", "proc.is_exe_upper_layer": false, "proc.name": "x"}), true},
		{"Fileless execution via memfd_create", in(Record{"evt.type": "execve", "proc.is_exe_from_memfd": true, "proc.name": "x", "proc.exepath": "memfd:x", "proc.pname": "sh"}), false},
		{"PTRACE attached to process", in(Record{"evt.type": "ptrace", "evt.arg.request": "PTRACE_ATTACH", "proc.name": "gdb", "proc.name_": "x"}), false},
		{"PTRACE attached to process", in(Record{"evt.type": "ptrace", "evt.arg.request": "PTRACE_GETREGS", "proc.name": "gdb"}), true},
		{"Clear Log Activities", in(Record{"evt.type": "openat", "evt.is_open_write": true, "evt.arg.flags": "O_TRUNC|O_WRONLY", "fd.typechar": "f", "fd.num": 3, "fd.name": "/var/log/syslog", "fd.directory": "/var/log", "proc.name": "sh"}), false},
		{"Linux Kernel Module Injection Detected", in(Record{"evt.type": "init_module", "thread.cap_effective": "CAP_SYS_MODULE", "evt.res": "SUCCESS"}), false},
	} {
		matched := slices.ContainsFunc(r.Record(c.event, time.Unix(1, 0)), func(m *Rule) bool { return m.Name == c.rule })
		if s.Find(c.rule) == nil || matched == c.silent {
			t.Errorf("%s: matched %v, want %v, by %v\n%s", c.rule, matched, !c.silent, c.event, s.Find(c.rule).Condition)
		}
	}
}
