package main

import (
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bartizan-dev/bartizan/internal/scan"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

func TestMain(m *testing.M) {
	if handled, code := scan.Sandbox(os.Args); handled {
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"bartizan": func() { os.Exit(run(os.Args[1:])) }})
}

// TestScripts runs the command line as a user does. A script is a file that someone without Go can write; see
// testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "1")
			env.Setenv("SOURCE_DATE_EPOCH", "1790000000") // 2026-09-21
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "rulefiles": ruleFiles},
	})
}

// code runs a command that must end with an exit code: code 3 bartizan scan x.yaml.
func code(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND...")
	}
	want := args[0]
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = string(rune('0' + exit.ExitCode()))
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %s, want %s", got, want)
	}
}

// ruleFiles turns "@@ NAME @@" into the marker of a txtar archive, which a script cannot hold in a file.
func ruleFiles(ts *testscript.TestScript, _ bool, args []string) {
	marker := regexp.MustCompile(`(?m)^@@ (.*) @@$`)
	for _, name := range args {
		text := marker.ReplaceAllString(ts.ReadFile(name), "-- $1 --")
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}
