package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/sink/notify"
	"github.com/bartizan-dev/bartizan/internal/watch"
)

// summary says on standard error what was done: nothing is lost silently.
func (f *watchFlags) summary(cmd *cobra.Command, c *watch.Counts, d alert.Stats, outputs []notify.Output, took time.Duration) {
	out := cmd.ErrOrStderr()
	span := ""
	if !c.First.IsZero() {
		span = fmt.Sprintf(" from %s to %s", c.First.Format(time.DateTime), c.Last.Format(time.DateTime))
	}
	fmt.Fprintf(out, "bartizan: %s of %s%s\n", count(int(c.Records), "audit record"), count(len(c.Streams), "log"), span)
	for _, s := range c.Streams {
		if len(c.Streams) > 1 || s.Gaps > 0 {
			fmt.Fprintf(out, "  %s: %s, %s\n", safe(s.Name), count(int(s.Records), "record"), count(int(s.Gaps), "gap"))
		}
	}
	var parts []string
	for _, p := range []struct {
		n    int
		text string
	}{
		{d.Shown, "shown"}, {d.Folded, "folded into others"}, {d.Excepted, "accepted by exceptions"}, {d.Duplicates, "told before"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.text))
		}
	}
	if c.Alerts == 0 {
		parts = append(parts, "none")
	}
	fmt.Fprintf(out, "bartizan: alerts: %s; %s; %s\n", strings.Join(parts, ", "), count(d.Incidents, "incident"), count(int(c.Duplicates), "record")+" seen before")
	if d.Shown > 0 && f.output == "text" && !f.live() {
		fmt.Fprintln(out, "bartizan: bartizan rule show RULE explains a rule; to accept an alert: -o jsonl > alerts.jsonl, then bartizan except alerts.jsonl --id ID")
	}
	f.rates(out, c, took)
	for _, o := range outputs {
		if all, ok := o.(*notify.Outputs); ok {
			for _, s := range all.Status() {
				fmt.Fprintf(out, "bartizan: output %s: %d delivered, %d waiting, %d refused, %d dropped\n", safe(s.Name), s.Delivered, s.Waiting, s.Refused, s.Dropped)
			}
		}
	}
}

// rates are only told of a recording that took long enough.
func (f *watchFlags) rates(out io.Writer, c *watch.Counts, took time.Duration) {
	if f.live() || took < time.Second {
		return
	}
	fmt.Fprintf(out, "bartizan: %.0f records and %.0f MB a second\n", float64(c.Records)/took.Seconds(), float64(c.Bytes)/1e6/took.Seconds())
}
