package edit

import (
	"encoding/json"
	"sort"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// block writes a value in block style. The first line follows "key:" or "-" and includes its leading space
// or line break; later lines are indented by indent spaces. Lists under a key are indented like their key
// when flat is set.
func block(v any, indent int, flat bool) string {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return " {}"
		}
		var b strings.Builder
		for _, k := range keys(v) {
			b.WriteString("\n" + spaces(indent) + scalar(k) + ":" + block(v[k], indent+step, flat))
		}
		return b.String()
	case []any:
		if len(v) == 0 {
			return " []"
		}
		if flat {
			indent -= step
		}
		var b strings.Builder
		for _, item := range v {
			b.WriteString("\n" + spaces(indent) + "-" + dashed(item, indent+step, flat))
		}
		return b.String()
	}
	return " " + scalar(v)
}

// step is the indentation of new maps and lists, in spaces.
const step = 2

// dashed writes a list item behind its dash: a map begins on the line of the dash.
func dashed(v any, indent int, flat bool) string {
	text := block(v, indent, flat)
	if _, isMap := v.(map[string]any); isMap {
		return " " + strings.TrimLeft(text, "\n ")
	}
	return text
}

// flow writes a value in flow style, which is JSON but for plain scalars.
func flow(v any, quoted bool) string {
	switch v := v.(type) {
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, k := range keys(v) {
			parts = append(parts, flow(k, quoted)+": "+flow(v[k], quoted))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, 0, len(v))
		for _, item := range v {
			parts = append(parts, flow(item, quoted))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if s, ok := v.(string); ok && (quoted || strings.ContainsAny(s, ",[]{}")) {
		return quote(s)
	}
	return scalar(v)
}

// scalar writes a scalar plainly if it then still means the same, else as JSON.
func scalar(v any) string {
	s, ok := v.(string)
	if !ok {
		return quote(v)
	}
	if s == "" || len(s) > 200 || strings.ContainsAny(s, "\n\t\r") {
		return quote(s)
	}
	for doc, err := range tree.Parse("k: "+s+"\n", tree.DefaultLimits()) {
		if err == nil && doc.Root().Get("k").Str() == s && doc.Root().Len() == 1 {
			return s
		}
		break
	}
	return quote(s)
}

func quote(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null" // NaN and infinities, which no fix sets
	}
	return strings.TrimSpace(b.String())
}

func keys(m map[string]any) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	sort.Strings(all)
	return all
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }
