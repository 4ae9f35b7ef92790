package notify

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestJSONLIsAsPublished checks every line against the schema that docs/schema publishes.
func TestJSONLIsAsPublished(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "schema", "alert-line-v1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("alert.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("alert.json")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	o := NewJSONL(&b)
	if err := o.Write(context.Background(), append(sample(t), *lost("hook", 3, time.Now()))); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for line := range strings.Lines(b.String()) {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%v\n%s", err, line)
		}
		kinds[v.(map[string]any)["type"].(string)] = true
		v.(map[string]any)["other"] = 1
		if schema.Validate(v) == nil {
			t.Error("the schema takes anything")
		}
	}
	if len(kinds) != 3 {
		t.Errorf("%v", kinds)
	}
}
