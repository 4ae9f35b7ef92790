package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/grant/excess"
)

var (
	writeLog  = flag.String("audit.write", "", "write a generated audit log to this file")
	writeSize = flag.Int64("audit.size", 1<<30, "how many bytes of it")
)

// generate writes a log as a cluster of 300 service accounts makes it: controllers that get, list, watch, patch; leases
// renewed; now and then a pod created with its whole object in the record.
func generate(w io.Writer, size int64) error {
	r := rand.New(rand.NewPCG(1, 2))
	out := bufio.NewWriterSize(w, 1<<20)
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	resources := [][2]string{
		{"", "pods"}, {"", "configmaps"}, {"", "secrets"}, {"coordination.k8s.io", "leases"}, {"apps", "deployments"}, {"", "services"},
		{"apps", "replicasets"}, {"discovery.k8s.io", "endpointslices"}, {"", "events"}, {"batch", "jobs"},
	}
	verbs := []string{"get", "get", "get", "list", "watch", "update", "patch", "patch", "create", "delete"}
	var pod bytes.Buffer
	for i := range 24 {
		fmt.Fprintf(&pod, `{"name":"VAR_%d","value":"http://svc-%d.ns.svc.cluster.local:8080/path?q=\"%d\""},`, i, i, i)
	}
	for i, n := 0, int64(0); n < size; i++ {
		sa := r.IntN(300)
		res, verb := resources[(sa+r.IntN(3))%len(resources)], verbs[r.IntN(len(verbs))]
		at := start.Add(time.Duration(i) * 17 * time.Millisecond).Format("2006-01-02T15:04:05.000000Z")
		body := ""
		if verb == "create" || r.IntN(12) == 0 {
			body = fmt.Sprintf(`"requestObject":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-%d"},"spec":{"containers":[{"name":"c","env":[%s{"name":"LAST"}]}]}},`, i, pod.String())
		}
		m, err := fmt.Fprintf(out, `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"%016x-%d","stage":"ResponseComplete",`+
			`"requestURI":"/apis/%s/v1/namespaces/ns-%d/%s/obj-%d?timeout=30s\u0026fieldManager=controller","verb":"%s","user":{"username":"system:serviceaccount:ns-%d:sa-%d",`+
			`"uid":"0b6b3c1e-36ae-4c4c-8a07-%012d","groups":["system:serviceaccounts","system:serviceaccounts:ns-%d","system:authenticated"],`+
			`"extra":{"authentication.kubernetes.io/credential-id":["JTI=6e1b3a52-8f4b-4bd0-9d4c-%012d"],"authentication.kubernetes.io/node-name":["node-%d"],"authentication.kubernetes.io/pod-name":["sa-%d-0"]}},`+
			`"sourceIPs":["10.0.%d.%d"],"userAgent":"controller/v1.2.3 (linux/amd64) kubernetes/abcdef","objectRef":{"resource":"%s","namespace":"ns-%d","name":"obj-%d","apiGroup":"%s","apiVersion":"v1"},`+
			`"responseStatus":{"metadata":{},"code":200},%s"requestReceivedTimestamp":"%s","stageTimestamp":"%s","annotations":{"authorization.k8s.io/decision":"allow",`+
			`"authorization.k8s.io/reason":"RBAC: allowed by RoleBinding \"sa-%d/ns-%d\" of Role \"role-%d\" to ServiceAccount \"sa-%d/ns-%d\""}}`+"\n",
			r.Uint64(), i, res[0], sa%40, res[1], r.IntN(50), verb, sa%40, sa, sa, sa%40, sa, sa%20, sa, sa%250, sa%200, res[1], sa%40, r.IntN(50), res[0], body, at, at, sa, sa%40, sa, sa, sa%40)
		n += int64(m)
		if err != nil {
			return fmt.Errorf("write the log: %w", err)
		}
	}
	return out.Flush()
}

func TestMain(m *testing.M) {
	flag.Parse()
	if *writeLog != "" {
		f, err := os.Create(*writeLog)
		if err == nil {
			err = generate(f, *writeSize)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// BenchmarkUsage reads a log into Usages, on one processor and on all, beside what encoding/json makes of the same log with just
// the fields that are needed.
func BenchmarkUsage(b *testing.B) {
	var text bytes.Buffer
	if err := generate(&text, 32<<20); err != nil {
		b.Fatal(err)
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("bartizan/workers=%d", workers), func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				f := Files{Paths: []string{"-"}, Stdin: bytes.NewReader(text.Bytes()), Workers: workers}
				shards := make([]*excess.Usage, workers)
				for i := range shards {
					shards[i] = excess.NewUsage(nil)
				}
				counts, gaps, err := f.Each(context.Background(), func(i int, a *event.Audit) { shards[i].Add(a) })
				if err != nil || len(gaps) > 0 || counts.Records == 0 {
					b.Fatal(counts, gaps, err)
				}
				for _, s := range shards[1:] {
					shards[0].Merge(s)
				}
			}
		})
		b.Run(fmt.Sprintf("encoding-json/workers=%d", workers), func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				standard(b, text.Bytes(), workers)
			}
		})
	}
}

// needed is what an event says that counts for rights.
type needed struct {
	Stage, Verb, RequestURI string
	User, ImpersonatedUser  struct {
		Username string
		Groups   []string
	}
	ObjectRef                                struct{ Resource, Namespace, Name, APIGroup, Subresource string }
	ResponseStatus                           struct{ Code int }
	RequestReceivedTimestamp, StageTimestamp time.Time
	Annotations                              map[string]string
}

func standard(b *testing.B, text []byte, workers int) {
	b.Helper()
	lines := bytes.SplitAfter(text, []byte("\n"))
	var group sync.WaitGroup
	for i := range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			seen := map[string]int{}
			for j := i; j < len(lines); j += workers {
				var n needed
				if len(lines[j]) > 0 && json.Unmarshal(lines[j], &n) != nil {
					b.Error("cannot decode")
				}
				seen[n.User.Username+"\x00"+n.Verb+"\x00"+n.ObjectRef.APIGroup+"\x00"+n.ObjectRef.Resource+"\x00"+n.ObjectRef.Namespace]++
			}
		}()
	}
	group.Wait()
}
