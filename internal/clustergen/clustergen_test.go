package clustergen_test

import (
	"os"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"

	"github.com/bartizan-dev/bartizan"
)

// TestManifests checks that what is made can be read, is of the promised number and size, and is the same
// each time. With BARTIZAN_GENERATE=FILE it also writes 10,000 workloads there, for measurements by hand.
func TestManifests(t *testing.T) {
	text := clustergen.Manifests(clustergen.Options{Seed: 1, Workloads: 500})
	if text != clustergen.Manifests(clustergen.Options{Seed: 1, Workloads: 500}) {
		t.Error("the same options made different manifests")
	}
	if text == clustergen.Manifests(clustergen.Options{Seed: 2, Workloads: 500}) {
		t.Error("another seed made the same manifests")
	}
	if size := len(text) / 500; size < 2000 || size > 5000 {
		t.Errorf("a workload has %d bytes on average, not 2 to 5 KB", size)
	}
	workloads := 0
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			t.Fatal(err)
		}
		objects, errs := kube.Decode(doc, bartizan.Origin{})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for _, o := range objects {
			workloads += len(o.Workloads)
		}
	}
	if workloads != 500 {
		t.Errorf("asked for 500 workloads, found %d", workloads)
	}
	if file := os.Getenv("BARTIZAN_GENERATE"); file != "" {
		if err := os.WriteFile(file, []byte(clustergen.Manifests(clustergen.Options{Seed: 1, Workloads: 10_000})), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
