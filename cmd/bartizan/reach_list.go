package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/reach/picture"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// newReachList makes reach list.
func newReachList() *cobra.Command {
	f := &reachFlags{}
	cmd := &cobra.Command{
		Use:   "list [PATH...]",
		Short: "List every connection that policies allow",
		Long: "Ends of which the same is true stand together: NAMESPACE/* is every pod of a namespace. What holds between a\n" +
			"pod and its own node whatever the policies say is left out. With -n only what touches that namespace is listed.\n\n" +
			"Exit codes: 0 the list is complete; 2 usage error; 3 something could not be read; 4 internal error.",
		Example: "  bartizan reach list deploy/\n  bartizan reach list deploy/ -o svg > reach.svg\n  bartizan reach list --cluster -n shop",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.readSome(cmd, args)
			if err != nil {
				return err
			}
			list := r.model.Connections()
			if f.options.Namespace != "" {
				list = touching(r.model, list, f.options.Namespace)
			}
			if err := r.writeList(f.output, list); err != nil {
				return err
			}
			return r.incomplete()
		},
	}
	f.add(cmd, "text", "json", "csv", "dot", "svg")
	return cmd
}

// touching keeps the connections that begin or end in a namespace.
func touching(m *reach.Model, list []reach.Connection, namespace string) (out []reach.Connection) {
	for _, c := range list {
		if m.Within(c.Sources, namespace) || m.Within(c.Targets, namespace) {
			out = append(out, c)
		}
	}
	return out
}

func (r *reached) writeList(format string, list []reach.Connection) error {
	switch format {
	case "json":
		return writeJSON(r.w, r.listDocument(list))
	case "csv":
		return writeReachCSV(r.w, list)
	case "dot":
		return picture.Dot(r.w, list)
	case "svg":
		return picture.SVG(r.w, list)
	}
	return r.listText(list)
}

// listText writes a block for each group of sources that reach the same.
func (r *reached) listText(list []reach.Connection) error {
	if len(list) == 0 {
		r.line("No connection is allowed between the pods that were read, or from or to them.")
	}
	for i := range list {
		c := &list[i]
		from := strings.Join(c.From.Names(), ", ")
		if i == 0 || from != strings.Join(list[i-1].From.Names(), ", ") {
			if i > 0 {
				r.line("")
			}
			r.wrapBold(from)
		}
		arrow := "→ "
		if c.Verdict == reach.Unknown {
			arrow = "? "
		}
		r.row(arrow, strings.Join(c.To.Names(), ", "), reach.PortsText(c.Ports))
	}
	r.doubts(slices.ContainsFunc(list, func(c reach.Connection) bool { return c.Verdict == reach.Unknown }))
	r.painter.gaps(r.gaps)
	return r.err
}

// doubts explains the marks of what is not known, and counts the faults of the policies.
func (r *reached) doubts(unknown bool) {
	if unknown {
		r.line("")
		r.wrap(0, 2, "? is not known: bartizan reach can says what is missing.")
	}
	if n := len(r.model.Faults()); n > 0 {
		r.line("")
		r.wrap(0, 2, count(n, "fault")+" in the policies; bartizan reach check lists them.")
	}
}

// wrapBold writes a wrapped text in bold.
func (r *reached) wrapBold(text string) {
	for _, l := range brokenAt(text, 0, 4, r.width) {
		r.line("%s", r.bold(l))
	}
}

// brokenAt is the lines of a text that is broken at a width.
func brokenAt(text string, indent, hang, width int) []string {
	var b strings.Builder
	q := painter{w: &b, width: width}
	q.wrap(indent, hang, text)
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

// row writes a target, and its ports in a column of their own where no word is too long for it.
func (r *reached) row(arrow, to, ports string) {
	column := r.width * 3 / 5
	left, right := brokenAt(arrow+to, 2, 6, column-2), brokenAt(ports, 0, 0, r.width-column)
	for _, l := range left {
		if utf8.RuneCountInString(l) > column-2 {
			r.wrap(2, 6, arrow+to+" : "+ports)
			return
		}
	}
	for i := range max(len(left), len(right)) {
		l, p := "", ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			p = right[i]
		}
		r.line("%s", strings.TrimRight(l+strings.Repeat(" ", column-utf8.RuneCountInString(l))+p, " "))
	}
}

// writeReachCSV writes one line for each pair of ends.
func writeReachCSV(w io.Writer, list []reach.Connection) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"from", "to", "ports", "verdict"})
	for i := range list {
		x := &list[i]
		for _, from := range x.From.Names() {
			for _, to := range x.To.Names() {
				_ = c.Write([]string{safeCell(from), safeCell(to), safeCell(reach.PortsText(x.Ports)), x.Verdict.String()})
			}
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	return nil
}

// safeCell keeps a spreadsheet from taking a cell for a formula.
func safeCell(s string) string {
	s = sink.Printable(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

// newReachCheck makes reach check.
func newReachCheck() *cobra.Command {
	f := &reachFlags{}
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Find policies and rules that do nothing or are broken",
		Long: "Check finds what the API server takes without a word: selectors that pick nothing, rules that another one covers,\n" +
			"policies that cannot be read, equal priorities that disagree. Each is told with its file and line.\n\n" +
			"Exit codes: 0 nothing found; 1 faults found; 2 usage error; 3 something could not be read; 4 internal error.",
		Example: "  bartizan reach check deploy/\n  bartizan reach check --cluster -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.readSome(cmd, args)
			if err != nil {
				return err
			}
			faults := r.model.Faults()
			if f.output == "json" {
				err = writeJSON(r.w, reachCheckDoc{grantHead{grantSchema}, r.faultsOf(), gapsOf(r.gaps)})
			} else {
				err = r.checkText(faults)
			}
			switch {
			case err != nil:
				return err
			case len(r.gaps) > 0:
				return &exitError{code: exitIncomplete}
			case len(faults) > 0:
				return &exitError{code: exitFindings}
			}
			return nil
		},
	}
	f.add(cmd, "text", "json")
	return cmd
}

func (r *reached) checkText(faults []reach.Fault) error {
	if len(faults) == 0 {
		r.line("No faults in the policies that were read.")
	}
	for i, x := range faults {
		if i == 0 || faults[i-1].Policy != x.Policy {
			if i > 0 {
				r.line("")
			}
			r.wrapBold(x.Policy.String())
		}
		text := strings.TrimPrefix(strings.TrimPrefix(x.Message, x.Policy.String()), ":")
		r.wrapWith(2, 4, string(x.Code)+": "+strings.TrimSpace(text), origin(x.Origin, false))
	}
	r.painter.gaps(r.gaps)
	return r.err
}
