package sink

import (
	"regexp"
	"strings"
)

// What an excerpt hides: values of Secrets, of fields and variables with a secret's name, credentials in
// URLs and arguments, private keys, and what a rule with redact pointed at. It errs on the side of hiding.

const maskText = "••••••"

const secretName = `(?:pass(?:word|wd|phrase)?|pwd|secret|token|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key|account[-_.]?key|signing[-_.]?key|encryption[-_.]?key|client[-_.]?secret|auth|bearer|jwt|dsn|connection[-_.]?string|database[-_.]?url|cookie|salt)`

var (
	// A key or a variable with a secret's name and something behind it: "password: x", "--token=x".
	secretAssigned = regexp.MustCompile(`(?i)[\w."'-]*` + secretName + `[\w."'-]*\s*(?:[:=]|,)\s*(\S.*)$|--?[\w-]*` + secretName + `[\w-]*\s+(\S.*)$`)
	// A text that is a secret by its form: credentials in a URL, tokens of well-known services, keys.
	secretForm = regexp.MustCompile(`://[^/\s:@'"]*:[^/\s@'"]+@|-----BEGIN|\b(?:AKIA|ASIA)[0-9A-Z]{12,}|\bgh[pousr]_\w{20,}|\bglpat-[\w-]{15,}|\bxox[a-z]-[\w-]{10,}|\beyJ[\w-]{10,}\.|\bsk[-_][\w-]{16,}|\bAIza[\w-]{30,}|\b(?:Bearer|Basic)\s+\S{8,}`)
	// Fields with such a name whose value is no secret.
	notSecret  = regexp.MustCompile(`(?i)^[\s-]*["']?(?:secretName|valueFrom|secretKeyRef|secretRef|existingSecret\w*|imagePullSecrets?|secrets?|automountServiceAccountToken|serviceAccountToken|tokenExpirationSeconds|expirationSeconds|authorization|authorizationMode|kind|resources|apiGroups?)["']?\s*:`)
	plainValue = regexp.MustCompile(`^(?:true|false|null|~|-?\d{1,6}|[|>][-+0-9]*|\{\}|\[\]|["']{2}|)\s*(?:[,}\]]*)\s*(?:#.*)?$`)
	nameLine   = regexp.MustCompile(`^(\s*(?:-\s+)*)["']?name["']?\s*:\s*["']?(\S+)`)
	valueLine  = regexp.MustCompile(`^(\s*(?:-\s+)*)["']?value["']?\s*:`)
	dataLine   = regexp.MustCompile(`^(\s*)["']?(?:data|stringData)["']?\s*:`)
	secretKind = regexp.MustCompile(`["']?kind["']?\s*:\s*["']?Secret["']?\s*(?:[,}#].*)?$`)
	secretWord = regexp.MustCompile(`(?i)` + secretName + `|_key\b|^key$`)
	keyed      = regexp.MustCompile(`^(\s*(?:-\s+)*(?:"[^"]*"|'[^']*'|[^\s:'"{\[][^:{]*?)\s*:)(?:\s|$)`)
)

// maskLines says which lines of a document must not show their values; first is the number of the first.
func maskLines(lines []string, first int, hidden map[int]bool) []bool {
	masked := make([]bool, len(lines))
	for i, line := range lines {
		if hidden[first+i] || isSecretLine(line) {
			masked[i] = true
		}
		if m := nameLine.FindStringSubmatch(line); m != nil && secretWord.MatchString(m[2]) {
			maskSiblings(lines, masked, i, len(m[1]))
		}
	}
	maskSecretData(lines, masked)
	spread(lines, masked)
	return masked
}

// documentStarts are the lines, counted from 0, on which the YAML documents of a file begin.
func documentStarts(lines []string) []int {
	starts := []int{0}
	for i, l := range lines {
		if i > 0 && strings.HasPrefix(l, "---") {
			starts = append(starts, i)
		}
	}
	return starts
}

func isSecretLine(line string) bool {
	if len(line) > 4*excerptWidth || secretForm.MatchString(line) {
		return true
	}
	if !secretWord.MatchString(line) {
		return false
	}
	m := secretAssigned.FindStringSubmatch(line)
	if m == nil || notSecret.MatchString(line) {
		return false
	}
	return !plainValue.MatchString(m[1] + m[2])
}

// maskSiblings hides the value beside the name of an environment variable: further down in the same item of
// the list, or further up where the name is not the first of its keys.
func maskSiblings(lines []string, masked []bool, at, column int) {
	item := func(i int) bool {
		return strings.HasPrefix(strings.TrimSpace(lines[i]), "- ") && indent(lines[i]) < column
	}
	hide := func(i int) {
		if m := valueLine.FindStringSubmatch(lines[i]); m != nil && len(m[1]) == column {
			masked[i] = true
		}
	}
	for i := at + 1; i < len(lines) && i < at+8 && !item(i); i++ {
		hide(i)
	}
	for i := at; i > 0 && i > at-8 && !item(i); i-- {
		hide(i - 1)
	}
}

// maskSecretData hides everything under data and stringData of a document that holds a Secret.
func maskSecretData(lines []string, masked []bool) {
	secret := false
	for _, l := range lines {
		secret = secret || secretKind.MatchString(l)
	}
	if !secret {
		return
	}
	under := -1
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		if under >= 0 && indent(l) > under {
			masked[i] = true
			continue
		}
		under = -1
		if m := dataLine.FindStringSubmatch(l); m != nil {
			under = len(m[1])
			masked[i] = strings.ContainsAny(l, "{")
		}
	}
}

// spread hides the lines that go on with the value of a hidden line: those that are indented deeper.
func spread(lines []string, masked []bool) {
	under := -1
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		if under >= 0 && indent(l) > under {
			masked[i] = true
			continue
		}
		under = -1
		if masked[i] {
			under = indent(l)
		}
		if strings.HasPrefix(strings.TrimSpace(l), "-----BEGIN") {
			under-- // the lines of a key stand below each other
		}
	}
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// maskValue keeps the key of a line, where it is plain what the key is, and hides the rest.
func maskValue(line string) string {
	if m := keyed.FindStringSubmatch(line); m != nil && !secretForm.MatchString(m[1]) && !strings.ContainsAny(m[1], "=,") {
		return m[1] + " " + maskText
	}
	return line[:indent(line)] + maskText
}
