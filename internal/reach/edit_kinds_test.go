package reach

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// blankets are policies that change much at once: what a whole namespace, or all of them, may do.
func blankets(namespace string) []string {
	head := "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: blanket, namespace: " + namespace + "}\nspec: "
	return []string{
		head + "{podSelector: {}, policyTypes: [Ingress, Egress]}\n",
		head + "{podSelector: {}, policyTypes: [Ingress]}\n",
		head + "{podSelector: {}, policyTypes: [Egress]}\n",
		head + "{podSelector: {matchLabels: {app: a}}, policyTypes: [Egress]}\n",
		head + "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}\n",
		head + "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}\n",
		head + "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: http}, {port: 80, endPort: 90}]}]}\n",
		head + "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/29}}], ports: [{port: http}]}]}\n",
		head + "{podSelector: {matchExpressions: [{key: fresh, operator: DoesNotExist}]}, ingress: [{from: [{podSelector: {matchLabels: {app: fresh}}}]}]}\n",
		"apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: default}\n" +
			"spec: {subject: {namespaces: {}}, ingress: [{name: x, action: Deny, from: [{namespaces: {}}]}]}\n",
	}
}

// TestBlanketEditIsDiff adds policies that select much, replaces them by one another and removes them again, and
// demands each time what a comparison of two Worlds says; with Cilium's policies about, too.
func TestBlanketEditIsDiff(t *testing.T) {
	flows := 0
	for seed := range uint64(rounds(25)) {
		c := &chaos{r: rand.New(rand.NewPCG(seed, 29))}
		text := c.text()
		if seed%5 == 4 {
			c.b.Reset()
			c.ciliumObjects()
			text += c.b.String()
		}
		rest := objectsOf(t, text)
		var blanket *kube.Object
		for step := range 5 {
			kinds := blankets(fmt.Sprintf("ns%d", c.n(2)))
			next := objectsOf(t, kinds[c.n(len(kinds))])[0]
			before, after := slices.Clone(rest), append(slices.Clone(rest), next)
			var remove []bartizan.Ref
			if blanket != nil {
				before, remove = append(before, blanket), []bartizan.Ref{blanket.Ref}
			}
			add := []*kube.Object{next}
			if step == 4 {
				add, after = nil, rest
			}
			m := New(worldOf(before), Options{Complete: true})
			opened, closed := m.Edit(remove, add)
			wantOpened, wantClosed := Diff(m, New(worldOf(after), Options{Complete: true}))
			for _, x := range [][2][]string{{keysOf(opened), keysOf(wantOpened)}, {keysOf(closed), keysOf(wantClosed)}} {
				if flows += len(x[0]); !slices.Equal(x[0], x[1]) {
					t.Fatalf("seed %d, step %d: edit says\n%q\ncomparison says\n%q", seed, step, x[0], x[1])
				}
			}
			blanket = next
		}
	}
	if t.Logf("%d flows", flows); flows < 200 {
		t.Errorf("only %d flows differed", flows)
	}
}
