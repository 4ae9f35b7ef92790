package notify

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// TextOptions say how text looks.
type TextOptions struct {
	Width  int // columns; 0 means 80
	Colour bool
	// Zone is the time zone in which times are written; nil means UTC.
	Zone *time.Location
}

// text writes for people: a line for each alert, and under it what happened, by whom, and where to look.
type text struct {
	out    *bufio.Writer
	width  int
	colour bool
	zone   *time.Location
	day    string          // of the last line
	told   map[string]bool // the rules of which it was said what to do, and what was said
}

// maxTold bounds what is remembered of that.
const maxTold = 10_000

// NewText writes for people. Nothing of an alert reaches a terminal unescaped.
func NewText(w io.Writer, o TextOptions) Output {
	return &text{bufio.NewWriterSize(w, 1<<16), min(max(cmp.Or(o.Width, 80), 60), 120), o.Colour, cmp.Or(o.Zone, time.UTC), "", map[string]bool{}}
}

// mark is how a severity looks; the same as in the report of a scan.
var marks = [...]struct{ sign, style string }{
	bartizan.Info: {"·", "2"}, bartizan.Low: {"●", "34"}, bartizan.Medium: {"◆", "33"}, bartizan.High: {"▲", "31"}, bartizan.Critical: {"✖", "1;31"},
}

// The columns of a line: time of day, severity, and what is under it begins behind the time.
const (
	timeColumn     = 10
	severityColumn = 12
	bold           = "1"
	faint          = "2"
	clock          = "15:04:05"
)

// Write writes what is shown, and flushes.
func (t *text) Write(ctx context.Context, shown []alert.Shown) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for i := range shown {
		s := &shown[i]
		t.date(s.Time())
		if s.Incident != nil {
			t.incident(s)
		} else {
			t.alert(s)
		}
	}
	return t.out.Flush()
}

// Close flushes.
func (t *text) Close(context.Context) error { return t.out.Flush() }

// date writes the day where it changes.
func (t *text) date(at time.Time) {
	day := at.In(t.zone).Format("Monday, 2 January 2006, MST")
	if day != t.day {
		t.day = day
		t.put(faint, day)
		t.out.WriteByte('\n')
	}
}

func (t *text) alert(s *alert.Shown) {
	a := &s.Alert
	title, id := cmp.Or(a.Title, a.Rule), ""
	if title != a.Rule {
		id = sink.Printable(a.Rule)
	}
	word := a.Severity.String()
	if s.Kind == alert.KindSummary {
		title = fmt.Sprintf("+%d of %s", a.Folded, title)
	}
	if t.head(s.Time(), a.Severity, word, title, id) {
		id = ""
	}
	if output := a.Output; output != "" && output != title {
		t.under("", output)
	}
	if r := s.Raised; r != nil {
		t.under("33", fmt.Sprintf("raised from %s: %s is on an attack path to %s", r.From, r.Thing, r.Standing.Target))
	}
	if s.Expired != "" {
		t.under("33", s.Expired)
	}
	details := t.details(s)
	if id != "" {
		details = append([]string{id}, details...)
	}
	t.under(faint, strings.Join(details, " · "))
	t.next(s)
}

// next says what to do about a grave alert, once for each rule and each object.
func (t *text) next(s *alert.Shown) {
	rule, next := "rule "+s.Alert.Rule, alert.Next(&s.Alert)
	if s.Kind != alert.KindAlert || s.Severity() < bartizan.High || next == "" || t.told[rule] || t.told[next] || len(t.told) >= maxTold {
		return
	}
	t.told[rule], t.told[next] = true, true
	t.under("", "Next: "+next+".")
}

// details say what the output leaves open of who did it, from where, to what, and where it is written.
func (t *text) details(s *alert.Shown) (parts []string) {
	a := &s.Alert
	if s.Kind == alert.KindSummary {
		return nil
	}
	who := ""
	if !strings.Contains(a.Output, a.Identity) {
		who = a.Identity
	}
	if n := len(a.Addresses); n > 0 {
		who = strings.TrimPrefix(who+" from "+strings.Join(a.Addresses[:min(n, 2)], ", "), " ")
		if n > 2 {
			who += fmt.Sprintf(" and %d more", n-2)
		}
	}
	if who != "" {
		parts = append(parts, who)
	}
	if a.Subject.Name != "" {
		parts = append(parts, a.Subject.String())
	}
	if ids := alert.Techniques(a.Tags); len(ids) > 0 {
		parts = append(parts, strings.Join(ids, " "))
	}
	parts = append(parts, "id "+s.ID[:min(len(s.ID), shortID)])
	if s.IncidentID != "" {
		parts = append(parts, "incident "+s.IncidentID)
	}
	if len(a.Evidence) > 0 && a.Evidence[0].Origin.File != "" {
		parts = append(parts, recordLine(a.Evidence[0].Origin))
	}
	if a.Folded > 0 {
		parts = append(parts, fmt.Sprintf("%d more like this held back before it", a.Folded))
	}
	return parts
}

// shortID is how much of an alert's id is shown: enough to name it in a file of alerts.
const shortID = 8

// recordLine is where a record is written, without the folders.
func recordLine(o bartizan.Origin) string {
	if o.Line > 0 {
		return fmt.Sprintf("%s:%d", path.Base(o.File), o.Line)
	}
	return path.Base(o.File)
}

// incident tells of an incident: in full when it is over, in a line or two before.
func (t *text) incident(s *alert.Shown) {
	in := s.Incident
	over := in.State == alert.Ended || in.State == alert.StillOpen
	title := map[alert.State]string{
		alert.Opened: "alerts that belong together", alert.Grown: "goes on", alert.Ended: "has ended", alert.StillOpen: "as it stands",
	}[in.State]
	t.head(in.Last, in.Severity, "incident", in.ID+" "+title, in.Severity.String())
	if over {
		t.under("", in.Text)
	} else {
		t.under("", progress(in))
	}
	if len(in.Joined) > 0 {
		t.under("", "It takes in "+strings.Join(in.Joined, ", ")+".")
	}
	if !over {
		return
	}
	for i := range in.Steps {
		t.step(&in.Steps[i], len(in.Identities) > 1)
	}
	if in.MoreAlerts > 0 {
		t.under(faint, fmt.Sprintf("and %d more alerts of other rules, identities or objects", in.MoreAlerts))
	}
}

// progress tells of an incident that goes on in one line.
func progress(in *alert.Incident) string {
	words := fmt.Sprintf("%d alerts of %d rules", in.Alerts, in.Rules)
	found := strings.ReplaceAll(strings.Join(in.New, ", then "), "-", " ")
	switch {
	case found == "" && in.State == alert.Opened:
		return words
	case found == "":
		return words + "; now " + in.Severity.String()
	case in.State == alert.Opened:
		return words + ": " + found
	}
	return words + "; new: " + found
}

// step writes a line of a timeline; with who did it, where that is not the same for all.
func (t *text) step(s *alert.Step, who bool) {
	t.put("", strings.Repeat(" ", timeColumn))
	m := marks[min(s.Severity, bartizan.Critical)]
	t.put(faint, s.First.In(t.zone).Format(clock)+" ")
	t.put(m.style, m.sign+" ")
	left := timeColumn + len(clock) + 3
	line := cmp.Or(s.Title, s.Rule)
	if who && s.Identity != "" {
		line += ", " + s.Identity
	}
	if s.Subject.Name != "" {
		line += ", " + s.Subject.String()
	}
	if s.Count > 1 {
		line += fmt.Sprintf(", %d times", s.Count)
		if d := s.Last.Sub(s.First).Round(time.Second); d > 0 {
			line += " in " + alert.Span(d)
		}
	}
	t.lines("", line, left)
}

// head writes the first line: time, severity, title, and at the right edge the rule if there is room for it. It says
// whether there was.
func (t *text) head(at time.Time, severity bartizan.Severity, word, title, right string) bool {
	m := marks[min(severity, bartizan.Critical)]
	t.put(faint, at.In(t.zone).Format(clock))
	t.put("", strings.Repeat(" ", timeColumn-len(clock)))
	t.put(m.style, m.sign+" "+strings.ToUpper(word))
	t.put("", strings.Repeat(" ", severityColumn-2-len(word)))
	indent := timeColumn + severityColumn
	room := t.width - indent
	gap := room - sink.Columns(sink.Printable(title)) - sink.Columns(right)
	fits := right != "" && gap >= 2
	for i, line := range sink.Wrap(title, room) {
		if i > 0 {
			t.put("", strings.Repeat(" ", indent))
		}
		t.put(bold, line)
		if fits {
			t.put("", strings.Repeat(" ", max(room-sink.Columns(line)-sink.Columns(right), 1)))
			t.put(faint, right)
		}
		t.out.WriteByte('\n')
	}
	return fits || right == ""
}

// under writes a paragraph under the first line.
func (t *text) under(style, s string) {
	if s == "" {
		return
	}
	t.put("", strings.Repeat(" ", timeColumn))
	t.lines(style, s, timeColumn)
}

// lines wraps a text whose first line begins at a column, as do the others.
func (t *text) lines(style, s string, left int) {
	for i, line := range sink.Wrap(s, t.width-left) {
		if i > 0 {
			t.put("", strings.Repeat(" ", left))
		}
		t.put(style, line)
		t.out.WriteByte('\n')
	}
}

func (t *text) put(style, s string) {
	if t.colour && style != "" && s != "" {
		t.out.WriteString("\x1b[" + style + "m" + s + "\x1b[0m")
		return
	}
	t.out.WriteString(s)
}
