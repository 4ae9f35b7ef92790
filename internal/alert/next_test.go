package alert

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
)

func TestNext(t *testing.T) {
	for _, c := range []struct {
		rule, identity string
		subject        bartizan.Ref
		want           string
	}{
		{"r", "jane", bartizan.Ref{Kind: "clusterrolebindings", Name: "mine"}, "kubectl get clusterrolebinding mine -o yaml; if nobody ordered it: delete the binding, then look at what its subjects did since"},
		{"r", "jane", bartizan.Ref{Kind: "Rollout.argoproj.io", Namespace: "shop", Name: "web"}, "kubectl get rollout.argoproj.io web -n shop -o yaml; if nobody ordered it: take the rights or credentials of jane away"},
		{"r", "", bartizan.Ref{Kind: "Pod", Namespace: "shop", Name: "it's; rm -rf /"}, `kubectl get pod 'it'\''s; rm -rf /' -n shop -o yaml; if nobody ordered it: cut the pod off with a NetworkPolicy and keep it for evidence before you delete it`},
		{"audit-guard-deleted", "jane", bartizan.Ref{Kind: "ValidatingAdmissionPolicy", Name: "p"}, "ask whoever is behind jane whether it was meant; if not, take the credentials away and restore ValidatingAdmissionPolicy p from its source"},
		{"r", "jane", bartizan.Ref{Kind: "Secret"}, "ask whoever is behind jane; if nobody ordered it: take the rights or credentials away, and look at what else was done with them"},
		{"r", "", bartizan.Ref{}, ""},
	} {
		if got := Next(alertAt(0, c.rule, c.identity, c.subject, "1")); got != c.want {
			t.Errorf("%v: %q, want\n%q", c.subject, got, c.want)
		}
	}
}

// TestShellWord asks a shell what it makes of a word.
func TestShellWord(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell")
	}
	for _, word := range []string{"web-1", "-rf", "a b", "$(id)", "`id`", "it's", `a"b\c`, "a;b", "*", "~", "", "a\nb", "system:node:n1", "#x", "!x"} {
		out, err := exec.Command("sh", "-c", "printf %s. "+shellWord(word)).Output()
		if err != nil || strings.TrimSuffix(string(out), ".") != word {
			t.Errorf("%q became %q, %v", word, out, err)
		}
	}
}
