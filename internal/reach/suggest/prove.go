package suggest

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// overlaid reads the policies back from their text, as they would be applied, and evaluates the World with them.
func (k *maker) overlaid() (*reach.Model, error) {
	var entities []bartizan.Entity
	for i := range k.result.Policies {
		p := &k.result.Policies[i]
		for d, err := range tree.Parse(p.Text, tree.Limits{}) {
			if err != nil {
				return nil, fmt.Errorf("suggesting %s: its own text cannot be read: %w: report this as a bug", p.Ref, err)
			}
			objects, errs := kube.Decode(d, bartizan.Origin{Source: "suggested"})
			if len(errs) > 0 || len(objects) != 1 || objects[0].Ref != p.Ref {
				return nil, fmt.Errorf("suggesting %s: its own text is another object: report this as a bug", p.Ref)
			}
			entities = append(entities, objects[0].Entity())
		}
	}
	return reach.New(k.world.Overlay(entities...), k.options), nil
}

const maxCut = 10 // flows that an error names

// prove demands that every observed flow is allowed.
func (k *maker) prove(before, after *reach.Model) error {
	var cut []string
	for _, l := range k.order {
		if k.verdict(after, l) == reach.Allowed {
			continue
		}
		text := k.name(l.from) + " → " + k.name(l.to) + " : " + l.port.String()
		if was := k.verdict(before, l); was != reach.Allowed {
			k.result.Warnings = append(k.result.Warnings, text+" was observed, and the policies that were read make it "+was.String()+" already")
			continue
		}
		cut = append(cut, text)
	}
	if len(cut) == 0 {
		return nil
	}
	more := ""
	if len(cut) > maxCut {
		more = fmt.Sprintf(" and %d more", len(cut)-maxCut)
		cut = cut[:maxCut]
	}
	return fmt.Errorf("proving the policies: they do not surely allow what was observed: %s%s: nothing is suggested; check that the pods of these workloads were read", strings.Join(cut, "; "), more)
}

func (k *maker) verdict(m *reach.Model, l link) reach.Verdict {
	seen := k.links[l]
	if seen.from >= 0 && seen.to >= 0 {
		return m.Reaches(seen.from, seen.to, l.port)
	}
	side := func(p peer, pod int) reach.Peer {
		if pod >= 0 {
			return reach.Workload(m.Pod(pod).Ref)
		}
		return reach.Host(p.address)
	}
	return m.Can(side(l.from, seen.from), side(l.to, seen.to), l.port).Verdict
}

func (k *maker) name(p peer) string {
	if p.group >= 0 {
		return k.groups[p.group].name()
	}
	return p.address.String()
}
