package helm

import (
	"strings"
	"text/template"
	"time"
)

// steadyFuncs replaces the template functions whose result differs from run to run, and those that burn
// processor time to make keys: a scan of the same chart must print the same, and nobody uses these keys.
// Every value made here is a placeholder of the right length or shape.
func steadyFuncs() template.FuncMap {
	fill := func(alphabet string) func(int) string {
		return func(n int) string {
			n = max(n, 0)
			return strings.Repeat(alphabet, n/len(alphabet)+1)[:n]
		}
	}
	pem := func(kind string) string {
		return "-----BEGIN " + kind + "-----\nUExBQ0VIT0xERVI=\n-----END " + kind + "-----\n"
	}
	pair := certificate{Cert: pem("CERTIFICATE"), Key: pem("PLACEHOLDER")}
	now := func() time.Time { return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) }
	return template.FuncMap{
		"now":                      now,
		"ago":                      func(any) string { return "0s" },
		"randAlphaNum":             fill("placeholder0"),
		"randAlpha":                fill("placeholder"),
		"randAscii":                fill("placeholder"),
		"randNumeric":              fill("0123456789"),
		"randBytes":                func(n int) (string, error) { return fill("cGxhY2Vob2xkZXI")((max(n, 0) + 2) / 3 * 4), nil },
		"randInt":                  func(low, _ int) int { return low },
		"uuidv4":                   func() string { return "00000000-0000-4000-8000-000000000000" },
		"bcrypt":                   func(string) string { return "$2a$10$" + fill("placeholder")(53) },
		"htpasswd":                 func(user, _ string) string { return user + ":$2a$10$" + fill("placeholder")(53) },
		"derivePassword":           func(uint32, string, string, string, string) string { return "placeholder" },
		"genPrivateKey":            func(string) string { return pem("PLACEHOLDER") },
		"genCA":                    func(string, int) (certificate, error) { return pair, nil },
		"genCAWithKey":             func(string, int, string) (certificate, error) { return pair, nil },
		"genSelfSignedCert":        func(string, []any, []any, int) (certificate, error) { return pair, nil },
		"genSelfSignedCertWithKey": func(string, []any, []any, int, string) (certificate, error) { return pair, nil },
		"genSignedCert":            func(string, []any, []any, int, certificate) (certificate, error) { return pair, nil },
		"genSignedCertWithKey":     func(string, []any, []any, int, certificate, string) (certificate, error) { return pair, nil },
		"buildCustomCert":          func(cert, key string) (certificate, error) { return certificate{cert, key}, nil },
		"encryptAES":               func(_, text string) (string, error) { return fill("cGxhY2Vob2xkZXI")(len(text)), nil },
		"decryptAES":               func(_, _ string) (string, error) { return "placeholder", nil },
	}
}

// certificate has the fields that templates use of Helm's own.
type certificate struct{ Cert, Key string }
