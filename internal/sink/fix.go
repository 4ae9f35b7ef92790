package sink

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// title is a rule's title, or its id where the rule is not known.
func (run *Run) title(id string) string {
	if r := run.Rules[id]; r != nil {
		return r.Title
	}
	return id
}

// mapsJSON lists the controls that a rule serves, by framework.
func (run *Run) mapsJSON(id string) json.RawMessage {
	if text, ok := run.controlsJSON[id]; ok {
		return text
	}
	all := map[string][]string{}
	if r := run.Rules[id]; r != nil {
		for _, m := range r.Maps {
			all[m.Framework] = append(all[m.Framework], m.Control)
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		text = []byte("{}") // a map of strings always has a form
	}
	if run.controlsJSON == nil {
		run.controlsJSON = map[string]json.RawMessage{}
	}
	run.controlsJSON[id] = text
	return text
}

// redacted says whether the values that a rule found must not be shown.
func (run *Run) redacted(id string) bool {
	r := run.Rules[id]
	return r != nil && r.Redact
}

func (run *Run) fingerprint(f bartizan.Finding) string {
	if run.Fingerprint == nil {
		return ""
	}
	return run.Fingerprint(f)
}

// live says whether a cluster was scanned and not files.
func (run *Run) live() bool { return len(run.Inputs.Paths) == 0 && run.Inputs.Cluster != "" }

// fixCommand is the command that applies a finding's fix, or else the reason why there is none.
func (run *Run) fixCommand(f bartizan.Finding) (command, reason string) {
	if f.Fix == nil {
		return "", "by hand; see " + run.showCommand(f.Rule)
	}
	o := place(f)
	switch {
	case o.Source == "helm":
		return "", "change the chart's values or template: what Helm renders cannot be edited in place"
	case o.Source == "kustomize":
		return "", "change the base or add a patch: what a kustomization builds cannot be edited in place"
	case o.Source == "cluster" || run.live():
		return kubectlPatch(f.Fix)
	case slices.Contains(run.Inputs.Paths, "-"):
		return "", "save the input to a file, then: bartizan fix FILE --rule " + f.Rule
	}
	command = "bartizan fix " + shellPaths(run.Inputs.Paths) + " --rule " + f.Rule
	if f.Fix.Unsafe != "" {
		command += " --unsafe"
	}
	return command, ""
}

// showCommand is the command that explains a rule; a user's own policy is not known without its file.
func (run *Run) showCommand(id string) string {
	command := "bartizan rule show " + shellWord(id)
	if r := run.Rules[id]; r != nil && strings.Contains(id, "/") && Printable(r.File) == r.File {
		command += " --rules " + shellWord(r.File)
	}
	return command
}

// pathCommand is the command that tells the way to a target.
func (run *Run) pathCommand(at *Standing) string {
	what := "--cluster"
	if !run.live() {
		what = shellPaths(run.Inputs.Paths)
	}
	return "bartizan path list --to " + at.Target + " " + what
}

// kubectlPatch writes the fix of an object in a live cluster.
func kubectlPatch(c *bartizan.Change) (command, reason string) {
	if c.Target.Kind == "Pod" {
		return "", "a running Pod cannot be changed: fix what creates it"
	}
	command = "kubectl patch " + shellWord(string(c.Target.Kind)) + " " + shellWord(c.Target.Name)
	if c.Target.Namespace != "" {
		command += " -n " + shellWord(c.Target.Namespace)
	}
	return command + " --type json -p " + shellWord(string(c.Do)), ""
}

// shellPaths writes paths so that they can be copied into a shell; many of them, or one that cannot be
// typed, become a placeholder.
func shellPaths(paths []string) string {
	words := make([]string, len(paths))
	for i, p := range paths {
		words[i] = shellWord(p)
		if Printable(p) != p {
			return "PATH..."
		}
		if strings.HasPrefix(p, "-") {
			words[i] = "./" + words[i]
		}
	}
	if len(words) == 0 || len(words) > 3 {
		return "PATH..."
	}
	return strings.Join(words, " ")
}

// shellWord quotes a word for a POSIX shell where that is needed.
func shellWord(s string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=+@%"
	if s != "" && strings.Trim(s, safe) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// place is where a finding points.
func place(f bartizan.Finding) bartizan.Origin {
	if len(f.Evidence) == 0 {
		return bartizan.Origin{}
	}
	return f.Evidence[0].Origin
}

// firstSentence is the part of a rule's prose that stands alone, on one line.
func firstSentence(prose string) string {
	text := strings.Join(strings.Fields(prose), " ")
	for i := 0; i < len(text); i++ {
		end := strings.IndexByte(".!?", text[i]) >= 0 && (i+1 == len(text) || text[i+1] == ' ')
		if end && !abbreviation(text[:i+1]) {
			return text[:i+1]
		}
	}
	return text
}

// abbreviation says whether a full stop ends a short form and not a sentence.
func abbreviation(s string) bool {
	for _, short := range []string{"e.g.", "i.e.", "etc.", "vs.", "cf."} {
		if strings.HasSuffix(s, short) {
			return true
		}
	}
	return false
}
