package reach

import (
	"net/netip"
	"slices"
	"sort"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Pod is a pod, or the template of a workload whose pods were not read.
type Pod struct {
	Ref         bartizan.Ref // as read: of a Pod, or of the workload
	Workload    bartizan.Ref // the top owner that was read, or Ref
	Namespace   string       // never empty
	Node        string
	HostNetwork bool
	Addresses   []netip.Addr
	Origin      bartizan.Origin

	labels  []label
	ports   []namedPort
	spec    tree.Node
	numbers []declaredPort
	class   [2]int32 // by family where the pod has addresses of both; else twice the same
}

// declaredPort is a port that a container declares, named or not.
type declaredPort struct {
	namedPort
	hostPort uint16
	hostIP   string
}

// Labels are the pod's labels, sorted by key.
func (p *Pod) Labels() (keys, values []string) {
	for _, l := range p.labels {
		keys, values = append(keys, l.key), append(values, l.value)
	}
	return keys, values
}

// Label is the value of a label, and whether the pod has it.
func (p *Pod) Label(key string) (string, bool) {
	for _, l := range p.labels {
		if l.key == key {
			return l.value, true
		}
	}
	return "", false
}

// Declared lists the ports that the containers declare.
func (p *Pod) Declared() (ports []Port) {
	for _, d := range p.numbers {
		ports = append(ports, Port{Protocol: d.protocol, Number: d.number, Name: d.name})
	}
	return ports
}

// IsTemplate says whether it stands for the pods that a workload would make.
func (p *Pod) IsTemplate() bool { return p.Ref.Kind != "Pod" }

// namespace is what is known of a namespace.
type namespace struct {
	name   string
	read   bool // its object was read
	labels []label
	vector []int32
}

// node is a Node that was read.
type node struct {
	ref       bartizan.Ref
	labels    []label
	addresses []netip.Addr
	vector    []int32
	class     [2]int32
}

// inventory is everything that can be an end of a connection.
type inventory struct {
	pods       []Pod
	nodes      []node
	namespaces []namespace
	nsIndex    map[string]int32
	podCIDRs   []netip.Prefix
	workloads  []bartizan.Ref // in the order of names
	workload   []int32        // of each pod, its place there
}

// labelsOf reads a map of labels.
func labelsOf(n tree.Node) []label {
	var out []label
	for c := range n.Items() {
		out = append(out, label{c.Key(), c.Text()})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key < out[j].key })
	return out
}

// podKinds are the kinds that hold pods, owners first.
func podKinds() []bartizan.Kind {
	return []bartizan.Kind{"CronJob", "Job", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Pod"}
}

// takeInventory reads pods, nodes and namespaces.
func takeInventory(w bartizan.World, others []*kube.Object) *inventory {
	v := &inventory{nsIndex: map[string]int32{}}
	v.readNamespaces(w)
	v.readNodes(w)
	owned := map[bartizan.Ref]bool{} // templates whose pods, or whose next template, were read
	var objects []*kube.Object
	seen := map[bartizan.Ref]*kube.Object{}
	for _, kind := range podKinds() {
		for e := range w.All(kind) {
			if o, ok := e.Value.(*kube.Object); ok && len(o.Workloads) > 0 && !finished(o) {
				objects = append(objects, o)
				seen[o.Ref] = o
			}
		}
	}
	objects = append(objects, others...)
	v.pods = make([]Pod, 0, len(objects))
	for _, o := range objects {
		if owner, ok := controller(o); ok && seen[owner] != nil {
			owned[owner] = true
		}
	}
	for _, o := range objects {
		if owned[o.Ref] {
			continue
		}
		for i := range o.Workloads {
			v.addPod(o, &o.Workloads[i], topOwner(o, seen))
		}
	}
	v.byNamespace()
	v.rank()
	return v
}

// byNamespace puts pods in the order of their namespaces, and those of one as they were read. Pods are large: each is
// moved once.
func (v *inventory) byNamespace() {
	order := make([]int32, len(v.pods))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return strings.Compare(v.pods[a].Namespace, v.pods[b].Namespace) })
	pods := make([]Pod, len(v.pods))
	for i, from := range order {
		pods[i] = v.pods[from]
	}
	v.pods = pods
}

// rank numbers the workloads in the order of their names.
func (v *inventory) rank() {
	index := map[bartizan.Ref]int32{}
	v.workload = make([]int32, len(v.pods))
	for i := range v.pods {
		w := v.pods[i].Workload
		n, ok := index[w]
		if !ok {
			n = int32(len(v.workloads))
			index[w] = n
			v.workloads = append(v.workloads, w)
		}
		v.workload[i] = n
	}
	sortRefs(v.workloads)
	place := make([]int32, len(v.workloads)) // by the number as read
	for i, w := range v.workloads {
		place[index[w]] = int32(i)
	}
	for i, n := range v.workload {
		v.workload[i] = place[n]
	}
}

// finished says whether a pod has ended: it has no network any more.
func finished(o *kube.Object) bool {
	phase := o.Root.At("status", "phase").Str()
	return o.Ref.Kind == "Pod" && (phase == "Succeeded" || phase == "Failed")
}

// controller is the owner that controls an object.
func controller(o *kube.Object) (bartizan.Ref, bool) {
	for r := range o.Root.At("metadata", "ownerReferences").Items() {
		if yes, _ := r.Get("controller").Bool(); yes {
			group, _, found := strings.Cut(r.Get("apiVersion").Str(), "/")
			if !found {
				group = ""
			}
			return bartizan.Ref{Kind: kube.KindOf(group, r.Get("kind").Str()), Namespace: o.Ref.Namespace, Name: r.Get("name").Str()}, true
		}
	}
	return bartizan.Ref{}, false
}

// topOwner follows the controllers that were read.
func topOwner(o *kube.Object, seen map[bartizan.Ref]*kube.Object) bartizan.Ref {
	for range 8 {
		owner, ok := controller(o)
		if !ok || seen[owner] == nil {
			break
		}
		o = seen[owner]
	}
	return o.Ref
}

func (v *inventory) addPod(o *kube.Object, w *kube.Workload, top bartizan.Ref) {
	p := Pod{
		Ref: o.Ref, Workload: top, Namespace: namespaceOf(o.Ref.Namespace), Node: w.Pod.Get("nodeName").Str(),
		Origin: located(o, o.Origin), labels: labelsOf(w.Meta.Get("labels")), spec: w.Pod,
	}
	p.HostNetwork, _ = w.Pod.Get("hostNetwork").Bool()
	p.readPorts()
	if o.Ref.Kind == "Pod" {
		p.Addresses = addressesOf(o.Root.Get("status"))
	}
	v.namespaceIndex(p.Namespace)
	v.pods = append(v.pods, p)
}

// addressesOf reads status.podIPs or status.podIP.
func addressesOf(status tree.Node) (out []netip.Addr) {
	add := func(s string) {
		if a, err := netip.ParseAddr(s); err == nil && len(out) < 2 {
			out = append(out, a.Unmap().WithZone(""))
		}
	}
	for c := range status.Get("podIPs").Items() {
		add(c.Get("ip").Str())
	}
	if len(out) == 0 {
		add(status.Get("podIP").Str())
	}
	if len(out) == 2 && out[0].BitLen() == out[1].BitLen() {
		out = out[:1]
	}
	return out
}

// maxContainers bounds the containers of one pod.
const maxContainers = 1000

// readPorts collects the ports of containers and of sidecars.
func (p *Pod) readPorts() {
	n := 0
	add := func(c tree.Node) {
		if n++; n > maxContainers {
			return
		}
		for x := range c.Get("ports").Items() {
			proto, ok := ParseProtocol(x.Get("protocol").Text())
			number, ok2 := portNumber(x.Get("containerPort"))
			if !ok || !ok2 {
				continue
			}
			d := declaredPort{namedPort: namedPort{x.Get("name").Str(), proto, number}, hostIP: x.Get("hostIP").Str()}
			if d.hostPort, _ = portNumber(x.Get("hostPort")); p.HostNetwork {
				d.hostPort = number
			}
			p.numbers = append(p.numbers, d)
			if d.name != "" {
				p.ports = append(p.ports, d.namedPort)
			}
		}
	}
	for c := range p.spec.Get("containers").Items() {
		add(c)
	}
	for c := range p.spec.Get("initContainers").Items() {
		if c.Get("restartPolicy").Str() == "Always" {
			add(c)
		}
	}
}

func (v *inventory) namespaceIndex(name string) int32 {
	i, ok := v.nsIndex[name]
	if !ok {
		i = int32(len(v.namespaces))
		v.nsIndex[name] = i
		v.namespaces = append(v.namespaces, namespace{name: name})
	}
	return i
}

func (v *inventory) readNamespaces(w bartizan.World) {
	for e := range w.All("Namespace") {
		if o, ok := e.Value.(*kube.Object); ok && o.Ref.Name != "" {
			ns := &v.namespaces[v.namespaceIndex(o.Ref.Name)]
			ns.read = true
			ns.labels = labelsOf(o.Root.At("metadata", "labels"))
		}
	}
}

func (v *inventory) readNodes(w bartizan.World) {
	for e := range w.All("Node") {
		o, ok := e.Value.(*kube.Object)
		if !ok {
			continue
		}
		x := node{ref: o.Ref, labels: labelsOf(o.Root.At("metadata", "labels"))}
		for c := range o.Root.At("status", "addresses").Items() {
			if a, err := netip.ParseAddr(c.Get("address").Str()); err == nil {
				x.addresses = append(x.addresses, a.Unmap().WithZone(""))
			}
		}
		v.nodes = append(v.nodes, x)
		for c := range o.Root.At("spec", "podCIDRs").Items() {
			if p, ok := prefix(c.Str()); ok {
				v.podCIDRs = append(v.podCIDRs, p)
			}
		}
	}
}

// metadataName is the label that the API server gives every namespace.
const metadataName = "kubernetes.io/metadata.name"

// addedLabels says whether the kind's controller gives pods a label that the template does not show.
func addedLabels(kind bartizan.Kind) func(key string) bool {
	switch kind {
	case "Pod":
		return nil
	case "Deployment":
		return func(k string) bool { return k == "pod-template-hash" }
	case "StatefulSet":
		return func(k string) bool {
			return k == "controller-revision-hash" || k == "statefulset.kubernetes.io/pod-name" || k == "apps.kubernetes.io/pod-index"
		}
	case "DaemonSet":
		return func(k string) bool { return k == "controller-revision-hash" || k == "pod-template-generation" }
	case "Job", "CronJob":
		return func(k string) bool {
			return k == "controller-uid" || k == "job-name" || strings.HasPrefix(k, "batch.kubernetes.io/")
		}
	case "ReplicaSet", "ReplicationController":
		return func(string) bool { return false }
	}
	// What an operator adds to the pods of its own kind is not known.
	return func(string) bool { return true }
}
