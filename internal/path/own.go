package path

import (
	"fmt"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// OwnStep is one step as an edge's tests see it.
type OwnStep struct {
	Key      string // from, to and the text: what the step is
	Evidence []bartizan.Evidence
	Changes  []OwnFix
}

// OwnFix is one fix of a step.
type OwnFix struct {
	Text    string
	Changes []bartizan.Change
}

// Because says whether a fix is among those of the step.
func (s *OwnStep) Because(fix string) bool {
	for _, c := range s.Changes {
		if c.Text == fix {
			return true
		}
	}
	return false
}

// Own lists the steps that an edge derived, and the bookkeeping that proves rights, in their order.
func (g *Graph) Own(r *rule.Rule) (out []OwnStep) {
	for i := range g.steps {
		s := &g.steps[i]
		if g.edge(s) != r && g.proof(s).kind == proofNone && s.fixes[0] == s.fixes[1] {
			continue
		}
		own := OwnStep{Evidence: g.evidence(s)}
		for _, v := range g.body(s) {
			own.Key += g.refs[v].String() + ", "
		}
		own.Key += "-> " + g.refs[s.to].String()
		for _, f := range g.ending(s) {
			changes, err := g.changes([]int32{f})
			if err != nil {
				own.Key += fmt.Sprintf(" (%v)", err)
				continue
			}
			own.Changes = append(own.Changes, OwnFix{g.fixes[f].Text, changes})
		}
		out = append(out, own)
	}
	return out
}
