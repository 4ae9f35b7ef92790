package grant

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestHalf asks the product about clusters of which it gets only a part, with some of that misspelt, and upstream's
// authorizer about the whole: what the product says for certain has to be true of the whole.
func TestHalf(t *testing.T) {
	a := startAsker(t)
	counts := map[string]int{}
	asked := 0
	for seed := uint64(0); asked < max(queries(t)/10, 10*queriesPerCluster); seed++ {
		g := &generator{rand.New(rand.NewPCG(seed, 37)), plain, true}
		c := g.cluster()
		b := batch{World: g.spoil(t, worldOf(t, c.objects()...)), NoBootstrap: true, Pods: true}
		oracle := upstream(c)
		var want []string
		for range queriesPerCluster {
			q := g.question(c)
			b.Questions = append(b.Questions, q)
			want = append(want, decide(oracle, q))
		}
		got := a.ask(b)
		for i, w := range want {
			v := got.Verdicts[i]
			counts[v]++
			if v != w && v != "unknown" && !nodeAllows(b.Questions[i]) {
				t.Fatalf("seed %d: %+v:\nupstream, of the whole: %s\nproduct, of a part:    %s: %s\nworld: %s", seed, b.Questions[i], w, v, got.Reasons[i], b.World)
			}
		}
		asked += len(want)
	}
	t.Log(counts)
	for _, v := range []string{"allowed", "denied", "unknown"} {
		if counts[v]*20 < asked {
			t.Errorf("of %d questions %d are %s: the clusters do not put the verdict to the test", asked, counts[v], v)
		}
	}
}

// spoil leaves out a few roles and misspells a few objects, so that the API server would not take them as they are.
func (g *generator) spoil(t *testing.T, world string) string {
	t.Helper()
	var list struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(world), &list); err != nil {
		t.Fatal(err)
	}
	var items []json.RawMessage
	for _, o := range list.Items {
		role := strings.HasSuffix(fmt.Sprint(o["kind"]), "Role")
		switch spoilt := g.IntN(12) == 0; {
		case spoilt && role && g.IntN(2) == 0:
			continue
		case spoilt && role:
			g.spoilRole(o)
		case spoilt:
			g.spoilBinding(o)
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, text)
	}
	return listOf(t, items)
}

func (g *generator) spoilRole(o map[string]any) {
	rules, _ := o["rules"].([]any)
	if len(rules) == 0 || g.IntN(4) == 0 {
		o["rule"] = o["rules"]
		delete(o, "rules")
		return
	}
	i := g.IntN(len(rules))
	rule, _ := rules[i].(map[string]any)
	switch g.IntN(4) {
	case 0:
		rule["verb"] = rule["verbs"]
		delete(rule, "verbs")
	case 1:
		rule["verbs"] = "get"
	case 2:
		delete(rule, "apiGroups")
		delete(rule, "nonResourceURLs")
	default:
		rules[i] = "get pods"
	}
}

func (g *generator) spoilBinding(o map[string]any) {
	subjects, _ := o["subjects"].([]any)
	ref, _ := o["roleRef"].(map[string]any)
	switch {
	case len(subjects) == 0 || g.IntN(5) == 0:
		ref["kind"] = strings.ToLower(fmt.Sprint(ref["kind"]))
		return
	case g.IntN(5) == 0:
		o["subject"] = subjects[0]
		o["subjects"] = subjects[1:]
		return
	}
	i := g.IntN(len(subjects))
	subject, _ := subjects[i].(map[string]any)
	switch g.IntN(6) {
	case 0:
		subject["kind"] = strings.ToLower(fmt.Sprint(subject["kind"]))
	case 1:
		delete(subject, "kind")
	case 2:
		delete(subject, "name")
	case 3:
		subject["name"] = 7
	case 4:
		subject["apiGroup"] = "v1"
	default:
		subjects[i] = subject["name"]
	}
}
