package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/sink"
)

// helpColumns is how wide help is; commands to copy are never broken.
const helpColumns = 80

// fitHelp has the help of a command, and of those below it, broken into lines of helpColumns.
func fitHelp(root *cobra.Command) {
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages |", fmt.Sprintf(".FlagUsagesWrapped %d |", helpColumns)))
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		paragraphs := strings.Split(cmd.Long, "\n\n")
		for i, p := range paragraphs {
			paragraphs[i] = strings.Join(sink.Wrap(strings.Join(strings.Fields(p), " "), helpColumns), "\n")
		}
		cmd.Long = strings.Join(paragraphs, "\n\n")
		show(cmd, args)
	})
}
