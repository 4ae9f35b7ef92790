package main

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/bartizan-dev/bartizan/internal/sink"
)

// terminal tells the sink how wide the terminal is and whether it shows colours. NO_COLOR, CLICOLOR_FORCE
// and TERM=dumb are honoured as their conventions say.
func terminal(cmd *cobra.Command, f *scanFlags, run *sink.Run) {
	out, ok := cmd.OutOrStdout().(*os.File)
	onTerminal := ok && f.file == "" && term.IsTerminal(int(out.Fd()))
	if onTerminal {
		if w, _, err := term.GetSize(int(out.Fd())); err == nil {
			run.Width = w
		}
	}
	run.Colour = colour(f.colour, onTerminal)
	if columns := os.Getenv("COLUMNS"); columns != "" && run.Width == 0 {
		run.Width = atoi(columns)
	}
}

func colour(flag string, onTerminal bool) bool {
	switch {
	case flag == "always":
		return true
	case flag == "never", os.Getenv("NO_COLOR") != "", os.Getenv("TERM") == "dumb":
		return false
	}
	force := os.Getenv("CLICOLOR_FORCE")
	return onTerminal || force != "" && force != "0"
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 10_000 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
