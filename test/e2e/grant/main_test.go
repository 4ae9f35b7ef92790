package grant

import (
	"os"
	"testing"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// live is the cluster that the tests of this package share. It has a controller manager, which aggregates roles.
var live = cluster.Share(cluster.Hardened, cluster.WithControllerManager())

func TestMain(m *testing.M) {
	code := m.Run()
	live.Stop()
	os.Exit(code)
}
