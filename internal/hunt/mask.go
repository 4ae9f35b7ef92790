package hunt

import (
	"regexp"
	"strings"
)

// hidden stands where a secret stood.
const hidden = "(hidden)"

var (
	secretKey  = regexp.MustCompile(`(?i)pass(?:word|wd|phrase)?|secret|token|credential|api[-_.]?key|private[-_.]?key|access[-_.]?key|client[-_.]?key|auth$|bearer|jwt|cookie|dsn`)
	harmlessly = regexp.MustCompile(`(?i)^(?:secretName|secretRef|secretKeyRef|secrets|imagePullSecrets|tokenExpirationSeconds|automountServiceAccountToken|serviceAccountToken|authorization|authentication|webhook|kind|resources|resourceVersion)$`)
	secretText = regexp.MustCompile(`eyJ[\w-]{10,}\.[\w-]{5,}(?:\.[\w-]*)?|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{12,}|\bgh[pousr]_\w{20,}|\bglpat-[\w-]{15,}|\bxox[a-z]-[\w-]{10,}|\b[a-z0-9]{6}\.[a-z0-9]{16}\b|://[^/\s:@]*:[^/\s@]+@`)
	secretFlag = regexp.MustCompile(`(?i)([\w-]*(?:pass(?:word|wd)?|secret|token|credential|api[-_]?key|access[-_]?key)[\w-]*["']?\s*[=: ]\s*["']?)([^\s"',&]+)`)
)

// hide takes secrets out of a text.
func hide(s string) string {
	s = secretText.ReplaceAllString(s, hidden)
	return secretFlag.ReplaceAllString(s, "${1}"+hidden)
}

// masked takes secrets out of a JSON value: the data of Secrets, what stands under a key or a variable with a secret's
// name, and texts that are secrets by their form.
func masked(v any, key string, data bool) any {
	switch v := v.(type) {
	case map[string]any:
		return maskedMap(v, data)
	case []any:
		for i := range v {
			v[i] = masked(v[i], key, data)
		}
		return v
	case string:
		if data || key != "" && secretKey.MatchString(key) && !harmlessly.MatchString(key) && strings.TrimSpace(v) != "" {
			return hidden
		}
		return hide(v)
	}
	return v
}

func maskedMap(m map[string]any, data bool) map[string]any {
	kind, _ := m["kind"].(string)
	name, _ := m["name"].(string)
	for k, v := range m {
		switch {
		case k == "items" && strings.HasPrefix(kind, "Secret"), (k == "data" || k == "stringData") && kind == "Secret":
			m[k] = maskedSecrets(v, k != "items")
		case k == "value" && name != "" && secretKey.MatchString(name):
			m[k] = hidden
		case k == "kubectl.kubernetes.io/last-applied-configuration":
			m[k] = hidden
		default:
			m[k] = masked(v, k, data)
		}
	}
	return m
}

// maskedSecrets is for the data of a Secret, or for the items of a list of them, which do not say their kind.
func maskedSecrets(v any, all bool) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = maskedSecrets(v[k], all || k == "data" || k == "stringData" || k == "annotations")
		}
		return v
	case []any:
		for i := range v {
			v[i] = maskedSecrets(v[i], all)
		}
		return v
	case string:
		if all {
			return hidden
		}
		return hide(v)
	}
	return v
}
