package path_test

import (
	"testing"

	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// TestTokenIsMounted: a token is had by whoever enters a container that mounts it, and admission mounts it where nothing
// else is.
func TestTokenIsMounted(t *testing.T) {
	const (
		place = "/var/run/secrets/kubernetes.io/serviceaccount"
		own   = "volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: token}}]}}], "
		other = "volumes: [{name: t, emptyDir: {}}], "
		off   = "automountServiceAccountToken: false, "
		aud   = "volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: token, audience: vault}}]}}], "
		bare  = "{name: a, image: a}"
		there = "{name: a, image: a, volumeMounts: [{name: t, mountPath: " + place + "}]}"
		tmp   = "{name: a, image: a, volumeMounts: [{name: t, mountPath: /tmp/t}]}"
	)
	for name, c := range map[string]struct {
		spec string
		want bool
	}{
		"by default":                   {"containers: [" + bare + "]", true},
		"switched off":                 {off + "containers: [" + bare + "]", false},
		"own volume, mounted":          {off + own + "containers: [" + tmp + "]", true},
		"own volume, not mounted":      {off + own + "containers: [" + bare + "]", false},
		"own volume, set-up only":      {off + own + "initContainers: [" + tmp + "], containers: [{name: b, image: b}]", false},
		"own volume, in a sidecar":     {off + own + "initContainers: [{name: s, image: s, restartPolicy: Always, volumeMounts: [{name: t, mountPath: /t}]}], containers: [" + bare + "]", true},
		"own volume, of a debugger":    {off + own + "containers: [" + bare + "], ephemeralContainers: [{name: d, image: d, volumeMounts: [{name: t, mountPath: /t}]}]", true},
		"for somebody else":            {off + aud + "containers: [" + tmp + "]", false},
		"hidden":                       {other + "containers: [" + there + "]", false},
		"hidden by another audience's": {aud + "containers: [" + there + "]", false},
		"hidden in one of two":         {other + "containers: [" + there + ", {name: b, image: b}]", true},
		"something elsewhere":          {other + "containers: [" + tmp + "]", true},
		"hidden, with a debugger":      {other + "containers: [" + there + "], ephemeralContainers: [{name: d, image: d}]", false},
		"as a cluster tells it":        {own + "containers: [" + there + "]", true},
	} {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {serviceAccountName: web, " + c.spec + "}\n"
			g := build(t, text, rules.Edges()...)
			web, account := ref("Pod", "shop", "web"), rule.Account("shop", "web")
			if got := g.Reaches(web, account); got != c.want {
				t.Fatalf("the pod acts as its account: %t, want %t", got, c.want)
			}
			if !c.want {
				return
			}
			cut, err := g.Cut([]path.Source{{Ref: web}}, []path.Target{path.NamedTarget("account", account)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			after, err := path.Apply(text, cut.Changes)
			if err != nil {
				t.Fatal(err)
			}
			if build(t, after, rules.Edges()...).Reaches(web, account) {
				t.Errorf("after the patch it still does:\n%s", after)
			}
		})
	}
}
