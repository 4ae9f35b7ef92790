package path

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// stages folds the steps of a derivation into attacks: each takes the bookkeeping before it as its evidence, and
// the narrowing of a set after it as its end.
func (g *Graph) stages(steps []int32) (out []Stage) {
	told := map[int32]bool{}
	ends := g.ends(steps)
	for _, i := range steps {
		s := &g.steps[i]
		if !s.hop {
			continue
		}
		st := Stage{To: g.refs[s.to], Cost: int(s.cost)}
		if end, ok := ends[i]; ok {
			st.To = end
		}
		if e := g.edge(s); e != nil {
			st.Rule, st.Title, st.Certainty = e.ID, e.Title, string(e.Certainty)
		} else {
			st.Rule, st.Title, st.Certainty = "cluster-admin", "Be able to do everything", string(rule.Certain)
		}
		g.before(i, steps, told, &st)
		st.steps = append(st.steps, i)
		st.Evidence = append(st.Evidence, g.evidence(s)...)
		st.Text = g.text(s, st)
		st.Evidence = distinct(st.Evidence)
		out = append(out, st)
	}
	return out
}

// distinct leaves out evidence that was given before.
func distinct(all []bartizan.Evidence) (out []bartizan.Evidence) {
	for _, e := range all {
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

// before gathers the bookkeeping that a step stands on, back to things that an attacker holds.
func (g *Graph) before(i int32, steps []int32, told map[int32]bool, st *Stage) {
	for _, v := range g.body(&g.steps[i]) {
		j := producer(g, steps, v)
		if j == none || g.steps[j].hop && !bookkeeping(g.refs[v].Kind) {
			if !slices.Contains(st.From, g.refs[v]) && !bookkeeping(g.refs[v].Kind) {
				st.From = append(st.From, g.refs[v])
			}
			continue
		}
		if !bookkeeping(g.refs[v].Kind) && j != none && narrows(g, j) {
			st.From = append(st.From, g.refs[v])
			continue
		}
		if told[j] || g.steps[j].hop {
			continue
		}
		told[j] = true
		g.before(j, steps, told, st)
		st.Cost += int(g.steps[j].cost)
		st.steps = append(st.steps, j)
		st.Evidence = append(st.Evidence, g.evidence(&g.steps[j])...)
	}
}

// bookkeeping says whether vertices of a kind are no things that a story is told of.
func bookkeeping(k bartizan.Kind) bool {
	return k == rule.KindRight || k == rule.KindHeld || k == rule.KindAdmits || k == "Group"
}

// producer is the step of a derivation that reached a vertex.
func producer(g *Graph, steps []int32, v vertex) int32 {
	for _, i := range steps {
		if g.steps[i].to == v {
			return i
		}
	}
	return none
}

// narrows says whether a step leads from a set to a thing in it.
func narrows(g *Graph, i int32) bool {
	b := g.body(&g.steps[i])
	return len(b) == 1 && !g.steps[i].hop && g.proof(&g.steps[i]).kind == proofNone && !bookkeeping(g.refs[b[0]].Kind) && !bookkeeping(g.refs[g.steps[i].to].Kind)
}

// ends finds, for attacks that take a set, the thing in it that the derivation goes on with.
func (g *Graph) ends(steps []int32) map[int32]bartizan.Ref {
	out := map[int32]bartizan.Ref{}
	for _, i := range steps {
		if !narrows(g, i) {
			continue
		}
		v := g.body(&g.steps[i])[0]
		for range maxNarrowing {
			j := producer(g, steps, v)
			if j == none {
				break
			}
			if g.steps[j].hop {
				out[j] = g.refs[g.steps[i].to]
				break
			}
			v = g.body(&g.steps[j])[0]
		}
	}
	return out
}

// maxNarrowing is how many sets lie in one another at most: every namespace, a namespace, a thing.
const maxNarrowing = 4

// text says what the attacker does in a stage.
func (g *Graph) text(s *step, st Stage) string {
	to := words(st.To)
	text := g.told[s.told].text
	if p := g.proof(s); p.kind == proofAll {
		text = "may do everything, by the role " + p.role.Name
	}
	var rights, where []string
	for _, v := range g.body(s) {
		if r := g.refs[v]; r.Kind == rule.KindRight {
			rights, where = append(rights, rightWords(r)), append(where, scopeWords(r))
		}
	}
	if len(slices.Compact(slices.Clone(where))) > 1 {
		for i := range rights {
			rights[i] += where[i]
		}
		where = []string{""}
	}
	text = strings.ReplaceAll(text, "{to}", to)
	if len(rights) > 0 {
		text = "may " + strings.Join(rights, " and ") + where[0] + ": " + text
	}
	return text
}
