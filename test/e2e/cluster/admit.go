package cluster

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Admission is what admission control said of an object.
type Admission struct {
	Allowed  bool
	Message  string   // why it was denied: by the first plugin, policy or webhook that did
	Warnings []string // what it was warned of; a policy bound with Warn leaves one here for each failed validation
}

// warningRunes is the length of all warnings together at which the API server drops the rest without a word.
const warningRunes = 4096

// Cut tells whether the server may have dropped warnings, so that [Admission.Policies] may lack some: about forty fit.
// To be sure, bind with Deny and ask for one policy at a time, each in a namespace of its own.
func (a Admission) Cut() bool {
	return utf8.RuneCountInString(strings.Join(a.Warnings, "")) >= warningRunes
}

// policyName finds the name of a policy in the texts that the API server makes.
var policyName = regexp.MustCompile(`ValidatingAdmissionPolicy '([^']+)'`)

// Policies are the names, sorted, of all ValidatingAdmissionPolicies that denied the object or warned of it.
func (a Admission) Policies() []string {
	var names []string
	for _, text := range append([]string{a.Message}, a.Warnings...) {
		if found := policyName.FindStringSubmatch(text); found != nil {
			names = append(names, found[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Admit asks the API server whether it would let the object be created, and stores nothing but namespaces that are
// missing. A namespaced object without a namespace goes to "default". An error means that there is no verdict: the
// kind is not served, the object is not valid, or the server did not answer. That an object of that name exists is
// no error, since it is noticed only after admission. Admit may be called from many goroutines.
func (c *Cluster) Admit(ctx context.Context, object *unstructured.Unstructured) (Admission, error) {
	client, object, err := c.api.resource(ctx, object)
	if err != nil {
		return Admission{}, err
	}
	var warned warnings
	ctx = context.WithValue(ctx, warningsKey{}, &warned)
	_, err = client.Create(ctx, object, metav1.CreateOptions{
		DryRun: []string{metav1.DryRunAll}, FieldManager: fieldManager})
	admission := Admission{Warnings: warned.texts}
	switch {
	case err == nil || apierrors.IsAlreadyExists(err):
		admission.Allowed = true
	case denied(err):
		admission.Message = err.Error()
	default:
		return admission, fmt.Errorf("no verdict on %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return admission, nil
}

// denied tells a refusal by admission from everything else that can go wrong with a request of an administrator.
// Plugins and webhooks answer Forbidden. A policy may answer with other reasons, one of which, the default, is also
// the reason of an object that is not valid; but only then do the causes name fields.
func denied(err error) bool {
	if apierrors.IsForbidden(err) {
		return true
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return false
	}
	return slices.ContainsFunc(status.Status().Details.Causes, func(cause metav1.StatusCause) bool {
		return cause.Type == "" && cause.Field == "" && cause.Message != ""
	})
}
