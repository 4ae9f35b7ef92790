package grant

import (
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

// FuzzDecode reads whatever comes: it must neither panic nor hang, the quick answer must be the explained one, and what
// was read in full must never be denied where a gap or fault casts doubt on it.
func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if part.Name == "world.yaml" {
				f.Add(string(part.Data))
			}
		}
	}
	f.Add("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: [x]}\nrules: {a: b}\naggregationRule: [1]\n")
	f.Add("apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nroleRef: x\nsubjects: [1, {}, {kind: User}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		w, gaps := read(text)
		for _, o := range []Options{{NoBootstrap: true, Gaps: gaps}, {Complete: true, Pods: true, Gaps: gaps}} {
			m := New(w, o)
			for _, r := range []Request{
				{Verb: "get", Resource: "pods", Namespace: "shop"}, {Verb: "get", Resource: "secrets", Namespace: "shop", Name: "db"},
				{Verb: "create", Resource: "pods", Subresource: "exec"}, {Verb: "get", Path: "/metrics"},
			} {
				q := m.Compile(r)
				for _, x := range m.Identities() {
					a := m.Can(x.Subject, r)
					if v := m.Verdict(x.ID, q); v != a.Verdict {
						t.Fatalf("%+v of %s: Verdict says %s, Can says %s: %s", r, x.Ref, v, a.Verdict, a.Reason)
					}
					if a.Verdict == Denied && len(gaps) > 0 {
						t.Fatalf("%+v of %s is denied, although %s", r, x.Ref, gaps[0].Reason)
					}
				}
				m.Who(r)
				m.Grants(r, true)
				m.Holders(Capability{Verb: r.Verb, Resource: r.Resource})
			}
			m.Faults()
		}
	})
}
