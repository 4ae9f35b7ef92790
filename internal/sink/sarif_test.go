package sink

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/bartizan-dev/bartizan"
)

type sarifFile struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID         string
					Help       struct{ Text, Markdown string }
					Properties map[string]any
				}
			}
		}
		Results []struct {
			RuleID       string
			RuleIndex    *int
			Kind, Level  string
			Fingerprints map[string]string `json:"partialFingerprints"`
			Locations    []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI, URIBaseID string }
					Region           *sarifRegion
				}
			}
			Suppressions []struct{ Kind, Justification string }
		}
		Invocations []struct {
			ExecutionSuccessful        bool
			ExitCode                   int
			ToolExecutionNotifications []struct{ Level string }
		}
	}
}

func readSARIF(t *testing.T, text string) sarifFile {
	t.Helper()
	var f sarifFile
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSARIFRulesAndResults(t *testing.T) {
	run := sampleRun(t)
	run.Held = held()
	text := write(t, "sarif", run, sampleFindings())
	f := readSARIF(t, text).Runs[0]
	if strings.Contains(text, "2026") {
		t.Error("there is a time in it")
	}
	for _, r := range f.Tool.Driver.Rules {
		if r.Help.Text == "" || !strings.Contains(r.Help.Markdown, "Fix") || r.Properties["security-severity"] == nil {
			t.Errorf("rule %s lacks help or severity", r.ID)
		}
	}
	if help := f.Tool.Driver.Rules[3].Help.Markdown; strings.Contains(help, "```yaml") {
		t.Errorf("a rule without examples shows one: %s", help)
	}
	if help := f.Tool.Driver.Rules[2].Help.Markdown; !strings.Contains(help, "privileged: true") {
		t.Errorf("the example is missing: %s", help)
	}
	for i, r := range f.Results {
		if r.RuleIndex == nil || f.Tool.Driver.Rules[*r.RuleIndex].ID != r.RuleID {
			t.Errorf("result %d: the index does not lead to rule %s", i, r.RuleID)
		}
		if r.Fingerprints["bartizan/v1"] == "" {
			t.Errorf("result %d has no fingerprint", i)
		}
		if r.Locations[0].PhysicalLocation.ArtifactLocation.URIBaseID != "%SRCROOT%" {
			t.Errorf("result %d has no base", i)
		}
	}
	if r := f.Results[18]; r.Kind != "open" || r.Level != "none" {
		t.Errorf("what was not evaluated is %q, %q", r.Kind, r.Level)
	}
	if r := f.Results[19]; len(r.Suppressions) != 1 || r.Suppressions[0].Kind != "inSource" || r.Suppressions[0].Justification == "" {
		t.Errorf("the suppression is %v", r.Suppressions)
	}
	inv := f.Invocations[0]
	if inv.ExecutionSuccessful || inv.ExitCode != 3 || inv.ToolExecutionNotifications[0].Level != "error" {
		t.Errorf("the invocation is %v", inv)
	}
}

// TestSARIFRegionsAreExact cuts the regions out of the file.
func TestSARIFRegionsAreExact(t *testing.T) {
	for line, want := range map[string]string{
		"privileged: ^true # why":          "true",
		`name: ^"a b" # why`:               `"a b"`,
		`name: ^"a \" b", x`:               `"a \" b"`,
		"name: ^'it''s' # why":             "'it''s'",
		"{a: ^x, b: y}":                    "x",
		"[^x, y]":                          "x",
		"移行: ^値 # 移":                       "値",
		"𝒳: ^𝒴":                            "𝒴",
		"^securityContext: {a: b} # why":   "securityContext: {a: b}",
		"a: ^http://x#y":                   "http://x#y",
		"image: ^registry.example/a:b   ":  "registry.example/a:b",
		"windows: ^value\r":                "value",
		"\tx: ^y":                          "y",
		"name: ^'not closed # so it is so": "'not closed # so it is so",
	} {
		column := strings.Index(line, "^")
		text := line[:column] + line[column+1:]
		run := sampleRun(t)
		run.Source = func(string) (string, bool) { return "first: 1\n" + text + "\nlast: 2\n", true }
		f := sampleFindings()[0]
		f.Evidence[0].Origin.Line, f.Evidence[0].Origin.Column = 2, column+1
		r := readSARIF(t, write(t, "sarif", run, []bartizan.Finding{f})).Runs[0].Results[0].Locations[0].PhysicalLocation.Region
		if r.StartLine != 2 || r.EndLine != 2 {
			t.Errorf("%q: lines %d to %d", line, r.StartLine, r.EndLine)
			continue
		}
		units := utf16.Encode([]rune(text))
		if got := string(utf16.Decode(units[r.StartColumn-1 : r.EndColumn-1])); got != want {
			t.Errorf("%q: the region is %q, want %q", line, got, want)
		}
	}
}

func TestSARIFLocations(t *testing.T) {
	for file, want := range map[string]string{
		"a/b.yaml": "a/b.yaml", "./a.yaml": "a.yaml", "../x.yaml": "../x.yaml", "a b%.yaml": "a%20b%25.yaml", "/etc/x.yaml": "file:///etc/x.yaml", "c:d": "c%3Ad",
	} {
		if got := artifact(file).URI; got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}

func TestSARIFLeavesOutTheLeast(t *testing.T) {
	run := sampleRun(t)
	f := readSARIF(t, write(t, "sarif", run, bigFindings(run, sarifResults+500))).Runs[0]
	if len(f.Results) != sarifResults {
		t.Errorf("%d results, want %d", len(f.Results), sarifResults)
	}
	told := false
	for _, n := range f.Invocations[0].ToolExecutionNotifications {
		told = told || n.Level == "warning"
	}
	if !told {
		t.Error("nothing says that results were left out")
	}
}
