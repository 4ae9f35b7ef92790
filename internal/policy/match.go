package policy

import (
	"errors"
	"fmt"
	"slices"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
)

// matcher is matchConstraints or matchResources, made ready.
type matcher struct {
	*admission.MatchResources
	namespaces, objects labels.Selector
}

func newMatcher(m *admission.MatchResources) (*matcher, error) {
	r := &matcher{MatchResources: m, namespaces: labels.Everything(), objects: labels.Everything()}
	var err error
	if m.NamespaceSelector != nil {
		if r.namespaces, err = metav1.LabelSelectorAsSelector(m.NamespaceSelector); err != nil {
			return nil, fmt.Errorf("namespaceSelector: %w", err)
		}
	}
	if m.ObjectSelector != nil {
		if r.objects, err = metav1.LabelSelectorAsSelector(m.ObjectSelector); err != nil {
			return nil, fmt.Errorf("objectSelector: %w", err)
		}
	}
	if p := m.MatchPolicy; p != nil && *p != admission.Exact && *p != admission.Equivalent {
		return nil, fmt.Errorf("matchPolicy is Exact or Equivalent, not %q", *p)
	}
	for _, named := range slices.Concat(m.ResourceRules, m.ExcludeResourceRules) {
		if err := checkRule(named); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func checkRule(r admission.NamedRuleWithOperations) error {
	if len(r.Operations) == 0 || len(r.APIGroups) == 0 || len(r.APIVersions) == 0 || len(r.Resources) == 0 {
		return errors.New("a resource rule must have operations, apiGroups, apiVersions and resources")
	}
	for _, op := range r.Operations {
		if !slices.Contains([]admission.OperationType{admission.OperationAll, admission.Create, admission.Update, admission.Delete, admission.Connect}, op) {
			return fmt.Errorf("operation %q is unknown: use CREATE, UPDATE, DELETE, CONNECT or *", op)
		}
	}
	if s := r.Scope; s != nil && *s != admission.AllScopes && *s != admission.ClusterScope && *s != admission.NamespacedScope {
		return fmt.Errorf("scope is Cluster, Namespaced or *, not %q", *s)
	}
	return nil
}

// match says whether a request matches, and as which resource.
func (m *matcher) match(r *request) (served, bool) {
	if (r.namespace != "" || r.gvr.Resource == "namespaces") && !m.namespaces.Empty() &&
		!m.namespaces.Matches(labels.Set(r.namespaceLabels())) {
		return served{}, false
	}
	if !m.objects.Empty() && !m.objects.Matches(labels.Set(r.object.GetLabels())) {
		return served{}, false
	}
	if _, excluded := m.byRules(m.ExcludeResourceRules, r); excluded {
		return served{}, false
	}
	if len(m.ResourceRules) == 0 {
		return r.served, true
	}
	return m.byRules(m.ResourceRules, r)
}

func (m *matcher) byRules(list []admission.NamedRuleWithOperations, r *request) (served, bool) {
	if matchesOne(list, r, r.attributes) {
		return r.served, true
	}
	if m.MatchPolicy != nil && *m.MatchPolicy == admission.Exact {
		return served{}, false
	}
	for _, other := range r.equivalents {
		if matchesOne(list, r, &as{r.attributes, other.gvr}) {
			return other, true
		}
	}
	return served{}, false
}

func matchesOne(list []admission.NamedRuleWithOperations, r *request, a apiadmission.Attributes) bool {
	for i := range list {
		one := rules.Matcher{Rule: list[i].RuleWithOperations, Attr: a}
		if one.Matches() && (len(list[i].ResourceNames) == 0 || slices.Contains(list[i].ResourceNames, r.object.GetName())) {
			return true
		}
	}
	return false
}

// as is a request seen as one for another version of the resource.
type as struct {
	apiadmission.Attributes
	resource schema.GroupVersionResource
}

// GetResource is the other version's resource.
func (a *as) GetResource() schema.GroupVersionResource { return a.resource }
