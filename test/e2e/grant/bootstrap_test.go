package grant

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

var update = flag.Bool("update", false, "rewrite the product's table of the bootstrap policy")

// bootstrapFile is the product's table.
const bootstrapFile = "../../../internal/grant/bootstrap.yaml"

// version is the Kubernetes release whose bootstrap policy the table holds.
const version = "1.36"

// TestBootstrapTable proves that the product's table of the bootstrap policy is upstream's; with -update it writes it.
func TestBootstrapTable(t *testing.T) {
	want := bootstrapTable()
	path := filepath.FromSlash(bootstrapFile)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("%s is not the bootstrap policy of Kubernetes %s: run this test with -update and review the difference", bootstrapFile, version)
	}
}

func bootstrapTable() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The roles and bindings that a cluster of Kubernetes %s is born with, features as by default.\n", version)
	b.WriteString("# Written and kept equal to upstream by test/e2e/grant (go test -run TestBootstrapTable -update).\n")
	for _, r := range slices.Concat(bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()) {
		head(&b, "ClusterRole", "", r.Name)
		writeLabels(&b, r.Labels)
		if r.AggregationRule != nil {
			b.WriteString("aggregationRule:\n  clusterRoleSelectors:\n")
			for _, s := range r.AggregationRule.ClusterRoleSelectors {
				if len(s.MatchExpressions) > 0 {
					panic("the table cannot hold match expressions: teach bootstrapTable to write them")
				}
				fmt.Fprintf(&b, "  - matchLabels: %s\n", pairs(s.MatchLabels))
			}
		}
		rules(&b, r.Rules)
	}
	for _, x := range slices.Concat(bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings()) {
		head(&b, "ClusterRoleBinding", "", x.Name)
		binding(&b, x.RoleRef, x.Subjects)
	}
	roles, bindings := bootstrappolicy.NamespaceRoles(), bootstrappolicy.NamespaceRoleBindings()
	for _, ns := range slices.Sorted(maps.Keys(roles)) {
		for _, r := range roles[ns] {
			head(&b, "Role", ns, r.Name)
			rules(&b, r.Rules)
		}
	}
	for _, ns := range slices.Sorted(maps.Keys(bindings)) {
		for _, x := range bindings[ns] {
			head(&b, "RoleBinding", ns, x.Name)
			binding(&b, x.RoleRef, x.Subjects)
		}
	}
	return b.String()
}

func head(b *strings.Builder, kind, namespace, name string) {
	fmt.Fprintf(b, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata:\n  name: %q\n", kind, name)
	if namespace != "" {
		fmt.Fprintf(b, "  namespace: %s\n", namespace)
	}
}

// writeLabels writes those that aggregation looks at.
func writeLabels(b *strings.Builder, all map[string]string) {
	kept := map[string]string{}
	for k, v := range all {
		if strings.Contains(k, "aggregate-to") {
			kept[k] = v
		}
	}
	if len(kept) > 0 {
		fmt.Fprintf(b, "  labels: %s\n", pairs(kept))
	}
}

func pairs(m map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, fmt.Sprintf("%s: %q", k, m[k]))
	}
	return "{" + strings.Join(all, ", ") + "}"
}

func rules(b *strings.Builder, all []rbacv1.PolicyRule) {
	if len(all) > 0 {
		b.WriteString("rules:\n")
	}
	for _, r := range all {
		fmt.Fprintf(b, "- verbs: %s\n", list(r.Verbs))
		for _, f := range []struct {
			name   string
			values []string
		}{
			{"apiGroups", r.APIGroups}, {"resources", r.Resources}, {"resourceNames", r.ResourceNames}, {"nonResourceURLs", r.NonResourceURLs},
		} {
			if len(f.values) > 0 {
				fmt.Fprintf(b, "  %s: %s\n", f.name, list(f.values))
			}
		}
	}
}

func list(values []string) string {
	var all []string
	for _, v := range values {
		if v == "" || strings.ContainsAny(v, "*:{}[],&#?|-<>=!%@\\\"' ") {
			v = fmt.Sprintf("%q", v)
		}
		all = append(all, v)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func binding(b *strings.Builder, ref rbacv1.RoleRef, subjects []rbacv1.Subject) {
	fmt.Fprintf(b, "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %s, name: %q}\n", ref.Kind, ref.Name)
	b.WriteString("subjects:\n")
	for _, s := range subjects {
		fmt.Fprintf(b, "- {kind: %s, name: %q", s.Kind, s.Name)
		if s.Namespace != "" {
			fmt.Fprintf(b, ", namespace: %q", s.Namespace)
		}
		b.WriteString("}\n")
	}
}
