package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/sink"
)

// TestCIPage checks that the page names every input, variable and hook, and only formats that there are.
func TestCIPage(t *testing.T) {
	page := text(t, filepath.Join("..", "..", "docs", "ci.md"))
	var a action
	readYAML(t, "action.yml", &a)
	job, names := map[string]gitlabJob{}, []string{"bartizan-scan", "bartizan-fix", "exit-code"}
	readYAML(t, "ci/gitlab/bartizan.gitlab-ci.yml", &job)
	for n := range a.Inputs {
		names = append(names, n)
	}
	for n := range job[".bartizan"].Variables {
		names = append(names, n)
	}
	for _, n := range names {
		if !strings.Contains(page, "`"+n+"`") {
			t.Errorf("docs/ci.md does not speak of %s", n)
		}
	}
	known := map[string]bool{}
	for _, c := range newRoot().Commands() {
		for _, f := range regexp.MustCompile(`--[a-z-]+`).FindAllString(c.UsageString(), -1) {
			known[f] = true
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^.*bartizan (?:scan|fix|diff) .*$`).FindAllString(page, -1) {
		for _, f := range regexp.MustCompile(` (--[a-z][a-z-]*)`).FindAllStringSubmatch(line, -1) {
			if !known[f[1]] {
				t.Errorf("docs/ci.md uses %s, which no command has: %s", f[1], line)
			}
		}
		for _, f := range regexp.MustCompile(` -o ([a-z]+)`).FindAllStringSubmatch(line, -1) {
			if !slices.Contains(sink.Formats(), f[1]) {
				t.Errorf("docs/ci.md uses the format %s, which there is not", f[1])
			}
		}
	}
}
