package path

import (
	"slices"
	"strconv"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// exposures finds the ports of pods that can be opened from outside: by a Service of type LoadBalancer or NodePort, by
// external addresses, by a host port, or by an Ingress or route that sends requests to a Service. Each way in is one.
func (n *network) exposures() (out []rule.Exposure) {
	routed := n.routed()
	for _, o := range n.in.Objects {
		if o.Kind != "Service" || o.Group != "" {
			continue
		}
		ways := append(own(o), routed[named(o.Ref)]...)
		if len(ways) == 0 {
			continue
		}
		for _, p := range n.selected(o) {
			for port := range o.Root.At("spec", "ports").Items() {
				if number, ok := targetPort(port, p); ok {
					for i := range ways {
						out = n.exposure(out, p, number, &ways[i])
					}
				}
			}
		}
	}
	for _, p := range n.pods.classes {
		for i := range p.Containers {
			out = n.hostPorts(out, p, &p.Containers[i])
		}
	}
	return out
}

// hostPorts adds the ports of a container that are open on its nodes.
func (n *network) hostPorts(out []rule.Exposure, p *rule.Pod, c *rule.Container) []rule.Exposure {
	i := 0
	for port := range c.Node.Get("ports").Items() {
		number, ok := port.Get("containerPort").Int()
		if host, set := port.Get("hostPort").Int(); ok && set && host > 0 {
			w := way{by: n.pods.objects[p.Ref], at: port.Get("hostPort"), direct: true}
			if !p.HostNetwork {
				w.fixes = []rule.Fix{c.Fix(p, "do not open the port on the node", 20, "know that nobody uses the node's port",
					rule.Op{Op: "remove", Path: "ports/" + strconv.Itoa(i) + "/hostPort"})}
			}
			out = n.exposure(out, p, int(number), &w)
		}
		i++
	}
	return out
}

// exposure adds an exposed port, unless policies keep the outside away from it. Behind an Ingress the packets come
// from its controller, of which policies may know: then it counts as exposed.
func (n *network) exposure(out []rule.Exposure, p *rule.Pod, port int, w *way) []rule.Exposure {
	e := rule.Exposure{Pod: p, Port: port, Private: w.private, Answer: rule.Answer{Verdict: rule.ReachYes}}
	if w.direct && n.policed(p.Ref.Namespace) {
		e.Answer = n.ask(reach.Internet(), reach.Workload(p.Object.Ref()), port)
	}
	if e.Answer.Verdict == rule.ReachNo {
		return out
	}
	if w.by != nil {
		e.By = w.by.Ref
		e.Answer.Why = append([]bartizan.Evidence{object{w.by}.Evidence(w.at)}, e.Answer.Why...)
	}
	e.Answer.Fixes = w.fixes
	return append(out, e)
}

// clusterPolicies are the kinds of policies that may bear on any namespace.
var clusterPolicies = []string{
	"ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy",
}

// policed says whether any policy may bear on a namespace.
func (n *network) policed(namespace string) bool {
	n.sorted.Do(n.readPolicies)
	return len(n.policies[""]) > 0 || len(n.policies[namespace]) > 0
}

// readPolicies sorts the policies by the namespaces that they may bear on.
func (n *network) readPolicies() {
	n.policies = map[string][]*kube.Object{}
	for _, o := range n.in.Objects {
		if o.Kind == "NetworkPolicy" {
			ns := named(o.Ref).Namespace
			n.policies[ns] = append(n.policies[ns], o)
		} else if slices.Contains(clusterPolicies, o.Kind) {
			n.policies[""] = append(n.policies[""], o)
		}
	}
}

// selected are the pods behind a Service.
func (n *network) selected(o *kube.Object) (out []*rule.Pod) {
	selector := o.Root.At("spec", "selector")
	if selector.Len() == 0 {
		return nil
	}
	namespace := named(o.Ref).Namespace
	for _, p := range n.pods.in(namespace) {
		fits := true
		for l := range selector.Items() {
			v, ok := p.Labels[l.Key()]
			fits = fits && ok && v == l.Text()
		}
		if fits {
			out = append(out, p)
		}
	}
	return out
}

// in are the classes of a namespace; they are in order.
func (p *pods) in(namespace string) []*rule.Pod {
	from, _ := slices.BinarySearchFunc(p.classes, namespace, func(c *rule.Pod, ns string) int {
		if c.Ref.Namespace < ns {
			return -1
		}
		return 1
	})
	to := from
	for to < len(p.classes) && p.classes[to].Ref.Namespace == namespace {
		to++
	}
	return p.classes[from:to]
}

// targetPort is the number of the pod's port that a Service's port leads to.
func targetPort(port tree.Node, p *rule.Pod) (int, bool) {
	target := port.Get("targetPort")
	if number, ok := target.Int(); ok {
		return int(number), true
	}
	if !target.Exists() {
		number, ok := port.Get("port").Int()
		return int(number), ok
	}
	for i := range p.Containers {
		for c := range p.Containers[i].Node.Get("ports").Items() {
			if number, ok := c.Get("containerPort").Int(); ok && c.Get("name").Str() == target.Str() {
				return int(number), true
			}
		}
	}
	return 0, false
}
