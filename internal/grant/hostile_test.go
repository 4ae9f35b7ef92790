package grant

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const rbacHead = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: "

// TestHostileSizes builds Models of input that is made to take for ever. None may take more than seconds, on any machine.
func TestHostileSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds large inputs")
	}
	binding := "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %s}\nsubjects: [%s]\n"
	group := "{apiGroup: rbac.authorization.k8s.io, kind: Group, name: g}"
	for name, write := range map[string]func(*strings.Builder){
		"every role aggregates every other": func(b *strings.Builder) {
			for i := range 4000 {
				fmt.Fprintf(b, rbacHead+"ClusterRole\nmetadata: {name: r%d}\naggregationRule: {clusterRoleSelectors: [{}]}\nrules: [{apiGroups: [a], resources: [r%d], verbs: [get]}]\n", i, i)
			}
		},
		"one rule with very many words": func(b *strings.Builder) {
			var words []string
			for i := range 100_000 {
				words = append(words, fmt.Sprintf("w%d", i))
			}
			all := strings.Join(words, ", ")
			fmt.Fprintf(b, rbacHead+"ClusterRole\nmetadata: {name: r}\nrules: [{apiGroups: [%s], resources: [%s], verbs: [%s], resourceNames: [%s]}]\n", all, all, all, all)
			fmt.Fprintf(b, rbacHead+"ClusterRoleBinding\nmetadata: {name: b}\n"+binding, "r", group)
		},
		"one subject in very many namespaces": func(b *strings.Builder) {
			fmt.Fprintf(b, rbacHead+"ClusterRole\nmetadata: {name: big}\nrules:\n")
			for i := range 2000 {
				fmt.Fprintf(b, "- {apiGroups: [a], resources: [r%d], verbs: [get]}\n", i)
			}
			for i := range 8000 {
				fmt.Fprintf(b, rbacHead+"ClusterRole\nmetadata: {name: r%d}\nrules: [{apiGroups: [a], resources: [x%d], verbs: [get]}]\n", i, i)
				for j, role := range []string{"big", fmt.Sprintf("r%d", i)} {
					fmt.Fprintf(b, rbacHead+"RoleBinding\nmetadata: {name: b%d, namespace: n%d}\n"+binding, j, i, role, group)
				}
			}
		},
		"very many dangling bindings": func(b *strings.Builder) {
			for i := range 20_000 {
				fmt.Fprintf(b, rbacHead+"ClusterRoleBinding\nmetadata: {name: b%d}\n"+binding, i, fmt.Sprintf("gone%d", i), group+", {kind: User, name: u"+fmt.Sprint(i)+"}")
			}
		},
		"very many malformed subjects": func(b *strings.Builder) {
			for i := range 5000 {
				fmt.Fprintf(b, rbacHead+"ClusterRole\nmetadata: {name: r%d}\nrules: [{apiGroups: [a], resources: [r%d], verbs: [get]}]\n", i, i)
				fmt.Fprintf(b, rbacHead+"ClusterRoleBinding\nmetadata: {name: b%d}\n"+binding, i, fmt.Sprintf("r%d", i), "{kind: User}, {kind: Grp, name: g}, {kind: User, name: u"+fmt.Sprint(i)+"}")
			}
		},
		"very long definitions of one role": func(b *strings.Builder) {
			for v := range 2 {
				fmt.Fprintf(b, rbacHead+"ClusterRole\nmetadata: {name: r}\nrules:\n")
				for i := range 40_000 {
					fmt.Fprintf(b, "- {apiGroups: [a], resources: [r%d], verbs: [get]}\n", 2*i+v)
				}
			}
			var subjects []string
			for i := range 20_000 {
				subjects = append(subjects, fmt.Sprintf("{kind: User, name: u%d}", i))
			}
			fmt.Fprintf(b, rbacHead+"ClusterRoleBinding\nmetadata: {name: b}\n"+binding, "r", strings.Join(subjects, ", "))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			write(&b)
			w, gaps := read(b.String())
			if len(gaps) > 0 {
				t.Fatal(gaps)
			}
			start := time.Now()
			m := New(w, Options{})
			r := Request{Verb: "get", Group: "a", Resource: "r7", Namespace: "n7"}
			m.Can(Subject{User: "u7", Groups: []string{"g"}}, r)
			m.Who(r)
			m.Holders(Capability{Verb: "get", Group: "a", Resource: "r7"})
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("it took %v", took)
			}
			t.Log(time.Since(start))
		})
	}
}
