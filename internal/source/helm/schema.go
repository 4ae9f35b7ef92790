package helm

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

const schemaURL = "file:///values.schema.json"

// validate checks the values of a chart and of its sub-charts against their schemas. A failure does not
// keep the chart from being rendered: helm would refuse to install it, so it is told.
func (r *renderer) validate(c *chart.Chart, values map[string]any) {
	if len(c.Schema) > 0 {
		if reason := schemaFault(c.Schema, values); reason != "" {
			p := problem{Shown: r.data[&c.Schema[0]], Reason: reason}
			r.problem(p)
		}
	}
	for _, d := range c.Dependencies() {
		if sub, ok := values[d.Name()].(map[string]any); ok {
			r.validate(d, sub)
		}
	}
}

// offline refuses every schema that is elsewhere.
type offline struct{}

func (offline) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not fetched", url)
}

// schemaFault is what is wrong, in one line; "" if nothing is.
func schemaFault(schema []byte, values map[string]any) string {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return "values.schema.json cannot be parsed: " + err.Error()
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(offline{})
	if err := compiler.AddResource(schemaURL, doc); err != nil {
		return "values.schema.json cannot be used: " + err.Error()
	}
	compiled, err := compiler.Compile(schemaURL)
	if err != nil {
		return "values.schema.json cannot be used, the values were not validated: " + oneLine(err)
	}
	err = compiled.Validate(plain(values))
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		return "the values do not satisfy values.schema.json: " + oneLine(invalid)
	}
	if err != nil {
		return "the values could not be validated: " + oneLine(err)
	}
	return ""
}

// plain makes values of the types that the validator knows.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, x := range v {
			m[k] = plain(x)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = plain(x)
		}
		return l
	}
	return v
}

func oneLine(err error) string {
	lines := strings.Split(err.Error(), "\n")
	var parts []string
	for _, l := range lines {
		l = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l), "-"))
		if l != "" && !strings.HasPrefix(l, "jsonschema validation failed") {
			parts = append(parts, l)
		}
	}
	const most = 400
	s := strings.Join(parts, "; ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
