package detect_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the list in docs/detections.md")

// TestPage checks that docs/detections.md lists the built-in detections.
func TestPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("\n| detection | severity | |\n|---|---|---|\n")
	for _, r := range builtin(t) {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.ID, r.Severity, r.Title)
	}
	b.WriteString("\n")
	file := filepath.Join("..", "..", "docs", "detections.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), "-update -->\n")
	_, after, closed := strings.Cut(rest, "<!-- end -->")
	if !ok || !closed {
		t.Fatal("docs/detections.md has no marks for the list")
	}
	text := before + "-update -->\n" + b.String() + "<!-- end -->" + after
	switch {
	case text == string(data):
	case *update:
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("docs/detections.md does not list the detections as they are: run go test ./internal/detect -run Page -update")
	}
}
