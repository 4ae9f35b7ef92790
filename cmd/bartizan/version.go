package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/rule"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and what it was built from",
		Long: "Version prints the version of Bartizan, of Go and of the platform, the newest version of Kubernetes that the rules know,\n" +
			"and the commit.",
		Example: "  bartizan version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "bartizan %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			fmt.Fprintf(out, "newest Kubernetes version known to the rules: %s\n", rule.Latest)
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						fmt.Fprintf(out, "commit %s\n", s.Value)
					}
				}
			}
			return nil
		},
	}
}
