package export

import (
	"fmt"
	"strconv"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"

	"github.com/bartizan-dev/bartizan/rule"
)

// parameters is the expression that reads the rule's parameters from the data of a ConfigMap: text as it is,
// numbers and booleans as they are written, lists with commas. What is missing there has its default.
func (s *source) parameters() string {
	var entries []string
	for _, p := range s.rule.Params {
		value := s.value(p)
		read := fmt.Sprintf("params.?data[?%s]", quote(p.Name))
		switch value.(type) {
		case []string:
			read += ".optMap(s, string(s).split(',').map(x, x.trim()).filter(x, x != ''))"
		case bool:
			read += ".optMap(s, string(s) == 'true')"
		case int64:
			read += ".optMap(s, int(string(s)))"
		}
		entries = append(entries, fmt.Sprintf("%s: dyn(%s.orValue(%s))", quote(p.Name), read, literal(value)))
	}
	return "{" + strings.Join(entries, ",\n ") + "}"
}

// value is what a parameter is set to.
func (s *source) value(p rule.Param) any {
	if v, ok := s.config.Params[s.rule.ID+"."+p.Name]; ok {
		return v
	}
	return p.Default
}

// settings is the ConfigMap with the rule's parameters.
func (s *source) settings() Object {
	data := map[string]any{}
	for _, p := range s.rule.Params {
		switch v := s.value(p).(type) {
		case []string:
			data[p.Name] = strings.Join(v, ",")
		default:
			data[p.Name] = fmt.Sprint(v)
		}
	}
	return Object{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": s.name(), "namespace": s.config.Namespace, "labels": map[string]any{managedBy: "bartizan"}},
		"data":     data,
	}
}

func (s *source) paramKind() *admission.ParamKind {
	if !s.free["params"] {
		return nil
	}
	return &admission.ParamKind{APIVersion: "v1", Kind: "ConfigMap"}
}

func (s *source) paramRef() *admission.ParamRef {
	if !s.free["params"] {
		return nil
	}
	deny := admission.DenyAction
	return &admission.ParamRef{Name: s.name(), Namespace: s.config.Namespace, ParameterNotFoundAction: &deny}
}

// literal writes a value in the expression language.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return quote(v)
	case []string:
		items := make([]string, len(v))
		for i, s := range v {
			items[i] = quote(s)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case []any:
		items := make([]string, len(v))
		for i, x := range v {
			items[i] = "dyn(" + literal(x) + ")"
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		entries := make([]string, 0, len(v))
		for _, k := range sortedKeys(v) {
			entries = append(entries, quote(k)+": dyn("+literal(v[k])+")")
		}
		return "{" + strings.Join(entries, ", ") + "}"
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		return s
	}
	return fmt.Sprint(v) // bool and the integers
}

// quote writes a string literal of the expression language.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
