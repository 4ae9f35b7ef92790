package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// resource is one kind that the API server serves and a rule asks for.
type resource struct {
	gvr        schema.GroupVersionResource
	kind       bartizan.Kind
	namespaced bool
}

// discover asks the API server what it serves and keeps what the rules ask for, each kind once and in its
// preferred version.
func (s *Source) discover(emit func(bartizan.Item) error) ([]resource, error) {
	lists, err := discovery.ServerPreferredResources(s.discovery)
	var partial *discovery.ErrGroupDiscoveryFailed
	switch {
	case errors.As(err, &partial):
		groups := make([]string, 0, len(partial.Groups))
		for gv := range partial.Groups {
			groups = append(groups, gv.String())
		}
		slices.Sort(groups)
		if err := s.gap(emit, "ask the API server what it serves: no answer for %v; what is behind them is not judged", groups); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, fmt.Errorf("ask the API server of context %q what it serves: %w", s.name, err)
	}
	// A rule on every kind ("*") judges what the other rules ask for:
	// listing every event and lease of a cluster would tell nobody anything.
	taken := map[bartizan.Kind]bool{}
	var found []resource
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, r := range list.APIResources {
			kind := kube.KindOf(gv.Group, r.Kind)
			if taken[kind] || !slices.Contains(r.Verbs, "list") || !s.options.wants(kind) {
				continue
			}
			taken[kind] = true
			found = append(found, resource{gvr: gv.WithResource(r.Name), kind: kind, namespaced: r.Namespaced})
		}
	}
	slices.SortFunc(found, func(a, b resource) int { return cmp.Compare(a.kind, b.kind) })
	return found, nil
}
