package notify

import (
	"fmt"
	"os"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Secret is a text that is never shown: it stands in a file, in the environment, or, where a user puts up with that, in
// the alerts file itself. It is read each time it is needed, so that a new one counts at once.
type Secret struct {
	file, env string
	value     string
}

// maxSecret is how long a secret may be.
const maxSecret = 64 << 10

// String never shows the secret.
func (s Secret) String() string {
	switch {
	case s.file != "":
		return "(from file " + s.file + ")"
	case s.env != "":
		return "(from environment variable " + s.env + ")"
	case s.value != "":
		return "(hidden)"
	}
	return "(none)"
}

// GoString never shows the secret either.
func (s Secret) GoString() string { return s.String() }

// MarshalText never shows the secret either.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Secret) set() bool { return s != Secret{} }

// read is the secret itself.
func (s Secret) read() (string, error) {
	switch {
	case s.file != "":
		text, err := readBounded(s.file, maxSecret)
		if err != nil {
			return "", err
		}
		if text = strings.TrimRight(text, "\r\n"); text == "" {
			return "", fmt.Errorf("file %s is empty", s.file)
		}
		return text, nil
	case s.env != "":
		if v := os.Getenv(s.env); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("environment variable %s is not set", s.env)
	}
	return s.value, nil
}

// secret reads a secret's place: {file: PATH}, {env: NAME} or the text itself.
func (r *reader) secret(to *Secret) func(tree.Node) {
	return func(n tree.Node) {
		if n.Kind() != tree.Map {
			r.text(&to.value)(n)
			if to.value == "" {
				r.fault(n, "%s is empty: write {file: PATH} or {env: NAME}", called(n))
			}
			return
		}
		r.object(n, fields{"file": r.text(&to.file), "env": r.text(&to.env)})
		if (to.file == "") == (to.env == "") {
			r.fault(n, "%s must name either a file or an environment variable: {file: PATH} or {env: NAME}", called(n))
		}
	}
}
