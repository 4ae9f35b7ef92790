package reach

import (
	"strings"
	"testing"
)

// TestBothFamilies lists pods with addresses of both families, which policies on addresses tell apart: each pair
// stands once, and no pod with itself.
func TestBothFamilies(t *testing.T) {
	pod := func(name, addresses string) string {
		return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: a, labels: {app: " + name + "}}\nspec: {containers: [{name: c}]}\nstatus: {podIPs: [" + addresses + "]}\n"
	}
	policy := "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress], " +
		"ingress: [{from: [{podSelector: {matchLabels: {app: q}}}]}], egress: [{to: [{podSelector: {}}, {ipBlock: {cidr: 'fd00::/120', except: ['fd00::2/128']}}, {ipBlock: {cidr: 10.1.0.0/31}}]}]}\n"
	text := "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n" + pod("p", "{ip: 10.1.0.1}, {ip: 'fd00::1'}") + pod("q", "{ip: 10.1.0.2}, {ip: 'fd00::2'}") +
		pod("r", "{ip: 10.1.0.3}, {ip: 'fd00::1:3'}") + policy
	m := modelOf(t, text, Options{Complete: true})
	seen := map[string]int{}
	for _, c := range m.Connections() {
		for _, from := range c.From.Names() {
			for _, to := range c.To.Names() {
				seen[from+" "+to]++
			}
		}
	}
	for pair, n := range seen {
		if from, to, _ := strings.Cut(pair, " "); n > 1 && strings.HasPrefix(from, "a/") && strings.HasPrefix(to, "a/") || from == to {
			t.Errorf("%s stands %d times", pair, n)
		}
	}
	if seen["a/q a/p"]+seen["a/q a/r"]+seen["a/q a/*"] == 0 {
		t.Errorf("what q reaches is missing: %v", seen)
	}
	before := modelOf(t, strings.ReplaceAll(text, "app: q}}}", "app: p}}}"), Options{Complete: true})
	opened, closed := Diff(before, m)
	for _, list := range [][]string{keysOf(opened), keysOf(closed)} {
		for i := range list {
			if i > 0 && list[i] == list[i-1] {
				t.Errorf("twice: %s", list[i])
			}
		}
	}
	if len(opened) == 0 || len(closed) == 0 {
		t.Errorf("opened %d, closed %d", len(opened), len(closed))
	}
}
