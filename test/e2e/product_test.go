package e2e

import (
	"testing"

	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

func TestProductRuns(t *testing.T) {
	if got := product.Build(t).Run(t, nil, "--help"); got.Code != 0 || len(got.Stdout) == 0 {
		t.Errorf("bartizan --help ends with code %d and %d bytes of help\n%s", got.Code, len(got.Stdout), got.Stderr)
	}
}
