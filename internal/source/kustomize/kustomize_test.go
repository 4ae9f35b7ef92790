package kustomize

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/sandbox"
)

// TestMain lets the test binary be its own sandbox.
func TestMain(m *testing.M) {
	if handled, code := sandbox.Main(os.Args, map[string]sandbox.Job{Job: Build}); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func TestShared(t *testing.T) {
	p := &sandbox.Process{}
	defer p.Close()
	root := os.DirFS("/work/shared/data/kustomize")
	for _, dir := range []string{".", "tests/memorystore-with-all-components", "tests/spanner-with-all-components", "tests/service-mesh-istio-with-all-components"} {
		b := &Builds{Process: p, List: []Kustomization{{FS: root, Dir: dir, File: "kustomization.yaml", Name: "data/" + dir}}}
		at := time.Now()
		b.Read(context.Background(), func(it bartizan.Item) error {
			if it.Gap != nil {
				t.Log(*it.Gap)
			} else {
				o := it.Entity.Value.(*kube.Object)
				t.Logf("%+v %+v", o.Ref, o.Origin)
			}
			return nil
		})
		t.Log(time.Since(at))
	}
}
