package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant/excess"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/internal/reach/suggest"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
)

// oneInput refuses to read standard input twice.
func (f *pathCutFlags) oneInput(args []string) error {
	var from []string
	for _, flag := range []struct {
		name  string
		files []string
	}{{"--audit", f.audit}, {"--flows", []string{f.flows}}, {"objects", append(slices.Clone(args), f.files...)}} {
		for _, file := range flag.files {
			if file == "-" {
				from = append(from, flag.name)
			}
		}
	}
	if len(from) > 1 {
		return usage("standard input cannot be both %s and %s: name a file for one of them", from[0], from[1])
	}
	return nil
}

// uses reads what was seen in use; nil if nothing is named that shows it.
func (f *pathCutFlags) uses(cmd *cobra.Command, w *pathWorld) (*path.Uses, error) {
	var used *excess.Usage
	var flows *suggest.Log
	if len(f.audit) > 0 {
		var x excessAnswer
		var err error
		files := &audit.Files{Paths: f.audit, Stdin: cmd.InOrStdin()}
		if used, err = x.collect(cmd.Context(), files, excess.Named(w.world)); err != nil {
			return nil, err
		}
		w.gaps = append(w.gaps, x.gaps...)
		switch {
		case used.Records == 0:
			w.gaps = append(w.gaps, bartizan.Gap{Origin: bartizan.Origin{File: strings.Join(f.audit, ", ")}, Reason: "the audit log holds no record: nothing is known of what is used"})
		case used.Full():
			w.gaps = append(w.gaps, bartizan.Gap{Origin: bartizan.Origin{File: strings.Join(f.audit, ", ")}, Reason: "the audit log holds more identities or kinds of requests than are kept: split it"})
		}
	}
	if f.flows != "" {
		var err error
		if flows, err = readFlows(cmd, f.flows); err != nil {
			return nil, err
		}
		w.gaps = append(w.gaps, flows.Gaps...)
	}
	if used == nil && flows == nil {
		return nil, nil
	}
	return w.graph.Uses(used, flows), nil
}

// maxUses is how many uses of one fix are told.
const maxUses = 3

// inUse tells what a fix takes away that was seen in use.
func (w *cutAnswer) inUse(b *strings.Builder, uses []path.Use) {
	for i := range uses {
		if i == maxUses {
			fmt.Fprintf(b, "      and %d more; -o json has them\n", len(uses)-i)
			break
		}
		w.wrap(b, "    ", "      ", w.painter.paint(sgrRed, "in")+" "+w.painter.paint(sgrRed, "use")+" "+safe(uses[i].String()))
	}
}

// writeTogether tells what the fixes take away together and none alone.
func (w *cutAnswer) writeTogether(b *strings.Builder) {
	if len(w.Together) > 0 {
		b.WriteString("\nTaken away by several of them together:\n")
		w.inUse(b, w.Together)
	}
}

// foot says what was left out, and how far what was seen can be relied on.
func (w *cutAnswer) foot(b *strings.Builder) {
	if w.LeftOut > 0 && w.Pairs+len(w.Uncut) > 0 {
		b.WriteByte('\n')
		w.wrap(b, "", "", fmt.Sprintf("Left out: %s of a source and a target that only far-fetched ways lead to (less than one chance in ten). --far-fetched ends them, too.",
			count(w.LeftOut, "pair")))
	}
	if w.identities > 0 {
		b.WriteByte('\n')
		w.wrap(b, "", "", fmt.Sprintf("Not asked about: identities (users, groups, accounts that no pod uses), %d of them with a way to a target. --from identities ends theirs.", w.identities))
	}
	if w.uses == nil {
		return
	}
	b.WriteByte('\n')
	text := fmt.Sprintf("Seen in use: %s and %s, %s.", count(w.uses.Rights, "different request"), count(w.uses.Flows, "different connection"), seenWhen(w.uses))
	if w.uses.Strange > 0 {
		text += fmt.Sprintf(" %d more that what was read does not explain: was everything read?", w.uses.Strange)
	}
	if w.uses.Last.Sub(w.uses.First) < suggest.Enough {
		text += " That is too short to show what is done once a week."
	}
	w.wrap(b, "", "", text)
}

func seenWhen(u *path.Uses) string {
	if u.First.IsZero() {
		return "not known when"
	}
	return timeText(u.First) + " to " + timeText(u.Last)
}

// timeText is a time as JSON has it; empty for none.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func useDocuments(uses []path.Use) []pathUse {
	out := []pathUse{}
	for i := range uses {
		x := &uses[i]
		out = append(out, pathUse{x.Who, x.What, x.Count, timeText(x.First), timeText(x.Last), x.Doubt, x.Flow})
	}
	return out
}
