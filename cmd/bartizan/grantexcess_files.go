package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant/excess"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// vacant refuses a directory that holds something: files of an earlier run would be applied with the new ones.
func vacant(dir string) error {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usage("--write %s: %w", dir, err)
	case len(entries) > 0:
		return usage("--write %s: the directory is not empty: name a new one", dir)
	}
	return nil
}

// head are the comments above what is proposed.
func (x *excessAnswer) head() string {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString("# " + sink.Printable(strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " ")) + "\n")
	}
	line("Roles and bindings that give what the audit log shows in use, by bartizan grant excess.")
	line("Seen: %s.", x.window())
	if x.report.Short {
		line("TOO SHORT to be relied on: what is done once a week or less has not been seen.")
	}
	line("%s", x.report.Proof.Statement())
	return b.String()
}

// yaml is what is to be applied, with what is to be deleted in comments: a binding's role cannot be changed in place.
func (x *excessAnswer) yaml() string {
	var b strings.Builder
	b.WriteString(x.head())
	for _, n := range x.report.Bindings {
		if n.Verdict == excess.Narrow || n.Verdict == excess.Drop {
			b.WriteString("# Then: " + sink.Printable(deletion(n.Ref)) + "\n")
		}
	}
	for _, n := range x.report.Bindings {
		for _, o := range n.Objects {
			b.WriteString("---\n" + o.Text)
		}
	}
	return b.String()
}

// deletion is the command that deletes a binding.
func deletion(r bartizan.Ref) string {
	s := "kubectl delete " + strings.ToLower(string(r.Kind)) + " " + shellWord(r.Name)
	if r.Namespace != "" {
		s += " -n " + shellWord(r.Namespace)
	}
	return s
}

var bare = regexp.MustCompile(`^[a-zA-Z0-9._:/-]+$`)

// shellWord is a word as a shell takes it.
func shellWord(s string) string {
	if bare.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// writeFiles writes apply/, a file for each binding that is narrowed, and delete/, one for each that goes.
func (x *excessAnswer) writeFiles(dir string) error {
	for _, sub := range []string{"apply", "delete"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o750); err != nil {
			return fmt.Errorf("write the proposed roles: %w", err)
		}
	}
	taken := map[string]bool{}
	for _, b := range x.report.Bindings {
		if b.Verdict != excess.Narrow && b.Verdict != excess.Drop {
			continue
		}
		name := fileName(b.Ref, taken)
		old := "# " + b.Verdict.String() + ": " + sink.Printable(b.Reason) + "\n" + b.Old().Text
		if err := os.WriteFile(filepath.Join(dir, "delete", name), []byte(old), 0o600); err != nil {
			return fmt.Errorf("write the proposed roles: %w", err)
		}
		if len(b.Objects) == 0 {
			continue
		}
		text := x.head()
		for i, o := range b.Objects {
			if i > 0 {
				text += "---\n"
			}
			text += o.Text
		}
		if err := os.WriteFile(filepath.Join(dir, "apply", name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the proposed roles: %w", err)
		}
	}
	return nil
}

var unsafeName = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)

// fileName is a file for a binding that no other has.
func fileName(r bartizan.Ref, taken map[string]bool) string {
	parts := []string{strings.ToLower(string(r.Kind))}
	if r.Namespace != "" {
		parts = append(parts, r.Namespace)
	}
	base := unsafeName.ReplaceAllString(strings.Join(append(parts, r.Name), "_"), "-")
	base = base[:min(len(base), 200)]
	name := base
	for n := 2; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	taken[strings.ToLower(name)] = true
	return name + ".yaml"
}
