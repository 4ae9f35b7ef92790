package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// sink is an audit webhook that keeps what it is sent.
type sink struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *sink) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	io.Copy(&s.text, r.Body)
}

func (s *sink) has(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Contains(s.text.Bytes(), []byte(text)) {
		return fmt.Errorf("no event with %s among %d bytes of audit events", text, s.text.Len())
	}
	return nil
}

// TestControllersAndAuditWebhook needs a cluster of its own, for its options.
func TestControllersAndAuditWebhook(t *testing.T) {
	var received sink
	server := httptest.NewServer(&received)
	defer server.Close()
	c := cluster.Start(t, cluster.Hardened, cluster.WithControllerManager(), cluster.WithAuditWebhook(server.URL))
	applyFile(t, c, "testdata/deployment.yaml")
	pods := client(t, c.Admin(), nil).CoreV1().Pods("smoke-controllers")
	cluster.Eventually(t, 30*time.Second, func() error {
		made, err := pods.List(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
		if err == nil && len(made.Items) != 2 {
			err = fmt.Errorf("the Deployment has made %d pods, not 2", len(made.Items))
		}
		return err
	})
	cluster.Eventually(t, 10*time.Second, func() error {
		return received.has(`"username":"system:serviceaccount:kube-system:replicaset-controller"`)
	})
}
