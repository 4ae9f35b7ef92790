package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bartizan-dev/bartizan/internal/hunt"
)

// activity is what --active, --scope and --trail allow; nil where nothing may be changed.
func (f *huntFlags) activity() (*hunt.Active, error) {
	if !f.active {
		if f.scope != "" || f.trail != "" {
			return nil, usage("--scope and --trail are for --active: add it, or leave them out")
		}
		return nil, nil
	}
	if f.scope == "" || f.trail == "" {
		return nil, usage("--active changes things: say with --scope what it may do, and with --trail where to record it (docs/hunt.md)")
	}
	text, err := os.ReadFile(f.scope)
	if err != nil {
		return nil, usage("read the scope: %w", err)
	}
	scope, err := hunt.ParseScope(f.scope, string(text), time.Now())
	if err != nil {
		return nil, usage("%w", err)
	}
	trail, err := hunt.OpenTrail(f.trail, time.Now)
	if err != nil {
		return nil, usage("%w", err)
	}
	return &hunt.Active{Scope: scope, Trail: trail, Now: time.Now}, nil
}

// revertDocument is what --revert writes as JSON.
type revertDocument struct {
	Schema   string          `json:"schema"`
	Trail    string          `json:"trail"`
	Reverted []hunt.Reverted `json:"reverted"`
}

// runRevert takes back what a hunt has left, by its trail.
func runRevert(cmd *cobra.Command, f *huntFlags, args []string) error {
	if err := f.onlyRevert(cmd, args); err != nil {
		return err
	}
	trail, left, err := hunt.ReopenTrail(f.revert, time.Now)
	if err != nil {
		return usage("%w", err)
	}
	defer func() { _ = trail.Close() }()
	r := &hunt.Reverting{Trail: trail, Dialer: &net.Dialer{Timeout: f.timeout, KeepAlive: -1}, Timeout: f.timeout}
	if r.Pod, err = f.pod(); err != nil {
		return err
	}
	found, err := r.Revert(cmd.Context(), left)
	if err != nil {
		return usage("%s: %w", f.revert, err)
	}
	return f.printReverted(cmd, found)
}

// onlyRevert refuses what has no meaning beside --revert.
func (f *huntFlags) onlyRevert(cmd *cobra.Command, args []string) error {
	known := []string{"revert", "in-pod", "timeout", "output", "output-file"}
	var other string
	cmd.Flags().Visit(func(fl *pflag.Flag) {
		if !slices.Contains(known, fl.Name) && other == "" {
			other = fl.Name
		}
	})
	switch {
	case len(args) > 0:
		return usage("--revert goes by the trail alone: leave %s out", args[0])
	case other != "":
		return usage("--revert goes by the trail alone: leave --%s out", other)
	case f.revert == "":
		return usage("--revert needs the trail of the hunt")
	case f.output != "text" && f.output != "json":
		return usage("--revert tells what it did as text or as json, not as %s", f.output)
	}
	return nil
}

func (f *huntFlags) printReverted(cmd *cobra.Command, found []hunt.Reverted) error {
	out, done, err := openOutput(cmd, f.file)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, r := range found {
		count[r.Outcome]++
	}
	if f.output == "json" {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		err = e.Encode(revertDocument{schemaV1, f.revert, append([]hunt.Reverted{}, found...)})
	} else {
		err = writeReverted(out, f.revert, found, count)
	}
	if err == nil {
		err = done()
	}
	if err != nil {
		return &exitError{exitInternal, fmt.Errorf("tell what was taken back: %w", err)}
	}
	if count[hunt.Left] > 0 {
		return &exitError{exitIncomplete, nil}
	}
	return nil
}

// writeReverted tells of each step on lines of its own, and at the end what is to be done.
func writeReverted(out io.Writer, trail string, found []hunt.Reverted, n map[string]int) error {
	b := &strings.Builder{}
	for _, r := range found {
		fmt.Fprintf(b, "%-7s %s at %s\n", r.Outcome, safe(r.Step), safe(r.Target))
		for _, u := range r.Undo {
			fmt.Fprintf(b, "        %s\n", safe(u))
		}
		if r.Note != "" {
			fmt.Fprintf(b, "        %s\n", safe(r.Note))
		}
	}
	if len(found) > 0 {
		b.WriteByte('\n')
	}
	switch {
	case len(found) == 0:
		fmt.Fprintf(b, "Nothing of trail %s is left to be taken back.\n", safe(trail))
	case n[hunt.Left] == 0:
		fmt.Fprintf(b, "%s taken back, %d gone already. Nothing is left.\n", count(n[hunt.Undone], "step"), n[hunt.Gone])
	default:
		fmt.Fprintf(b, "%s of %d left: run this again where it can be reached, or send by hand what stands there.\n", count(n[hunt.Left], "step"), len(found))
	}
	_, err := io.WriteString(out, b.String())
	return err
}
