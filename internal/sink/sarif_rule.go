package sink

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

type sarifRule struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Short      sarifText      `json:"shortDescription"`
	Full       sarifText      `json:"fullDescription"`
	Help       sarifText      `json:"help"`
	HelpURI    string         `json:"helpUri"`
	Default    sarifDefault   `json:"defaultConfiguration"`
	Properties sarifRuleProps `json:"properties"`
}

type sarifDefault struct {
	Level string `json:"level"`
}

type sarifRuleProps struct {
	Tags             []string `json:"tags"`
	SecuritySeverity string   `json:"security-severity,omitempty"`
	Precision        string   `json:"precision"`
	ProblemSeverity  string   `json:"problem.severity,omitempty"`
}

// securitySeverity is the score in the middle of the band that GitHub shows under the severity's name.
var securitySeverity = [...]string{bartizan.Info: "0.0", bartizan.Low: "2.5", bartizan.Medium: "5.5", bartizan.High: "8.0", bartizan.Critical: "9.5"}

// sarifTags is how many tags GitHub takes of a rule.
const sarifTags = 20

func sarifRuleOf(r *rule.Rule) sarifRule {
	s := sarifRule{
		ID: r.ID, Name: camel(r.ID), Short: sarifText{Text: r.Title}, Full: sarifText{Text: strings.Join(strings.Fields(r.Why), " ")},
		Help: sarifText{Text: ruleHelp(r), Markdown: ruleMarkdown(r)}, HelpURI: homepage,
		Default:    sarifDefault{sarifLevel(r.Severity)},
		Properties: sarifRuleProps{Tags: []string{r.Group, "kubernetes"}, Precision: "high"},
	}
	if r.Group == rule.Security {
		s.Properties.SecuritySeverity = securitySeverity[min(r.Severity, bartizan.Critical)]
	} else {
		s.Properties.ProblemSeverity = map[string]string{"error": "error", "warning": "warning", "note": "recommendation"}[s.Default.Level]
	}
	for _, ref := range r.References {
		if strings.HasPrefix(ref, "https://") {
			s.HelpURI = ref
			break
		}
	}
	for _, m := range r.Maps {
		if len(s.Properties.Tags) < sarifTags {
			s.Properties.Tags = append(s.Properties.Tags, m.Framework+"/"+m.Control)
		}
	}
	return s
}

// camel writes "workload-privileged" as "WorkloadPrivileged", the form that SARIF wants of a name.
func camel(id string) string {
	var b strings.Builder
	for _, w := range strings.Split(id, "-") {
		if w != "" {
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
	}
	return b.String()
}

// fixAdvice says what can be done about a rule's findings.
func fixAdvice(r *rule.Rule) string {
	switch {
	case len(r.Fix) == 0:
		return "There is no automatic fix; `bartizan rule show " + r.ID + "` shows what passes."
	case r.Unsafe != "":
		return "`bartizan fix PATH... --rule " + r.ID + " --unsafe`, but first: " + strings.Join(strings.Fields(r.Unsafe), " ")
	}
	return "`bartizan fix PATH... --rule " + r.ID + "`"
}

func ruleHelp(r *rule.Rule) string {
	text := strings.TrimSpace(r.Why) + "\n\nFix: " + strings.ReplaceAll(fixAdvice(r), "`", "")
	if len(r.References) > 0 {
		text += "\n\nReferences:\n" + strings.Join(r.References, "\n")
	}
	return text
}

// exampleLines bounds an example in a help text; longer ones would hide the rest of it.
const exampleLines = 40

func ruleMarkdown(r *rule.Rule) string {
	var b strings.Builder
	b.WriteString("**" + mdText(r.Title) + "** (" + r.Severity.String() + ")\n\n" + strings.TrimSpace(r.Why) + "\n\n**Fix:** " + fixAdvice(r) + "\n")
	for _, want := range []string{"fail", "pass"} {
		for _, x := range r.Examples() {
			if x.Want() == want && strings.Count(x.Text, "\n") <= exampleLines && !strings.Contains(x.Text, "```") {
				b.WriteString("\nThis one would " + want + ":\n\n```yaml\n" + strings.TrimRight(x.Text, "\n") + "\n```\n")
				break
			}
		}
	}
	if len(r.References) > 0 {
		b.WriteString("\nReferences:\n\n")
		for _, ref := range r.References {
			b.WriteString("- " + ref + "\n")
		}
	}
	return b.String()
}
