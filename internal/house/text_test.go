package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tracked lists the files that git tracks or would track.
func tracked(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("git ls-files does not work here: %v", err)
	}
	return strings.Fields(string(out))
}

// TestNoRegistryHosts keeps download addresses out of the repository: where packages come from is the
// machine's setting.
func TestNoRegistryHosts(t *testing.T) {
	hosts := []string{"proxy." + "golang.org", "registry." + "npmjs.org", "deb." + "debian.org", "sum." + "golang.org", "goproxy" + ".io"}
	for _, file := range tracked(t) {
		text, err := os.ReadFile(filepath.Join(root(t), file))
		if err != nil || len(text) > 4<<20 {
			continue
		}
		for _, h := range hosts {
			if strings.Contains(string(text), h) {
				t.Errorf("%s names the registry host %s", file, h)
			}
		}
	}
}

// TestNothingBig keeps binaries and recorded data out of the repository.
func TestNothingBig(t *testing.T) {
	for _, file := range tracked(t) {
		info, err := os.Stat(filepath.Join(root(t), file))
		if err == nil && info.Size() > 1<<20 {
			t.Errorf("%s has %d bytes, more than 1 MiB: make it from something smaller", file, info.Size())
		}
	}
}

// TestWalksExist checks that the files of the two walks in doc.go are there.
func TestWalksExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		file, ok := strings.CutPrefix(strings.TrimSpace(line), "//\t")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimSpace(file), " ")
		if !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".rule") {
			continue
		}
		steps++
		if _, err := os.Stat(filepath.Join(root(t), name)); err != nil {
			t.Errorf("doc.go lists %s: %v", name, err)
		}
	}
	if steps == 0 || steps > 8 {
		t.Errorf("doc.go lists %d files for the walk from a manifest to a SARIF line; it must be readable in at most 8", steps)
	}
}
