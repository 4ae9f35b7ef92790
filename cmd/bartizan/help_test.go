package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelp reads the help of every command as somebody with a narrow terminal does: it fits, but for lines to copy, it
// has an example, and it says what the exit codes mean where findings or missing input make one.
func TestHelp(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		t.Run(cmd.CommandPath(), func(t *testing.T) { checkHelp(t, cmd) })
		for _, below := range cmd.Commands() {
			visit(below)
		}
	}
	visit(newRoot())
}

func checkHelp(t *testing.T, cmd *cobra.Command) {
	var out bytes.Buffer
	cmd.SetOut(&out)
	if err := cmd.Help(); err != nil {
		t.Fatal(err)
	}
	help := out.String()
	copied := cmd.Example + "\n" + cmd.UseLine()
	for line := range strings.Lines(help) {
		line = strings.TrimSpace(line)
		if len(line) > helpColumns && !strings.Contains(copied, line) {
			t.Errorf("this line has %d columns, more than %d:\n%s", len(line), helpColumns, line)
		}
	}
	if cmd.Example == "" {
		t.Error("there is no example")
	}
	if !cmd.Runnable() {
		if cmd.HasParent() {
			t.Error("a word that is no sub-command is taken without an error: give it Args and RunE")
		}
		return
	}
	plain := map[string]bool{"man": true, "version": true, "list": cmd.Parent().Name() == "rule", "show": true}
	if !cmd.HasSubCommands() && !plain[cmd.Name()] && !strings.Contains(help, "Exit codes: 0 ") {
		t.Error("it does not say what the exit codes mean")
	}
}
