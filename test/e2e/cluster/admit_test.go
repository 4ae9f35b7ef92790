package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestDeniedIsNotInvalid(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	policy := apierrors.NewForbidden(pods, "p", errors.New("no"))
	policy.ErrStatus.Reason, policy.ErrStatus.Code = metav1.StatusReasonInvalid, http.StatusUnprocessableEntity
	policy.ErrStatus.Details.Causes = []metav1.StatusCause{{Message: "no"}}
	invalid := apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "p",
		field.ErrorList{field.Required(field.NewPath("spec"), "is missing")})
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"a plugin", apierrors.NewForbidden(pods, "p", errors.New("no")), true},
		{"a policy with the default reason", policy, true},
		{"a policy, wrapped", fmt.Errorf("creating: %w", policy), true},
		{"an object that is not valid", invalid, false},
		{"an object that cannot be read", apierrors.NewBadRequest("no"), false},
		{"a server that is overloaded", apierrors.NewTooManyRequests("later", 1), false},
		{"a connection that failed", errors.New("connection refused"), false},
	} {
		if got := denied(test.err); got != test.want {
			t.Errorf("%s: denied %v, want %v", test.name, got, test.want)
		}
	}
}

func TestPoliciesOfAnAdmission(t *testing.T) {
	a := Admission{
		Message: "pods \"p\" is forbidden: ValidatingAdmissionPolicy 'b' with binding 'x' denied request: no",
		Warnings: []string{
			"Validation failed for ValidatingAdmissionPolicy 'c' with binding 'y': no",
			"Validation failed for ValidatingAdmissionPolicy 'a' with binding 'y': no",
			"Validation failed for ValidatingAdmissionPolicy 'b' with binding 'y': no",
			"would violate PodSecurity \"restricted:latest\"",
		},
	}
	if got, want := a.Policies(), []string{"a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("policies %q, want %q", got, want)
	}
}

func TestCut(t *testing.T) {
	a := Admission{Warnings: []string{strings.Repeat("ä", warningRunes-1)}}
	if a.Cut() {
		t.Error("warnings that fit are said to be cut")
	}
	if a.Warnings = append(a.Warnings, "x"); !a.Cut() {
		t.Error("warnings up to the limit are not said to be cut")
	}
}
