package gobuild

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// source writes files to a fresh directory, with a go.mod that requires what is given.
func source(t *testing.T, require, main string) Program {
	t.Helper()
	dir := t.TempDir()
	module := "module example.test/m\n\ngo 1.26.0\n" + require
	for name, text := range map[string]string{"go.mod": module, "main.go": main} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Program{Dir: dir, Package: ".", Output: filepath.Join(dir, "out")}
}

func TestBuildTellsTheMachineFromTheSource(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	for _, test := range []struct {
		name, require, main string
		unavailable         bool
	}{
		{"a module that cannot be fetched", "require example.test/other v1.0.0\n",
			"package main\n\nimport _ \"example.test/other\"\n\nfunc main() {}\n", true},
		{"a package that does not exist", "", "package main\n\nimport _ \"example.test/m/none\"\n\nfunc main() {}\n", false},
		{"source that does not compile", "", "package main\n\nfunc main() { none() }\n", false},
	} {
		err := source(t, test.require, test.main).Build(t.Context())
		if err == nil || errors.Is(err, ErrUnavailable) != test.unavailable {
			t.Errorf("%s: ErrUnavailable should be %v in: %v", test.name, test.unavailable, err)
		}
	}
}

func TestBuildReplacesWhole(t *testing.T) {
	program := source(t, "", "package main\n\nfunc main() {}\n")
	if err := os.WriteFile(program.Output, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := program.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(program.Output)
	if err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("what was built is not a program: %v, %v", info, err)
	}
	if left, _ := filepath.Glob(program.Output + ".*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
