package path

import (
	"slices"

	"github.com/bartizan-dev/bartizan/internal/grant"
)

// Unknown says what was read that speaks of what was not, so that paths may be missing: a binding to a role that was
// not read, or a role or binding that is malformed, gives rights that nobody knows. Of a live cluster everything was read: what is missing there does not exist.
func (g *Graph) Unknown() (out []string) {
	if g.facts.in.Complete && len(g.facts.in.Gaps) == 0 {
		return nil
	}
	for _, f := range g.facts.grants.Faults() {
		switch f.Code {
		case grant.FaultDangling:
			out = append(out, f.Message)
		case grant.FaultRule, grant.FaultSubject, grant.FaultBinding:
			out = append(out, f.Subject.String()+": "+f.Message)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
