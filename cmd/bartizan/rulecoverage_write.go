package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// coverageWriters write what rule coverage found, by output format.
var coverageWriters = map[string]func(io.Writer, *coverage) error{
	"text": writeCoverageText, "json": writeCoverageJSON, "markdown": writeCoverageMarkdown, "navigator": writeNavigator,
}

// coverageWidth is where lists of rules are broken.
const coverageWidth = 78

func writeCoverageText(w io.Writer, c *coverage) error {
	for _, f := range c.Frameworks {
		seen := 0
		var unseen []coveredTechnique
		fmt.Fprintf(w, "%s\n\n", f.Title)
		for _, t := range f.Techniques {
			if len(t.Rules) == 0 {
				unseen = append(unseen, t)
				continue
			}
			seen++
			fmt.Fprintf(w, "%-10s  %s\n", t.ID, t.Title)
			fmt.Fprintf(w, "            %s, %s\n", count(len(t.Rules), "detection"), testedWords(t.tested(), len(t.Rules)))
			wrapped(w, "              ", ruleNames(t.Rules))
		}
		fmt.Fprintf(w, "\n%d of %d techniques are seen.", seen, len(f.Techniques))
		if len(unseen) > 0 {
			fmt.Fprint(w, " Not seen in an audit log by these:")
		}
		fmt.Fprintln(w)
		for _, t := range unseen {
			fmt.Fprintf(w, "  %-10s  %s\n", t.ID, t.Title)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s, %s. bartizan rule show NAME explains one.\n", count(c.rules, "detection"), testedWords(c.tested, c.rules))
	if c.Policy != "" {
		fmt.Fprintf(w, "\nUnder the audit policy %s work: %s.\n", sink.Printable(c.Policy), policyCounts(c.verdicts))
		for _, working := range []detect.Working{detect.Never, detect.InPart} {
			writeVerdicts(w, c.verdicts, working)
		}
		if slices.ContainsFunc(c.verdicts, func(v detect.Verdict) bool { return v.Working != detect.InFull }) {
			fmt.Fprint(w, "\nbartizan watch --print-audit-policy prints the smallest policy under which all work in full.\n")
		}
		return nil
	}
	fmt.Fprint(w, "They see what the API server's audit policy records: --audit-policy FILE says which of them can work under yours.\n")
	return nil
}

// testedWords says how many detections have examples that were played and hold.
func testedWords(tested, all int) string {
	switch tested {
	case all:
		return "all tested"
	case 0:
		return "none tested"
	}
	return fmt.Sprintf("%d tested", tested)
}

func writeVerdicts(w io.Writer, verdicts []detect.Verdict, working detect.Working) {
	first := true
	for _, v := range verdicts {
		if v.Working != working {
			continue
		}
		if first {
			fmt.Fprintf(w, "\n%s%s\n", strings.ToUpper(working.String()[:1]), working.String()[1:])
			first = false
		}
		fmt.Fprintf(w, "  %s\n", sink.Printable(v.Rule.ID))
		for _, r := range v.Reasons {
			wrapped(w, "      ", r)
		}
	}
}

// wrapped writes a text in lines that are not longer than coverageWidth, if its words allow that.
func wrapped(w io.Writer, indent, text string) {
	line := indent
	for word := range strings.SplitSeq(sink.Printable(text), " ") {
		if len(line)+len(word) > coverageWidth && line != indent {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			line = indent
		}
		line += word + " "
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}

func writeCoverageJSON(w io.Writer, c *coverage) error {
	out := map[string]any{"schema": "bartizan.dev/v1", "frameworks": c.Frameworks, "summary": map[string]int{"rules": c.rules, "tested": c.tested}}
	if c.Policy != "" {
		type verdict struct {
			Rule    string   `json:"rule"`
			Works   string   `json:"works"`
			Reasons []string `json:"reasons,omitempty"`
		}
		list := make([]verdict, len(c.verdicts))
		for i, v := range c.verdicts {
			list[i] = verdict{v.Rule.ID, v.Working.String(), v.Reasons}
		}
		out["auditPolicy"] = map[string]any{"file": c.Policy, "rules": list}
	}
	return writeJSON(w, out)
}

// cell makes a text safe for a cell of a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "\n", " ").Replace(sink.Printable(s))
}

func writeCoverageMarkdown(w io.Writer, c *coverage) error {
	for _, f := range c.Frameworks {
		fmt.Fprintf(w, "## %s\n\n| technique | | detections | tested |\n|---|---|---|---|\n", cell(f.Title))
		for _, t := range f.Techniques {
			names := make([]string, len(t.Rules))
			for i, r := range t.Rules {
				names[i] = "`" + cell(r.ID) + "`"
			}
			tested := ""
			if len(t.Rules) > 0 {
				tested = fmt.Sprintf("%d of %d", t.tested(), len(t.Rules))
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s |\n", t.ID, cell(t.Title), strings.Join(names, ", "), tested)
		}
		fmt.Fprintln(w)
	}
	if c.Policy == "" {
		return nil
	}
	fmt.Fprintf(w, "## Under the audit policy `%s`\n\n%s.\n\n| detection | works | why no further |\n|---|---|---|\n", cell(c.Policy), policyCounts(c.verdicts))
	for _, v := range c.verdicts {
		if v.Working < detect.InFull {
			fmt.Fprintf(w, "| `%s` | %s | %s |\n", cell(v.Rule.ID), v.Working, cell(strings.Join(v.Reasons, "; ")))
		}
	}
	return nil
}

// layer is a layer of the ATT&CK Navigator, as far as it is needed.
type layer struct {
	Name        string            `json:"name"`
	Versions    map[string]string `json:"versions"`
	Domain      string            `json:"domain"`
	Description string            `json:"description"`
	Filters     map[string]any    `json:"filters"`
	Techniques  []layerTechnique  `json:"techniques"`
	Gradient    layerGradient     `json:"gradient"`
}

type layerTechnique struct {
	ID      string `json:"techniqueID"`
	Score   int    `json:"score"`
	Comment string `json:"comment"`
	Enabled bool   `json:"enabled"`
}

type layerGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

func writeNavigator(w io.Writer, c *coverage) error {
	i := slices.IndexFunc(c.Frameworks, func(f coveredFramework) bool { return f.ID == detect.Attack })
	f := c.Frameworks[i]
	l := layer{Name: "Bartizan detections", Domain: "enterprise-attack", Versions: map[string]string{"attack": f.Version, "navigator": "5.1.0", "layer": "4.5"},
		Description: "How many detections see each technique", Filters: map[string]any{"platforms": []string{"Containers"}}, Techniques: []layerTechnique{}}
	most := 1
	for _, t := range f.Techniques {
		if len(t.Rules) > 0 {
			l.Techniques = append(l.Techniques, layerTechnique{t.ID, len(t.Rules), ruleNames(t.Rules), true})
			most = max(most, len(t.Rules))
		}
	}
	l.Gradient = layerGradient{[]string{"#ffffff", "#31a354"}, 0, most}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(l)
}
