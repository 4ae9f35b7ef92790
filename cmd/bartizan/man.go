package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages into a directory",
		Long: "Man writes a manual page for each command into DIR, which is made if need be. For the shell's completion see\n" +
			"bartizan completion --help.",
		Example: "  bartizan man man && man ./man/bartizan-scan.1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return usage("write manual pages: %w", err)
			}
			date := time.Unix(0, 0).UTC() // the same pages for the same version
			header := &doc.GenManHeader{Title: "BARTIZAN", Section: "1", Source: "Bartizan " + version, Date: &date}
			root := cmd.Root()
			root.InitDefaultCompletionCmd()
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return &exitError{exitInternal, fmt.Errorf("write manual pages: %w", err)}
			}
			return nil
		},
	}
}
