package sink

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"

	"github.com/bartizan-dev/bartizan"
)

// gitlabSink writes GitLab's code quality report: a list of issues, each with a fingerprint of its own. What
// could not be read is an issue too, so that the widget never looks clean without cause.
type gitlabSink struct {
	out  *bufio.Writer
	run  *Run
	seen map[string]int
	n    int
}

type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Categories  []string       `json:"categories"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

func newGitLab(w io.Writer, run *Run) bartizan.Sink {
	return &gitlabSink{out: bufio.NewWriterSize(w, 1<<16), run: run, seen: map[string]int{}}
}

// gitlabSeverity has GitLab's word for each severity.
var gitlabSeverity = [...]string{bartizan.Info: "info", bartizan.Low: "minor", bartizan.Medium: "major", bartizan.High: "critical", bartizan.Critical: "blocker"}

func (s *gitlabSink) Write(ctx context.Context, f bartizan.Finding) error {
	if err := ctx.Err(); err != nil || f.Verdict == bartizan.Pass {
		return err
	}
	issue := gitlabIssue{
		Description: Printable(f.Subject.String() + ": " + f.Message), CheckName: f.Rule,
		Severity: gitlabSeverity[min(f.Severity, bartizan.Critical)], Fingerprint: s.unique(s.run.fingerprint(f)),
		Location: gitlabPlace(place(f), f.Subject),
	}
	if f.Verdict == bartizan.NotEvaluated {
		issue.Description = "not evaluated: " + issue.Description
	}
	return s.issue(issue)
}

func (s *gitlabSink) Close() error {
	for _, g := range s.run.Gaps {
		err := s.issue(gitlabIssue{
			Description: "not evaluated: " + Printable(g.Reason), CheckName: "not-evaluated", Severity: "major",
			Fingerprint: s.unique(digest("gap", g.Origin.File, g.Reason)), Location: gitlabPlace(g.Origin, bartizan.Ref{}),
		})
		if err != nil {
			return err
		}
	}
	if s.n == 0 {
		s.out.WriteString("[")
	}
	s.out.WriteString("\n]\n")
	return s.out.Flush()
}

func (s *gitlabSink) issue(issue gitlabIssue) error {
	issue.Categories = []string{"Security"}
	b, err := marshal(issue)
	if err != nil {
		return err
	}
	if s.n == 0 {
		s.out.WriteString("[")
	}
	s.out.WriteString(separator(s.n, "\n  "))
	s.n++
	_, err = s.out.Write(b)
	return err
}

// unique tells apart findings that share a fingerprint, in the order in which they come.
func (s *gitlabSink) unique(fingerprint string) string {
	s.seen[fingerprint]++
	if n := s.seen[fingerprint]; n > 1 {
		return digest(fingerprint, fmt.Sprint(n))
	}
	return fingerprint
}

func gitlabPlace(o bartizan.Origin, subject bartizan.Ref) gitlabLocation {
	file := o.File
	if file == "" {
		file = path.Join("cluster", subject.Namespace, string(subject.Kind), subject.Name)
	}
	return gitlabLocation{Path: path.Clean(file), Lines: gitlabLines{Begin: max(o.Line, 1)}}
}

// digest is 32 hex digits made of texts.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
