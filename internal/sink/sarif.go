package sink

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sort"

	"github.com/bartizan-dev/bartizan"
)

// sarifResults is how many results one run may have before GitHub refuses the file.
const sarifResults = 25000

// homepage is where Bartizan lives.
const homepage = "https://github.com/bartizan-dev/bartizan"

// sarifSink writes SARIF 2.1.0 as the findings come. There is no time in it: the same input gives the same
// bytes.
type sarifSink struct {
	out     *bufio.Writer
	run     *Run
	sources sources
	index   map[string]int // of the rules
	n       int            // results written
	left    int            // results left out
	begun   bool
	err     error
}

func newSARIF(w io.Writer, run *Run) bartizan.Sink {
	return &sarifSink{out: bufio.NewWriterSize(w, 1<<16), run: run, sources: sources{read: run.Source}}
}

func (s *sarifSink) Write(ctx context.Context, f bartizan.Finding) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.begin()
	s.result(sarifResultOf(s, f))
	return s.err
}

func (s *sarifSink) Close() error {
	s.begin()
	for _, h := range s.run.Held {
		r := sarifResultOf(s, h.Finding)
		kind := "external"
		if h.InSource {
			kind = "inSource"
		}
		r.Suppressions = []sarifSuppression{{Kind: kind, Status: "accepted", Justification: h.Reason}}
		s.result(r)
	}
	s.text("\n      ],\n      \"invocations\": [")
	s.value(s.invocation())
	s.text("]\n    }\n  ]\n}\n")
	if s.err != nil {
		return s.err
	}
	return s.out.Flush()
}

// begin writes what stands before the results.
func (s *sarifSink) begin() {
	if s.begun {
		return
	}
	s.begun = true
	s.text("{\n  \"$schema\": \"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json\",\n" +
		"  \"version\": \"2.1.0\",\n  \"runs\": [\n    {\n      \"tool\": {\"driver\": {\"name\": \"Bartizan\", \"informationUri\": \"" + homepage + "\", ")
	if v := s.run.Version; v != "" {
		s.text("\"version\": ")
		s.value(v)
		s.text(", ")
	}
	s.text("\"rules\": [")
	ids := make([]string, 0, len(s.run.Rules))
	for id := range s.run.Rules {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	s.index = make(map[string]int, len(ids))
	for i, id := range ids {
		s.index[id] = i
		s.text(separator(i, "\n        "))
		s.value(sarifRuleOf(s.run.Rules[id]))
	}
	s.text("\n      ]}},\n      \"columnKind\": \"utf16CodeUnits\",\n      \"originalUriBaseIds\": {\"" + sourceRoot +
		"\": {\"description\": {\"text\": \"the directory in which Bartizan ran\"}}},\n      \"results\": [")
}

func separator(i int, sep string) string {
	if i == 0 {
		return sep
	}
	return "," + sep
}

func (s *sarifSink) result(r sarifResult) {
	if s.n >= sarifResults {
		s.left++
		return
	}
	s.text(separator(s.n, "\n        "))
	s.value(r)
	s.n++
}

// invocation says how the run went: what could not be read, and notes.
func (s *sarifSink) invocation() sarifInvocation {
	v := sarifInvocation{
		CommandLine: s.run.Command, ExitCode: s.run.Outcome.ExitCode, ExecutionSuccessful: len(s.run.Gaps) == 0 && s.run.Outcome.ExitCode < 2,
	}
	for _, g := range s.run.Gaps {
		n := sarifNotification{Level: "error", Message: sarifText{Text: g.Reason}}
		if loc := s.location(g.Origin); loc != nil {
			n.Locations = []sarifLocation{{Physical: loc}}
		}
		v.ExecutionNotifications = append(v.ExecutionNotifications, n)
	}
	if s.left > 0 {
		v.ExecutionNotifications = append(v.ExecutionNotifications, sarifNotification{Level: "warning", Message: sarifText{Text: fmt.Sprintf(
			"%d results are left out, none of them worse than those that are here: one file may hold %d; scan fewer paths at a time", s.left, sarifResults)}})
	}
	for _, k := range s.run.Skips {
		v.ExecutionNotifications = append(v.ExecutionNotifications, sarifNotification{Level: "note",
			Message: sarifText{Text: fmt.Sprintf("%d passed over on purpose: %s", k.Count, k.Reason)}})
	}
	for _, note := range s.run.Outcome.Notes {
		v.ConfigurationNotifications = append(v.ConfigurationNotifications, sarifNotification{Level: "note", Message: sarifText{Text: note}})
	}
	return v
}

func (s *sarifSink) value(v any) {
	b, err := marshal(v)
	if err != nil && s.err == nil {
		s.err = err
	}
	s.text(string(b))
}

func (s *sarifSink) text(t string) {
	if s.err == nil {
		_, s.err = s.out.WriteString(t)
	}
}
