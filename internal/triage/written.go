package triage

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// The ways to write an exception where the finding is.
const (
	// AnnotationPrefix and a rule id make the key of an annotation whose value is the reason.
	AnnotationPrefix = "bartizan.dev/ignore."
	// CommentMarker begins a YAML comment: "# bartizan:ignore RULE[,RULE] [until=YYYY-MM-DD] REASON".
	CommentMarker = "bartizan:ignore"
)

// FromAnnotations reads the exceptions that an object's annotations, or those of its pod template, make for
// that object.
func FromAnnotations(o *kube.Object) (found []Exception, faults []bartizan.Gap) {
	read := func(annotations tree.Node) {
		for a := range annotations.Items() {
			rule, ok := strings.CutPrefix(a.Key(), AnnotationPrefix)
			if !ok {
				continue
			}
			x := Exception{Rule: rule, Ref: &o.Ref, File: o.Origin.File, Origin: o.Origin}
			x.Origin.Line, x.Origin.Column = a.KeyPos()
			if o.Provenance != nil {
				x.File = ""
			}
			found, faults = x.finish(a.Text(), found, faults)
		}
	}
	read(o.Root.At("metadata", "annotations"))
	for _, w := range o.Workloads {
		if a := w.Meta.Get("annotations"); a.Exists() && a.Path() != "/metadata/annotations" {
			read(a)
		}
	}
	return found, faults
}

// finish sets reason and expiry and appends the exception, or a Gap that says what is wrong with it.
func (x Exception) finish(text string, found []Exception, faults []bartizan.Gap) ([]Exception, []bartizan.Gap) {
	var err error
	x.Reason, x.Until, err = parseReason(text)
	if err == nil && x.Reason == "" {
		err = fmt.Errorf("exception for %s gives no reason: write why it is acceptable", x.Rule)
	}
	if err != nil {
		return found, append(faults, bartizan.Gap{Origin: x.Origin, Reason: err.Error()})
	}
	return append(found, x), faults
}

// FromComments reads the exceptions written as comments in a document. A comment at the end of a line covers
// that line; one on a line of its own covers the entry or list item that begins on the next line, or the
// whole document if it stands before its first key.
func FromComments(d *tree.Doc, o bartizan.Origin) (found []Exception, faults []bartizan.Gap) {
	for line, text := range d.FindComment(CommentMarker) {
		_, rest, _ := strings.Cut(text, CommentMarker)
		rules, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
		first, last := commentScope(d, line)
		for rule := range strings.SplitSeq(rules, ",") {
			x := Exception{Rule: rule, File: o.File, First: first, Last: last, Origin: o}
			x.Origin.Line, x.Origin.Column = line, 0
			if rule == "" {
				faults = append(faults, bartizan.Gap{Origin: x.Origin, Reason: "exception names no rule: write # " + CommentMarker + " RULE REASON"})
				continue
			}
			found, faults = x.finish(reason, found, faults)
		}
	}
	return found, faults
}

// commentScope finds the lines that a comment on a line covers.
func commentScope(d *tree.Doc, line int) (first, last int) {
	lines := strings.Split(d.Source(), "\n")
	if !strings.HasPrefix(strings.TrimLeft(lines[line-1], " \t"), "#") {
		return line, line
	}
	next := line + 1 // the comment may be followed by more comments and by empty lines
	for next <= len(lines) && blankOrComment(lines[next-1]) {
		next++
	}
	if next > len(lines) {
		return line, line
	}
	root := d.Root()
	if rootLine, _ := root.Pos(); next <= rootLine {
		_, end := root.Span()
		last, _ = d.Position(max(end-1, 0))
		return next, last
	}
	n := beginsOn(root, next)
	if !n.Exists() {
		return next, next
	}
	_, end := n.Span()
	last, _ = d.Position(max(end-1, 0))
	return next, max(last, next)
}

// beginsOn finds the outermost entry or list item whose key or value begins on a line.
func beginsOn(n tree.Node, line int) tree.Node {
	for c := range n.Items() {
		first, _ := c.KeyPos()
		if first == line {
			return c
		}
		_, end := c.Span()
		if last, _ := c.Doc().Position(max(end-1, 0)); first < line && line <= last {
			return beginsOn(c, line)
		}
	}
	return tree.Node{}
}

func blankOrComment(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}
