package hunt

import (
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

var (
	weak     = cluster.Share(cluster.Weak, cluster.WithControllerManager(), cluster.WithAuditLog())
	hardened = cluster.Share(cluster.Hardened, cluster.WithControllerManager())
)

func TestMain(m *testing.M) {
	code := m.Run()
	weak.Stop()
	hardened.Stop()
	os.Exit(code)
}

// document is what hunt -o json writes, as far as the tests read it.
type document struct {
	Findings []struct {
		Rule, Severity, Message string
		Subject                 struct{ Kind, Name string }
		Evidence                []struct{ Path, Value string }
	}
	Gaps []struct{ Reason string }
}

// rules are the rules with findings, each once, sorted.
func (d document) rules() []string {
	var ids []string
	for _, f := range d.Findings {
		ids = append(ids, f.Rule)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

var (
	once  sync.Once
	built product.Binary
)

// binary is the product, built once for all tests of the package.
func binary(t *testing.T) product.Binary {
	t.Helper()
	once.Do(func() { built = product.Build(t) })
	if built == "" {
		t.Fatal("the product could not be built: see the first test that needed it")
	}
	return built
}

func hunted(t *testing.T, want int, args ...string) (document, []byte) {
	t.Helper()
	result := binary(t).Run(t, nil, append([]string{"hunt", "-o", "json", "--in-pod", "never", "--rate", "500"}, args...)...)
	var d document
	result.JSON(t, &d)
	if result.Code != want {
		t.Errorf("exit code %d, want %d; findings %q, gaps %v\n%s", result.Code, want, d.rules(), d.Gaps, result.Stderr)
	}
	return d, result.Stdout
}

// targets are the servers of a control plane, in the notation of hunt.
func targets(t *testing.T, c *cluster.Cluster) []string {
	t.Helper()
	host := func(raw string) string {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		return u.Host
	}
	found := []string{"apiserver=" + host(c.Server), "etcd=" + host(c.Etcd.URL)}
	for _, component := range c.Components {
		for _, arg := range component.Args {
			if peer, ok := strings.CutPrefix(arg, "--listen-peer-urls="); ok {
				found = append(found, "etcdpeer="+host(peer))
			}
			if port, ok := strings.CutPrefix(arg, "--secure-port="); ok && component.Name == cluster.ControllerManager {
				found = append(found, "controllermanager=127.0.0.1:"+port)
			}
		}
	}
	return found
}

// TestWeak expects every finding that a weak control plane deserves.
func TestWeak(t *testing.T) {
	d, _ := hunted(t, 1, targets(t, weak.Get(t))...)
	want := []string{
		"hunt-api-anonymous", "hunt-api-discovery", "hunt-api-health", "hunt-api-metrics", "hunt-api-profiling", "hunt-api-read",
		"hunt-api-rights", "hunt-api-secrets", "hunt-api-version", "hunt-component-configz", "hunt-component-metrics",
		"hunt-component-profiling", "hunt-etcd-members", "hunt-etcd-metrics", "hunt-etcd-peer", "hunt-etcd-plain", "hunt-etcd-read",
		"hunt-etcd-version",
	}
	if got := d.rules(); !slices.Equal(got, want) {
		t.Errorf("findings %q,\nwant %q\n%+v", got, want, d.Gaps)
	}
	for _, f := range d.Findings {
		if len(f.Evidence) == 0 || f.Evidence[0].Value == "" {
			t.Errorf("%s at %s has no evidence", f.Rule, f.Subject.Name)
		}
	}
}

// TestHardened expects nothing of a hardened control plane, and that everything answered.
func TestHardened(t *testing.T) {
	d, _ := hunted(t, 0, targets(t, hardened.Get(t))...)
	if len(d.Findings) > 0 || len(d.Gaps) > 0 {
		t.Errorf("findings %+v, gaps %v; want none", d.Findings, d.Gaps)
	}
}
