//go:build unix

package falco

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
)

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

// BenchmarkAudit decodes recorded events and judges them by all upstream rules, once as Metadata events, once as
// RequestResponse events of about 1.8 KB, and once as they were recorded. It prints events per second of processor time, and how much
// faster that is than encoding/json is at only decoding the same events in the same run.
func BenchmarkAudit(b *testing.B) {
	all := events(b, "benign.jsonl")
	var metadata, responses []string
	for _, line := range all {
		var e map[string]json.RawMessage
		if json.Unmarshal([]byte(line), &e) != nil {
			b.Fatal("not JSON")
		}
		if e["responseObject"] != nil {
			responses = append(responses, line)
		}
		if strings.Contains(line, `"level":"Metadata"`) {
			metadata = append(metadata, line)
		}
	}
	for _, mix := range []struct {
		name  string
		lines []string
	}{{"Metadata", metadata}, {"RequestResponse", responses}, {"recorded", all}} {
		b.Run(mix.name, func(b *testing.B) { benchmarkMix(b, mix.lines) })
	}
}

func benchmarkMix(b *testing.B, lines []string) {
	s, _ := Load(upstream(b, "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml", "k8s_audit_rules.yaml"), Options{})
	p, err := s.Plan("k8s_audit", RunOptions{})
	if err != nil {
		b.Fatal(err)
	}
	r := p.NewRunner()
	var a event.Audit
	matches, bytes := 0, 0
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
		matches += len(r.Audit(&a))
		i++
	}
	own := (cpu() - start) / time.Duration(i)
	b.ReportMetric(float64(standard(b, lines))/float64(own), "x-encoding/json")
	b.ReportMetric(float64(time.Second)/float64(own), "events/cpu-s")
	b.ReportMetric(float64(matches)/float64(i), "matches/op")
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
