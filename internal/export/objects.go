package export

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Object is a Kubernetes object as JSON has it.
type Object map[string]any

// managedBy is the label by which everything that was exported is found again.
const managedBy = "app.kubernetes.io/managed-by"

// asObject turns an API type into an Object, without the status, which is the API server's.
func asObject(v any) (Object, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write a policy: %w", err)
	}
	var o Object
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("write a policy: %w", err)
	}
	delete(o, "status")
	return o, nil
}

// YAML writes objects as one YAML stream.
func YAML(objects []Object) ([]byte, error) {
	var b strings.Builder
	for i, o := range objects {
		text, err := yaml.Marshal(map[string]any(o))
		if err != nil {
			return nil, fmt.Errorf("write %v as YAML: %w", o["kind"], err)
		}
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(text)
	}
	return []byte(b.String()), nil
}

// List wraps objects into one, for formats that hold a single document.
func List(objects []Object) Object {
	items := make([]any, len(objects))
	for i, o := range objects {
		items[i] = map[string]any(o)
	}
	return Object{"apiVersion": "v1", "kind": "List", "items": items}
}

// Namespace is the namespace that holds the parameters.
func Namespace(name string) Object {
	return Object{"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"name": name, "labels": map[string]any{managedBy: "bartizan"}}}
}

// meta is the metadata of a policy.
func (s *source) meta() metav1.ObjectMeta {
	m := metav1.ObjectMeta{
		Name:   s.name(),
		Labels: map[string]string{managedBy: "bartizan", "bartizan.dev/severity": s.rule.Severity.String()},
		Annotations: map[string]string{
			"bartizan.dev/rule":  s.rule.ID,
			"bartizan.dev/title": s.rule.Title,
			"bartizan.dev/why":   firstSentence(s.rule.Why),
		},
	}
	if len(s.rule.References) > 0 {
		m.Annotations["bartizan.dev/reference"] = s.rule.References[0]
	}
	return m
}

// bindingMeta is the metadata of a binding.
func (s *source) bindingMeta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: s.name(), Labels: map[string]string{managedBy: "bartizan"}}
}

// elsewhere is what a binding matches: everything but the excluded namespaces.
func (s *source) elsewhere() *admission.MatchResources {
	if len(s.config.ExcludeNamespaces) == 0 {
		return nil
	}
	return &admission.MatchResources{NamespaceSelector: &metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{
			Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpNotIn, Values: s.config.ExcludeNamespaces,
		}},
	}}
}

// firstSentence is the first sentence of a text, on one line.
func firstSentence(text string) string {
	line := strings.Join(strings.Fields(text), " ")
	for i := 0; i+1 < len(line); i++ {
		if line[i] == '.' && line[i+1] == ' ' && !strings.HasSuffix(line[:i], "e.g") && !strings.HasSuffix(line[:i], "i.e") {
			return line[:i+1]
		}
	}
	return line
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
