package reach

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/kube"
)

// These tests compare the answers about two clusters of which one is made of the other: what the change may do to
// the answers is known without knowing the answers.

// answers are the verdicts on all pairs of pods, and of pods with an address outside, on some ports.
func answers(m *Model) (out []Verdict) {
	outside := peerOf("8.8.8.8")
	for i, s := range m.Pods() {
		for k, d := range m.Pods() {
			for _, port := range []uint16{53, 80, 5432} {
				if out = append(out, Allowed); i != k {
					out[len(out)-1] = m.Can(Workload(s.Ref), Workload(d.Ref), Port{Number: port}).Verdict
				}
			}
		}
		out = append(out, m.Can(Workload(s.Ref), outside, Port{Number: 80}).Verdict, m.Can(outside, Workload(s.Ref), Port{Number: 80}).Verdict)
	}
	return out
}

func randomObjects(t *testing.T, seed uint64) (c *chaos, text string, objects []*kube.Object) {
	c = &chaos{r: rand.New(rand.NewPCG(seed, 29))}
	text = c.text()
	return c, text, objectsOf(t, text)
}

func without(list []*kube.Object, o *kube.Object) []*kube.Object {
	return slices.DeleteFunc(slices.Clone(list), func(x *kube.Object) bool { return x == o })
}

// only leaves one policy of a cluster, and what is no policy.
func only(list []*kube.Object, o *kube.Object) []*kube.Object {
	return slices.DeleteFunc(slices.Clone(list), func(x *kube.Object) bool { return x != o && isPolicy(x) })
}

// TestPolicyComesAndGoes: what opens when a NetworkPolicy comes is what its own rules let through; what closes when
// it goes is the same; and one without rules never closes anything by going.
func TestPolicyComesAndGoes(t *testing.T) {
	changed := 0
	for seed := range uint64(rounds(40)) {
		_, _, objects := randomObjects(t, seed)
		for _, o := range objects {
			if o.Kind != "NetworkPolicy" {
				continue
			}
			with, less := answers(New(worldOf(objects), Options{Complete: true})), answers(New(worldOf(without(objects, o)), Options{Complete: true}))
			alone := answers(New(worldOf(only(objects, o)), Options{Complete: true}))
			rules := o.Root.At("spec", "ingress").Len()+o.Root.At("spec", "egress").Len() > 0
			for i := range with {
				if with[i] != Allowed || less[i] == Allowed {
					continue
				}
				if changed++; alone[i] == Denied || !rules {
					t.Fatalf("seed %d: %s opens what its rules do not let through", seed, o.Ref)
				}
			}
		}
	}
	if changed == 0 {
		t.Error("no policy ever opened anything")
	}
}

// TestDenialGoes: a policy of Cilium that only denies, and closes nothing besides, never closes anything by going.
func TestDenialGoes(t *testing.T) {
	for seed := range uint64(rounds(40)) {
		c, _, objects := randomObjects(t, seed)
		if !strings.Contains(c.b.String(), "CiliumNetworkPolicy") {
			continue // another network plugin with it than without it
		}
		deny := objectsOf(t, "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: deny}\nspec:\n  endpointSelector: "+c.ciliumSelector(false)+
			"\n  enableDefaultDeny: {ingress: false, egress: false}\n  ingressDeny: ["+c.ciliumRule("ingressDeny", false)+"]\n  egressDeny: ["+c.ciliumRule("egressDeny", false)+"]\n")
		less, with := answers(New(worldOf(objects), Options{Complete: true})), answers(New(worldOf(append(slices.Clone(objects), deny...)), Options{Complete: true}))
		for i := range with {
			if rank(with[i]) > rank(less[i]) {
				t.Fatalf("seed %d: a denial makes %s of %s", seed, with[i], less[i])
			}
		}
	}
}

// TestLabelNobodyAsksFor: a label that no selector speaks of changes nothing.
func TestLabelNobodyAsksFor(t *testing.T) {
	for seed := range uint64(rounds(40)) {
		_, text, objects := randomObjects(t, seed)
		relabelled := strings.NewReplacer("noise: a", "noise: x", "noise: b", "other: y", "labels: {app", "labels: {more: z, app").Replace(text)
		a, b := answers(New(worldOf(objects), Options{Complete: true})), answers(modelOf(t, relabelled, Options{Complete: true}))
		if !slices.Equal(a, b) {
			t.Fatalf("seed %d: labels that nobody asks for change answers", seed)
		}
	}
}

// TestBadInput: where something is missing or cannot be read, the answer is the same as otherwise or it is not known.
func TestBadInput(t *testing.T) {
	unknown := 0
	for seed := range uint64(rounds(40)) {
		c, text, objects := randomObjects(t, seed)
		whole := answers(New(worldOf(objects), Options{Complete: true}))
		documents := strings.Split(text, "---\n")
		for _, spoil := range []func(string) string{
			func(s string) string { return dropped(s, "kind: Namespace") },
			func(s string) string { return dropped(s, "kind: ConfigMap") },
			func(s string) string { return dropped(s, "kind: CiliumCIDRGroup") },
			func(s string) string { return dropped(s, "kind: EndpointSlice") },
			misspelt("matchLabels:", "matchLables:"), misspelt("from: [", "form: ["), misspelt("to: [", "too: ["), misspelt("\n  ingress:", "\n  ingres:"),
			misspelt("fromEndpoints:", "fromEndpoint:"), misspelt("operator: In", "operator: in"), misspelt("endPort: ", "endport: "),
			misspelt("subject:", "subjects:"), misspelt("action: ", "actoin: "), misspelt("toPorts: [", "toPort: ["), misspelt("endpointSelector:", "endpointSelektor:"),
			misspelt("podSelector:", "podSelektor:"), misspelt("tier: Admin", "tier: Admon"), misspelt("policyTypes: [Ing", "policyTypes: [ing"),
		} {
			i := c.n(len(documents))
			for k := range documents {
				at := (i + k) % len(documents)
				if bad := spoil(documents[at]); bad != documents[at] {
					list := slices.Clone(documents)
					list[at] = bad
					unknown += compatible(t, seed, bad, whole, answers(modelOf(t, strings.Join(list, "---\n"), Options{})))
					break
				}
			}
		}
	}
	if unknown == 0 {
		t.Error("nothing was ever unknown")
	}
}

func dropped(document, kind string) string {
	if strings.Contains(document, kind) {
		return ""
	}
	return document
}

// misspelt spoils a policy.
func misspelt(right, wrong string) func(string) string {
	return func(s string) string {
		if strings.Contains(s, "Policy") {
			return strings.Replace(s, right, wrong, 1)
		}
		return s
	}
}

func compatible(t *testing.T, seed uint64, bad string, want, got []Verdict) (unknown int) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("seed %d: pods are missing", seed)
	}
	for i := range want {
		if got[i] == Unknown {
			unknown++
		} else if want[i] != Unknown && got[i] != want[i] {
			t.Fatalf("seed %d: %s where it is %s, with\n%s", seed, got[i], want[i], bad)
		}
	}
	return unknown
}
