package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// verdict is what the API server said of one object.
type verdict struct {
	invalid  string   // why there is no verdict
	failed   []string // the rules whose policy failed
	messages map[string]string
}

// judge asks an API server about objects under policies bound with Audit. Unlike warnings, which the server cuts at
// 4096 characters, the audit log names every policy that failed; requests are found in it by the id that they carry.
type judge struct {
	cluster *cluster.Cluster
	objects *dynamic.DynamicClient
	kinds   meta.RESTMapper
}

// auditIDKey carries the audit id of a request in its context.
type auditIDKey struct{}

// auditIDs sets the audit id of requests.
type auditIDs struct{ next http.RoundTripper }

func (a auditIDs) RoundTrip(r *http.Request) (*http.Response, error) {
	if id, ok := r.Context().Value(auditIDKey{}).(string); ok {
		r = r.Clone(r.Context())
		r.Header.Set("Audit-ID", id)
	}
	return a.next.RoundTrip(r)
}

// newJudge makes a judge, and the namespaces that the objects live in.
func newJudge(t *testing.T, c *cluster.Cluster, objects []exportObject) *judge {
	t.Helper()
	config := c.Admin().Config
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return auditIDs{next} })
	disc, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := restmapper.GetAPIGroupResources(disc)
	if err != nil {
		t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, o := range objects {
		if name := o.object.GetNamespace(); name != "" && !made[name] {
			made[name] = true
			namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace",
				"metadata": map[string]any{"name": name}}}
			if err := c.Apply(t.Context(), namespace); err != nil {
				t.Fatal(err)
			}
		}
	}
	return &judge{c, client, restmapper.NewDiscoveryRESTMapper(groups)}
}

// apply applies policies and waits until the last of them is in force.
func (j *judge) apply(t *testing.T, policies []*unstructured.Unstructured) {
	t.Helper()
	for _, object := range policies {
		if err := j.cluster.Apply(t.Context(), object); err != nil {
			t.Fatalf("the API server does not accept an exported object: %v", err)
		}
	}
	applyFile(t, j.cluster, "testdata/export/canary.yaml")
	cluster.Eventually(t, 20*time.Second, func() error {
		canary := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{"name": "canary", "namespace": "default"}}}
		got, err := j.cluster.Admit(t.Context(), canary)
		if err == nil && len(got.Policies()) == 0 {
			err = fmt.Errorf("the policy that was applied last is not in force: %+v", got)
		}
		return err
	})
}

// judge asks about every object, four at a time.
func (j *judge) judge(t *testing.T, objects []exportObject) []verdict {
	t.Helper()
	verdicts := make([]verdict, len(objects))
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range next {
				_, verdicts[i].invalid = j.create(t.Context(), fmt.Sprintf("%s-%d", run, i), objects[i].object)
			}
		})
	}
	valid := 0
	for i := range objects {
		next <- i
	}
	close(next)
	wg.Wait()
	for i := range verdicts {
		if verdicts[i].invalid == "" {
			valid++
		}
	}
	cluster.Eventually(t, 10*time.Second, func() error {
		seen, err := j.readAudit(run, verdicts)
		if err == nil && seen < valid {
			err = fmt.Errorf("the audit log has %d of %d requests", seen, valid)
		}
		return err
	})
	return verdicts
}

// create asks to create an object without storing it, and returns what would be stored.
func (j *judge) create(ctx context.Context, id string, object *unstructured.Unstructured) (*unstructured.Unstructured, string) {
	kind := object.GroupVersionKind()
	mapping, err := j.kinds.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, "not served: " + kind.GroupVersion().String() + " " + kind.Kind
	}
	var client dynamic.ResourceInterface = j.objects.Resource(mapping.Resource)
	if mapping.Scope.Name() != meta.RESTScopeNameRoot {
		client = j.objects.Resource(mapping.Resource).Namespace(object.GetNamespace())
	}
	stored, err := client.Create(context.WithValue(ctx, auditIDKey{}, id), object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	switch {
	case err == nil, apierrors.IsAlreadyExists(err):
		return stored, ""
	case apierrors.IsInvalid(err):
		return nil, "invalid: " + kind.Kind
	}
	return nil, err.Error()
}

// readAudit reads from the audit log which policies failed, and counts the requests that it holds.
func (j *judge) readAudit(run string, verdicts []verdict) (int, error) {
	log, err := os.ReadFile(j.cluster.AuditLog)
	if err != nil {
		return 0, err
	}
	seen := 0
	lines := bufio.NewScanner(bytes.NewReader(log))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if !bytes.Contains(lines.Bytes(), []byte(`"auditID":"`+run)) {
			continue
		}
		var event struct {
			AuditID, Stage string
			Annotations    map[string]string
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil || event.Stage != "ResponseComplete" {
			continue
		}
		i, err := strconv.Atoi(strings.TrimPrefix(event.AuditID, run+"-"))
		if err != nil || verdicts[i].invalid != "" {
			continue
		}
		seen++
		verdicts[i].failed, verdicts[i].messages = nil, map[string]string{}
		text, ok := event.Annotations["validation.policy.admission.k8s.io/validation_failure"]
		if !ok {
			continue
		}
		var failures []struct{ Policy, Message string }
		if err := json.Unmarshal([]byte(text), &failures); err != nil {
			return 0, fmt.Errorf("reading the failures of request %d: %w", i, err)
		}
		for _, f := range failures {
			id := strings.TrimPrefix(f.Policy, "bartizan-")
			verdicts[i].failed = append(verdicts[i].failed, id)
			verdicts[i].messages[id] = f.Message
		}
	}
	return seen, lines.Err()
}

// summarise writes counts by reason on one line, the most frequent first.
func summarise(reasons map[string]int) string {
	var parts []string
	for reason, n := range reasons {
		parts = append(parts, fmt.Sprintf("%d %.120s", n, reason))
	}
	return strings.Join(sorted(parts), "; ")
}
