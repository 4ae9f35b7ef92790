package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rules"
)

// TestPathKinds checks that of a live cluster everything is read that an edge's examples are made of, but for the
// configuration files, which no API server serves.
func TestPathKinds(t *testing.T) {
	for _, edge := range rules.Edges() {
		for _, example := range edge.Examples() {
			for doc, err := range tree.Parse(example.Text, tree.DefaultLimits()) {
				if err != nil {
					continue // the test of the examples tells
				}
				objects, _ := kube.Decode(doc, bartizan.Origin{})
				for _, o := range objects {
					file := strings.HasSuffix(o.Group, ".config.k8s.io") || o.Group == "" && o.Version != "v1"
					if kind := string(o.Ref.Kind); !file && !kube.HoldsPods(o.Ref.Kind) && !slices.Contains(pathKinds, kind) {
						t.Errorf("%s needs %s, which is not read of a live cluster", edge.ID, kind)
					}
				}
			}
		}
	}
}
