package export

import (
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// clusterScoped are the kinds of the examples that have no namespace.
var clusterScoped = map[string]bool{
	"Namespace": true, "Node": true, "PersistentVolume": true, "ClusterRole": true, "ClusterRoleBinding": true,
	"StorageClass": true, "CSIDriver": true, "CustomResourceDefinition": true, "APIService": true, "PriorityClass": true,
	"FlowSchema": true, "IngressClass": true, "RuntimeClass": true, "CertificateSigningRequest": true,
	"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true, "MutatingAdmissionPolicy": true,
	"MutatingAdmissionPolicyBinding": true, "ValidatingWebhookConfiguration": true, "MutatingWebhookConfiguration": true,
	"PriorityLevelConfiguration": true,
}

// onlyFile says whether an object is a file that some component reads, and never comes to an API server.
func onlyFile(o *unstructured.Unstructured) bool {
	group := o.GroupVersionKind().Group
	return strings.HasSuffix(group, ".config.k8s.io") || group == "audit.k8s.io" || group == "kubeadm.k8s.io" ||
		group == "" && o.GetKind() == "Config"
}

// exempt says whether the API server shows an object to no admission policy.
func exempt(o *unstructured.Unstructured) bool {
	return o.GroupVersionKind().Group == "admissionregistration.k8s.io"
}

// customResource says whether an object is of a group that Kubernetes does not serve itself.
func customResource(o *unstructured.Unstructured) bool {
	group := o.GroupVersionKind().Group
	return strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") ||
		group == "gateway.networking.k8s.io" || group == "policy.networking.k8s.io"
}

// applyDefinitions defines the custom resources that the examples are of, without a schema.
func applyDefinitions(t *testing.T, c *cluster.Cluster, objects []exportObject) {
	t.Helper()
	type definition struct{ group, kind string }
	versions := map[definition][]string{}
	var order []definition
	for _, o := range objects {
		if !customResource(o.object) {
			continue
		}
		gvk := o.object.GroupVersionKind()
		d := definition{gvk.Group, gvk.Kind}
		if versions[d] == nil {
			order = append(order, d)
		}
		if !slices.Contains(versions[d], gvk.Version) {
			versions[d] = append(versions[d], gvk.Version)
		}
	}
	for _, d := range order {
		var served []any
		for i, v := range versions[d] {
			served = append(served, map[string]any{"name": v, "served": true, "storage": i == 0, "schema": map[string]any{
				"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}})
		}
		// The plural as controller-gen makes it.
		plural := strings.ToLower(d.kind)
		switch {
		case strings.HasSuffix(plural, "cy"), strings.HasSuffix(plural, "ry"):
			plural = strings.TrimSuffix(plural, "y") + "ies"
		case strings.HasSuffix(plural, "s"):
			plural += "es"
		default:
			plural += "s"
		}
		crd := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
			"metadata": map[string]any{"name": plural + "." + d.group,
				"annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, for a test"}},
			"spec": map[string]any{"group": d.group, "scope": "Namespaced", "versions": served,
				"names": map[string]any{"kind": d.kind, "plural": plural}},
		}}
		if err := c.Apply(t.Context(), crd); err != nil {
			t.Fatal(err)
		}
	}
	cluster.Eventually(t, 30*time.Second, func() error {
		for _, o := range objects {
			if customResource(o.object) {
				if _, err := c.Admit(t.Context(), o.object); err != nil && strings.Contains(err.Error(), "finding the resource") {
					return err
				}
			}
		}
		return nil
	})
}
