package scan

import (
	"fmt"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/rule"
)

// bindingKinds are the kinds without which an attack path has no step that a finding alone does not show.
var bindingKinds = []bartizan.Kind{"RoleBinding", "ClusterRoleBinding"}

// Standings says of things and places where they stand on attack paths.
type Standings struct {
	things map[bartizan.Ref]*sink.Standing
	places map[spot]*sink.Standing
}

// spot is a line of a file.
type spot struct {
	file string
	line int
}

// Standing is where a finding stands on the path that matters most; nil if it stands on none.
func (s *Standings) Standing(f *bartizan.Finding) *sink.Standing {
	if s == nil {
		return nil
	}
	best := s.things[f.Subject]
	for _, e := range f.Evidence {
		if at := s.places[spot{e.Origin.File, e.Origin.Line}]; e.Origin.Line > 0 && at != nil && (best == nil || at.Score > best.Score) {
			best = at
		}
	}
	return best
}

// rank orders the findings of one rule.
func (s *Standings) rank(f *bartizan.Finding) int {
	if at := s.Standing(f); at != nil {
		return max(at.Score, 0) + 1
	}
	return 0
}

// farFetched is from which cost on an attack step does not make a finding matter more: bartizan path tells such paths.
const farFetched = 10

// stand looks for attack paths through what was read: findings on a path matter more than the same elsewhere.
// Without bindings nothing is looked for. A fault there is a gap, and the findings stay as they are.
func (p *Report) stand(r *Request) (found *Standings) {
	if len(r.Edges) == 0 || r.PathsUpTo > 0 && len(p.Objects) > r.PathsUpTo || !p.binds() {
		return nil
	}
	defer func() {
		if fault := recover(); fault != nil {
			found = nil
			p.Gaps = append(p.Gaps, bartizan.Gap{Reason: fmt.Sprintf("attack paths were not looked for: internal error: %v; please report it", fault)})
		}
	}()
	edges := slices.DeleteFunc(slices.Clone(r.Edges), func(e *rule.Rule) bool { return e.Cost >= farFetched })
	g := path.Build(path.Input{World: p.World, Objects: p.Objects, Edges: edges, Version: r.Engine.Version(), Complete: r.Complete})
	sources := g.Sources(path.SourcesInternet, path.SourcesWorkloads, path.SourcesIdentities)
	found = &Standings{things: map[bartizan.Ref]*sink.Standing{}, places: map[spot]*sink.Standing{}}
	for _, one := range g.List(sources, g.Targets()) {
		found.add(&one)
	}
	return found
}

func (p *Report) binds() bool {
	for _, kind := range bindingKinds {
		for range p.World.All(kind) {
			return true
		}
	}
	return false
}

// add takes up a path; the paths come with what matters most first.
func (s *Standings) add(p *path.Path) {
	at := &sink.Standing{From: path.Words(p.Sources[0]), To: p.Target.Title, Target: p.Target.Name, Score: p.Score}
	if n := len(p.Sources) - 1; n > 0 {
		at.From += fmt.Sprintf(" and %d more", n)
	}
	mark := func(r bartizan.Ref) {
		if r.Name != rule.Every && s.things[r] == nil {
			s.things[r] = at
		}
	}
	for _, r := range p.Sources {
		mark(r)
	}
	for _, stage := range p.Stages {
		for _, r := range append(stage.From, stage.To) {
			mark(r)
		}
		for _, e := range stage.Evidence {
			key := spot{e.Origin.File, e.Origin.Line}
			if key.line > 0 && s.places[key] == nil {
				s.places[key] = at
			}
		}
	}
}
