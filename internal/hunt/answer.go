package hunt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Answer is what a service said to one request, with everything taken out that looks like a secret.
type Answer struct {
	Status    int    `json:"status"`
	Type      string `json:"type,omitempty"`     // the media type
	Kind      string `json:"kind,omitempty"`     // of the Kubernetes object in the body
	Items     int    `json:"items,omitempty"`    // how many objects a list holds
	Location  string `json:"location,omitempty"` // where a redirect, which is not followed, leads to
	Text      string `json:"text"`               // how the body begins
	Body      any    `json:"body,omitempty"`     // the body, if it is JSON
	Truncated bool   `json:"truncated,omitempty"`
	Refused   string `json:"refused,omitempty"` // why the server hung up, where that is an answer, too; then Status is 0
	Version   string `json:"version,omitempty"` // the server's, where the answer tells it
	Proof     string `json:"proof"`             // request, status and what proves it, for people
}

const (
	textBytes  = 2048
	proofBytes = 70
	maxDepth   = 64
	maxValues  = 50_000
)

func newAnswer(a ask, resp *http.Response, data []byte, truncated bool) *Answer {
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	w := &Answer{Status: resp.StatusCode, Type: plainText(media, 100), Truncated: truncated}
	if to := resp.Header.Get("Location"); to != "" {
		w.Location = hide(plainText(to, 200))
	}
	w.read(data)
	w.Version = versionIn(w, string(data))
	w.Proof = fmt.Sprintf("%s: %d", a.key, w.Status)
	if told := w.told(); told != "" {
		w.Proof += ", " + told
	}
	return w
}

// read takes the body in: as JSON, if it is that, and as text.
func (w *Answer) read(data []byte) {
	w.Text = hide(plainText(string(data[:min(len(data), textBytes)]), textBytes))
	if w.Truncated {
		w.Kind = kindAt(data)
		return
	}
	value, ok := decode(data)
	if !ok {
		return
	}
	w.Body = masked(value, "", false)
	if m, ok := w.Body.(map[string]any); ok {
		w.Kind, _ = m["kind"].(string)
		if list, ok := m["items"].([]any); ok {
			w.Items = len(list)
		}
	}
	if text, err := json.Marshal(w.Body); err == nil {
		w.Text = plainText(string(text), textBytes) // the same without secrets
	}
}

// decode reads JSON that is neither too deep nor of too many values.
func decode(data []byte) (any, bool) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' && data[0] != '[' {
		return nil, false
	}
	depth, values := 0, 0
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		t, err := d.Token()
		if err != nil {
			break
		}
		values++
		if c, ok := t.(json.Delim); ok {
			if c == '{' || c == '[' {
				depth++
			} else {
				depth--
			}
		}
		if depth > maxDepth || values > maxValues {
			return nil, false
		}
	}
	var value any
	if json.Unmarshal(data, &value) != nil {
		return nil, false
	}
	return value, true
}

// kindAt finds the kind of an object of which only the beginning is there.
func kindAt(data []byte) string {
	_, rest, ok := strings.Cut(string(data[:min(len(data), 200)]), `"kind":"`)
	if kind, _, found := strings.Cut(rest, `"`); ok && found && strings.Trim(kind, letters) == "" {
		return kind
	}
	return ""
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// told is what of the body proves that it was given: the names of a list's first objects, or how the text begins.
func (w *Answer) told() string {
	m, _ := w.Body.(map[string]any)
	list, ok := m["items"].([]any)
	if !ok || w.Kind == "" {
		return shortened(strings.Join(strings.Fields(w.Text), " "), proofBytes)
	}
	var names []string
	for _, item := range list {
		if name := nameOf(item); name != "" {
			names = append(names, name)
		}
		if len(names) == 3 {
			break
		}
	}
	text := w.Kind
	if len(names) > 0 {
		text += " with " + strings.Join(names, ", ")
	}
	return shortened(text, proofBytes)
}

func nameOf(item any) string {
	object, _ := item.(map[string]any)
	meta, _ := object["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	if namespace, _ := meta["namespace"].(string); namespace != "" {
		name = namespace + "/" + name
	}
	return plainText(name, 60)
}

// plainText makes one safe text of what a server sent: no control characters, valid UTF-8, bounded.
func plainText(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)
	return shortened(strings.TrimSpace(s), most)
}

func shortened(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// The methods below may be called on nil: nothing was answered.

func (w *Answer) status() int {
	if w == nil {
		return 0
	}
	return w.Status
}

func (w *Answer) kind() string {
	if w == nil {
		return ""
	}
	return w.Kind
}

// text is a text in the body's top level.
func (w *Answer) text(key string) string {
	if w == nil {
		return ""
	}
	m, _ := w.Body.(map[string]any)
	s, _ := m[key].(string)
	return s
}

func (w *Answer) contains(any ...string) bool {
	return w != nil && slices.ContainsFunc(any, func(s string) bool { return strings.Contains(w.Text, s) })
}
