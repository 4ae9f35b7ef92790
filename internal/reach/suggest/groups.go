package suggest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// group is what one policy is for: the pods of a workload, with those of workloads whose labels are the same.
type group struct {
	namespace string
	workloads []bartizan.Ref
	pods      []int
	host      bool // on its node's network: policies do not select it
	dns       bool // the cluster's name server
	selector  selector
}

func (g *group) name() string { return g.namespace + "/" + g.workloads[0].Name }

// passing are labels that a controller gives, or that change with every rollout.
func passing(key string) bool {
	switch key {
	case "pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/pod-name",
		"apps.kubernetes.io/pod-index", "controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name",
		"batch.kubernetes.io/job-completion-index", "app.kubernetes.io/version", "helm.sh/chart", "version", "chart", "heritage",
		"rollouts-pod-template-hash", "role", "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
		"security.istio.io/tlsMode", "service.istio.io/canonical-revision":
		return true
	}
	return strings.Contains(key, "hash") || strings.Contains(key, "checksum") || strings.HasPrefix(key, "cnpg.io/instance") ||
		strings.HasPrefix(key, "apps.kruise.io/")
}

// stable are the labels of a pod that a policy may rest on.
func stable(p *reach.Pod) map[string]string {
	keys, values := p.Labels()
	out := map[string]string{}
	for i, k := range keys {
		if !passing(k) {
			out[k] = values[i]
		}
	}
	return out
}

// groupsOf puts the pods of each workload together; of[i] is the group of pod i.
func groupsOf(k *maker, m *reach.Model) (groups []*group, of []int) {
	byRef := map[bartizan.Ref]*group{}
	for i, p := range m.Pods() {
		g := byRef[p.Workload]
		if g == nil {
			g = &group{namespace: p.Namespace, workloads: []bartizan.Ref{p.Workload}}
			byRef[p.Workload] = g
			groups = append(groups, g)
		}
		g.pods = append(g.pods, i)
		g.host = g.host || p.HostNetwork
		dns, _ := p.Label("k8s-app")
		g.dns = g.dns || p.Namespace == "kube-system" && dns == "kube-dns" || p.Namespace == "openshift-dns"
	}
	slices.SortFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.workloads[0].Name, b.workloads[0].Name), cmp.Compare(a.workloads[0].Kind, b.workloads[0].Kind))
	})
	s := newSelectors(m, groups)
	if k.dialect == Cilium {
		s.accounts(k, m)
	}
	groups = s.apart()
	of = make([]int, m.PodCount())
	for g, x := range groups {
		for _, i := range x.pods {
			of[i] = g
		}
	}
	return groups, of
}
