//go:build unix

package detect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/falco"
)

// upstream is all of Falco's own rule files.
func upstream(t testing.TB) (files []falco.File) {
	t.Helper()
	for _, name := range []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml", "k8s_audit_rules.yaml"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "falco-rules", name))
		if err != nil {
			t.Skipf("no upstream rules here: %v", err)
		}
		files = append(files, falco.File{Name: name, Text: string(data)})
	}
	return files
}

// fullEvent is what a reader of audit logs usually decodes a record into.
type fullEvent struct {
	Level, AuditID, Stage, RequestURI, Verb string
	User, ImpersonatedUser                  struct {
		Username, UID string
		Groups        []string
		Extra         map[string][]string
	}
	SourceIPs      []string
	UserAgent      string
	ObjectRef      struct{ Resource, Namespace, Name, UID, APIGroup, APIVersion, Subresource string }
	ResponseStatus struct {
		Code            int
		Reason, Message string
	}
	RequestObject, ResponseObject            json.RawMessage
	RequestReceivedTimestamp, StageTimestamp time.Time
	Annotations                              map[string]string
}

// BenchmarkAudit decodes recorded events and judges them by all upstream rules and all of ours, windows included. It prints
// events per second of processor time, and how much faster that is than encoding/json at only decoding the same events.
func BenchmarkAudit(b *testing.B) {
	var metadata, responses []string
	all := recorded(b, "benign.jsonl")
	for _, line := range all {
		if strings.Contains(line, `"responseObject"`) {
			responses = append(responses, line)
		}
		if strings.Contains(line, `"level":"Metadata"`) {
			metadata = append(metadata, line)
		}
	}
	for _, mix := range []struct {
		name  string
		lines []string
		quiet bool
	}{{"Metadata", metadata, false}, {"RequestResponse", responses, true}, {"RequestResponse-alerting", responses, false}, {"recorded", all, false}} {
		b.Run(mix.name, func(b *testing.B) { benchmarkMix(b, mix.lines, mix.quiet) })
	}
}

// benchmarkMix runs one mix. Nearly every recorded RequestResponse event is the creation of a role, and what costs most is to
// write down what upstream rules say of it: quiet leaves out the rules that tell of every role, to show how fast judging is.
func benchmarkMix(b *testing.B, lines []string, quiet bool) {
	c := detect.Config{Rules: builtin(b), Falco: upstream(b)}
	if quiet {
		c.Keep = func(name string, enabled bool) bool {
			return enabled && !strings.HasPrefix(name, "K8s ") && !strings.HasPrefix(name, "ClusterRole With ") && !strings.HasPrefix(name, "System ClusterRole ")
		}
	}
	s, _, err := detect.New(c)
	if err != nil {
		b.Fatal(err)
	}
	r := s.NewRunner()
	var a event.Audit
	alerts, bytes := 0, 0
	for _, line := range lines {
		bytes += len(line)
	}
	b.SetBytes(int64(bytes / len(lines)))
	b.ReportAllocs()
	i, start := 0, cpu()
	for b.Loop() {
		if err := a.Decode(lines[i%len(lines)]); err != nil {
			b.Fatal(err)
		}
		r.Audit(&a, bartizan.Origin{File: "log", Line: i}, func(*detect.Alert) { alerts++ })
		i++
	}
	own := (cpu() - start) / time.Duration(i)
	b.ReportMetric(float64(standard(b, lines))/float64(own), "x-encoding/json")
	b.ReportMetric(float64(time.Second)/float64(own), "events/cpu-s")
	b.ReportMetric(float64(alerts)/float64(i), "alerts/op")
}

// standard is the processor time that encoding/json takes for an event: the best of several rounds.
func standard(b *testing.B, lines []string) time.Duration {
	best := time.Duration(0)
	for range 5 {
		start, n := cpu(), 0
		for n < 200 || cpu()-start < 50*time.Millisecond {
			var e fullEvent
			if err := json.Unmarshal([]byte(lines[n%len(lines)]), &e); err != nil {
				b.Fatal(err)
			}
			n++
		}
		if d := (cpu() - start) / time.Duration(n); best == 0 || d < best {
			best = d
		}
	}
	return best
}

// cpu is the time that this process has used of all processors: other work on the machine does not count.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
