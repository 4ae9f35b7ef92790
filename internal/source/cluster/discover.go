package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// resource is one kind that the API server serves and a rule asks for.
type resource struct {
	gvr        schema.GroupVersionResource
	kind       bartizan.Kind
	namespaced bool
	only       []types.NamespacedName // these, not all
}

// discover asks the API server what it serves and keeps what the rules ask for, each kind once and in its
// preferred version. Where they ask for workloads, that is every kind that holds pods.
func (s *Source) discover(ctx context.Context, emit func(bartizan.Item) error) ([]resource, error) {
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
	var found, custom []resource
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, r := range list.APIResources {
			kind := kube.KindOf(gv.Group, r.Kind)
			if taken[kind] || !slices.Contains(r.Verbs, "list") {
				continue
			}
			one := resource{gvr: gv.WithResource(r.Name), kind: kind, namespaced: r.Namespaced}
			only := s.options.single(kind)
			switch {
			case s.options.wants(kind):
				found = append(found, one)
			case len(only) > 0:
				one.only = only
				found = append(found, one)
			case s.options.wantsWorkloads() && isCustom(gv.Group, kind):
				custom = append(custom, one)
			default:
				continue
			}
			taken[kind] = true
		}
	}
	slices.SortFunc(custom, func(a, b resource) int { return cmp.Compare(a.kind, b.kind) })
	custom, err = s.custom(ctx, custom, emit)
	if err != nil {
		return nil, err
	}
	found = append(found, custom...)
	slices.SortFunc(found, func(a, b resource) int { return cmp.Compare(a.kind, b.kind) })
	return found, nil
}
