package sink

import (
	"bufio"
	"context"
	"io"
	"sort"
	"strconv"

	"github.com/bartizan-dev/bartizan"
)

// openReports writes Report objects of openreports.io, in a List that kubectl apply takes: one for each
// namespace, and a ClusterReport for what has none. What could not be read is in the ClusterReport.
type openReports struct {
	out *bufio.Writer
	run *Run
	of  map[string][]openResult // by namespace
}

// openResultsEach bounds the results of one Report, so that the object stays well under what etcd takes.
const openResultsEach = 1000

type openReport struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Metadata   openMetadata `json:"metadata"`
	Source     string       `json:"source"`
	Summary    openSummary  `json:"summary"`
	Results    []openResult `json:"results"`
}

type openMetadata struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace,omitempty"`
	Labels    map[string]string `json:"labels"`
}

type openSummary struct {
	Pass  int `json:"pass"`
	Fail  int `json:"fail"`
	Warn  int `json:"warn"`
	Error int `json:"error"`
	Skip  int `json:"skip"`
}

type openResult struct {
	Source     string            `json:"source"`
	Policy     string            `json:"policy"`
	Category   string            `json:"category,omitempty"`
	Severity   string            `json:"severity,omitempty"`
	Result     string            `json:"result"`
	Scored     bool              `json:"scored"`
	Resources  []openResource    `json:"resources,omitempty"`
	Message    string            `json:"message"`
	Properties map[string]string `json:"properties,omitempty"`
}

type openResource struct {
	Kind      bartizan.Kind `json:"kind"`
	Namespace string        `json:"namespace,omitempty"`
	Name      string        `json:"name"`
}

func newOpenReports(w io.Writer, run *Run) bartizan.Sink {
	return &openReports{out: bufio.NewWriterSize(w, 1<<16), run: run, of: map[string][]openResult{}}
}

func (s *openReports) Write(ctx context.Context, f bartizan.Finding) error {
	r := openResult{
		Source: "bartizan", Policy: f.Rule, Severity: f.Severity.String(), Scored: true, Message: f.Message,
		Resources:  []openResource{{f.Subject.Kind, f.Subject.Namespace, f.Subject.Name}},
		Properties: openProperties(place(f)), Result: "error",
	}
	if r.Properties == nil {
		r.Properties = map[string]string{}
	}
	switch f.Verdict {
	case bartizan.Fail:
		r.Result = "fail"
	case bartizan.Pass:
		r.Result = "pass"
	}
	if known := s.run.Rules[f.Rule]; known != nil {
		r.Category = known.Group
	}
	if len(f.Evidence) > 0 {
		r.Properties["path"] = f.Evidence[0].Path
	}
	if fp := s.run.fingerprint(f); fp != "" {
		r.Properties["fingerprint"] = fp
	}
	if controls := s.run.controls(f.Rule); controls != "" {
		r.Properties["controls"] = controls
	}
	s.of[f.Subject.Namespace] = append(s.of[f.Subject.Namespace], r)
	return ctx.Err()
}

func openProperties(o bartizan.Origin) map[string]string {
	if o.File == "" {
		return nil
	}
	p := map[string]string{"file": o.File}
	if o.Line > 0 {
		p["line"] = strconv.Itoa(o.Line)
	}
	return p
}

func (s *openReports) Close() error {
	for _, g := range s.run.Gaps {
		s.of[""] = append(s.of[""], openResult{Source: "bartizan", Policy: "not-evaluated", Result: "error", Message: g.Reason, Properties: openProperties(g.Origin)})
	}
	namespaces := make([]string, 0, len(s.of))
	for ns := range s.of {
		namespaces = append(namespaces, ns)
	}
	sort.Strings(namespaces)
	s.out.WriteString(`{"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [`)
	n := 0
	for _, ns := range namespaces {
		for part, rest := 1, s.of[ns]; len(rest) > 0; part++ {
			size := min(len(rest), openResultsEach)
			b, err := marshal(openReportOf(ns, part, rest[:size]))
			if err != nil {
				return err
			}
			s.out.WriteString(separator(n, "\n  "))
			s.out.Write(b)
			rest = rest[size:]
			n++
		}
	}
	s.out.WriteString("\n]}\n")
	return s.out.Flush()
}

func openReportOf(namespace string, part int, results []openResult) openReport {
	r := openReport{
		APIVersion: "openreports.io/v1alpha1", Kind: "Report", Source: "bartizan", Results: results,
		Metadata: openMetadata{Name: "bartizan", Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/managed-by": "bartizan"}},
	}
	if namespace == "" {
		r.Kind = "ClusterReport"
	}
	if part > 1 {
		r.Metadata.Name += "-" + strconv.Itoa(part)
	}
	for _, x := range results {
		switch x.Result {
		case "fail":
			r.Summary.Fail++
		case "pass":
			r.Summary.Pass++
		default:
			r.Summary.Error++
		}
	}
	return r
}
