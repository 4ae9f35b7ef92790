package sink

import (
	"net/url"
	"path"
	"strings"
	"unicode/utf16"

	"github.com/bartizan-dev/bartizan"
)

// sourceRoot is the base of relative paths in SARIF.
const sourceRoot = "%SRCROOT%"

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifArtifact struct {
	URI     string `json:"uri"`
	URIBase string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifLogical struct {
	Name      string `json:"name"`
	Qualified string `json:"fullyQualifiedName"`
	Kind      string `json:"kind"`
}

type sarifLocation struct {
	ID       int            `json:"id,omitempty"`
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification,omitempty"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    *int               `json:"ruleIndex,omitempty"`
	Kind         string             `json:"kind,omitempty"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Related      []sarifLocation    `json:"relatedLocations,omitempty"`
	Fingerprints map[string]string  `json:"partialFingerprints,omitempty"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	Properties   map[string]any     `json:"properties"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifInvocation struct {
	CommandLine                string              `json:"commandLine,omitempty"`
	ExitCode                   int                 `json:"exitCode"`
	ExecutionSuccessful        bool                `json:"executionSuccessful"`
	ExecutionNotifications     []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	ConfigurationNotifications []sarifNotification `json:"toolConfigurationNotifications,omitempty"`
}

// sarifLevel is the level of a severity.
func sarifLevel(s bartizan.Severity) string {
	switch {
	case s >= bartizan.High:
		return "error"
	case s == bartizan.Medium:
		return "warning"
	}
	return "note"
}

// sarifMessage bounds a result's message: GitHub shows that many characters of it.
const sarifMessage = 1000

func sarifResultOf(s *sarifSink, f bartizan.Finding) sarifResult {
	r := sarifResult{
		RuleID: f.Rule, Level: sarifLevel(f.Severity), Message: sarifText{Text: clip(Printable(f.Subject.String()+": "+f.Message), sarifMessage)},
		Properties: map[string]any{"severity": f.Severity.String()},
	}
	switch f.Verdict {
	case bartizan.NotEvaluated:
		r.Kind, r.Level = "open", "none"
	case bartizan.Pass:
		r.Kind, r.Level = "pass", "none"
	}
	if i, ok := s.index[f.Rule]; ok {
		r.RuleIndex = &i
	}
	if fp := s.run.fingerprint(f); fp != "" {
		r.Fingerprints = map[string]string{"bartizan/v1": fp}
	}
	r.Locations = []sarifLocation{{Physical: s.location(place(f)), Logical: logical(f.Subject)}}
	for i, e := range f.Evidence {
		if loc := s.location(e.Origin); i > 0 && loc != nil {
			r.Related = append(r.Related, sarifLocation{ID: len(r.Related) + 1, Physical: loc})
		}
	}
	if len(f.Evidence) > 0 {
		r.Properties["path"] = f.Evidence[0].Path
		if n := f.Evidence[0].Origin.Rendered; n > 0 {
			r.Properties["renderedLine"] = n
		}
	}
	if command, _ := s.run.fixCommand(f); command != "" {
		r.Properties["fixCommand"] = command
	}
	return r
}

func logical(r bartizan.Ref) []sarifLogical {
	return []sarifLogical{{Name: r.Name, Qualified: r.String(), Kind: "resource"}}
}

// location is a place in a file; nil for what has no file.
func (s *sarifSink) location(o bartizan.Origin) *sarifPhysical {
	if o.File == "" {
		return nil
	}
	return &sarifPhysical{Artifact: artifact(o.File), Region: s.region(o)}
}

// artifact names a file by a URI, relative to the source root where the file's name is.
func artifact(file string) sarifArtifact {
	if strings.HasPrefix(file, "/") {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: file}).String()}
	}
	uri := (&url.URL{Path: path.Clean(file)}).EscapedPath()
	return sarifArtifact{URI: strings.ReplaceAll(uri, ":", "%3A"), URIBase: sourceRoot}
}

// region is the value that a finding points at: from its column to its end on that line. Where the text is
// not at hand it is the line.
func (s *sarifSink) region(o bartizan.Origin) *sarifRegion {
	if o.Line <= 0 {
		return nil
	}
	r := &sarifRegion{StartLine: o.Line}
	line, ok := s.sources.line(o.File, o.Line)
	start := o.Column - 1
	if !ok || start < 0 || start >= len(line) {
		return r
	}
	end := start + len(scalar(line, start))
	r.StartColumn = utf16Len(line[:start]) + 1
	r.EndLine = o.Line
	r.EndColumn = r.StartColumn + max(utf16Len(line[start:end]), 1)
	return r
}

// scalar is what stands at a column of a line of YAML, without the comment or what follows it in a flow
// collection.
func scalar(line string, start int) string {
	rest := line[start:]
	if q := rest[0]; q == '"' || q == '\'' {
		for i := 1; i < len(rest); i++ {
			switch {
			case q == '"' && rest[i] == '\\', q == '\'' && rest[i] == '\'' && strings.HasPrefix(rest[i+1:], "'"):
				i++
			case rest[i] == q:
				return rest[:i+1]
			}
		}
		return strings.TrimRight(rest, " \t")
	}
	if i := strings.Index(rest, " #"); i >= 0 {
		rest = rest[:i]
	}
	if strings.ContainsAny(line[:start], "{[") && !strings.ContainsAny(rest[:1], "{[") {
		if i := strings.IndexAny(rest, ",]}"); i > 0 {
			rest = rest[:i]
		}
	}
	if trimmed := strings.TrimRight(rest, " \t"); trimmed != "" {
		return trimmed
	}
	return rest
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
