package e2e

import (
	"os"
	"testing"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// The clusters that the tests of this package share. A cluster starts when the first test asks for it.
var (
	hardened = cluster.Share(cluster.Hardened)
	weak     = cluster.Share(cluster.Weak)
	// policies is where admission policies alone decide, so that a verdict is theirs and nobody else's.
	policies = cluster.Share(cluster.Hardened, cluster.PoliciesOnly())
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, shared := range []*cluster.Shared{hardened, weak, policies} {
		shared.Stop()
	}
	os.Exit(code)
}
