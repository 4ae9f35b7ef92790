package scan

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// setValue sets one value of a chart; nil takes it away.
type setValue struct {
	path  []string
	value any
}

// alternative is the n-th choice of values that could mend findings of an object.
func (c *chartFix) alternative(id string, o *kube.Object, wants []want, n int) (values []setValue, ok bool) {
	if c.traced == nil {
		return nil, false
	}
	most := 0
	seen := map[string]bool{}
	for _, w := range wants {
		for _, op := range w.ops {
			choices := c.choices(c.traced.found[id], o, op)
			if len(choices) == 0 {
				return nil, false
			}
			most = max(most, len(choices))
			for _, v := range leaves(choices[min(n, len(choices)-1)], nil) {
				if key := strings.Join(v.path, "\x00"); !seen[key] {
					seen[key] = true
					values = append(values, v)
				}
			}
		}
	}
	return values, n < most
}

// leaves parts a map into its values, so that what stands beside them is left alone.
func leaves(v setValue, all []setValue) []setValue {
	m, ok := v.value.(map[string]any)
	if !ok || len(m) == 0 {
		return append(all, v)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = leaves(setValue{append(slices.Clone(v.path), k), m[k]}, all)
	}
	return all
}

// choices are the values that show where an operation writes, or around it.
func (c *chartFix) choices(found map[string][]shownKey, o *kube.Object, op edit.Op) (all []setValue) {
	value := op.Value
	for _, s := range found[op.Path] {
		if s.whole {
			continue
		}
		if op.Op == "remove" {
			value = nil
			if b, isBool := o.Root.Lookup(op.Path).Bool(); isBool {
				value = !b
			}
		}
		all = append(all, setValue{s.key.Path, value})
	}
	if op.Op == "remove" {
		value = nil
	}
	parts := strings.Split(strings.TrimPrefix(op.Path, "/"), "/")
	for i := len(parts); i >= 0; i-- {
		at := ""
		if i > 0 {
			at = "/" + strings.Join(parts[:i], "/")
		}
		rest := parts[i:]
		for _, s := range found[at] {
			if s.whole && !hasIndex(rest) {
				v := setValue{append([]string(nil), s.key.Path...), value}
				for _, p := range rest {
					v.path = append(v.path, unescapePointer(p))
				}
				if _, isMap := value.(map[string]any); isMap || len(rest) > 0 {
					all = append(all, v)
				}
			}
		}
	}
	return all
}

func hasIndex(parts []string) bool {
	for _, p := range parts {
		if p == "-" || strings.Trim(p, "0123456789") == "" {
			return true
		}
	}
	return false
}

func unescapePointer(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
}

// valuesJSON is a values file that sets values.
func valuesJSON(values []setValue) []byte {
	all := map[string]any{}
	for _, v := range values {
		set(all, v.path, v.value)
	}
	data, err := json.Marshal(all)
	if err != nil {
		return []byte("{}")
	}
	return data
}

// editValues sets values in the text of a values file.
func editValues(text string, values []setValue) (string, bool) {
	for _, v := range values {
		root := firstRoot(text)
		if !root.Exists() || root.Kind() == tree.Null {
			nested, err := yaml.Marshal(nest(v.path, v.value))
			if err != nil {
				return "", false
			}
			text = strings.TrimRight(text, "\n") + "\n" + string(nested)
			text = strings.TrimLeft(text, "\n")
			continue
		}
		at, depth := root, 0
		for depth < len(v.path) && at.Kind() == tree.Map && at.Get(v.path[depth]).Exists() {
			at, depth = at.Get(v.path[depth]), depth+1
		}
		op := edit.Op{Op: "replace", Path: at.Path(), Value: nest(v.path[depth:], v.value)}
		switch {
		case depth == len(v.path) && v.value == nil:
			op.Op, op.Value = "remove", nil
		case depth < len(v.path) && at.Kind() == tree.Map:
			op = edit.Op{Op: "add", Path: at.Path() + "/" + escapePointer(v.path[depth]), Value: nest(v.path[depth+1:], v.value)}
		case depth < len(v.path) && at.Kind() != tree.Null:
			return "", false // a scalar where a map would have to be
		}
		patch, err := edit.Encode([]edit.Op{op})
		if err != nil {
			return "", false
		}
		splices, err := edit.Plan(root.Doc(), patch)
		if err != nil {
			return "", false
		}
		text = edit.Apply(text, 0, splices)
	}
	return text, true
}

// nest puts a value into maps in maps.
func nest(path []string, v any) any {
	for i := len(path) - 1; i >= 0; i-- {
		v = map[string]any{path[i]: v}
	}
	return v
}

// wordPattern is a text that helm does not take for anything else.
var wordPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z-]*$`)

// setFlags writes values for the helm program.
func setFlags(values []setValue) []SetFlag {
	escape := strings.NewReplacer(`\`, `\\`, ",", `\,`)
	var flags []SetFlag
	for _, v := range values {
		parts := make([]string, len(v.path))
		for i, p := range v.path {
			parts[i] = strings.ReplaceAll(escape.Replace(p), ".", `\.`)
		}
		key := strings.Join(parts, ".")
		switch x := v.value.(type) {
		case nil:
			flags = append(flags, SetFlag{"--set", key + "=null"})
		case bool, int64:
			flags = append(flags, SetFlag{"--set", fmt.Sprintf("%s=%v", key, x)})
		case string:
			flag := "--set-string"
			if wordPattern.MatchString(x) && x != "true" && x != "false" && x != "null" {
				flag = "--set"
			}
			flags = append(flags, SetFlag{flag, key + "=" + escape.Replace(x)})
		default:
			data, err := json.Marshal(x)
			if err == nil {
				flags = append(flags, SetFlag{"--set-json", key + "=" + string(data)})
			}
		}
	}
	return flags
}
