package path

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// pods folds the pods of a World into classes.
type pods struct {
	classes []*rule.Pod
	byRef   map[bartizan.Ref]*rule.Pod
	byName  map[bartizan.Ref]bartizan.Ref // a Pod that a workload owns -> its class
	nodes   []rule.Node
	objects map[bartizan.Ref]*kube.Object
	bound   map[bartizan.Ref]bool     // service accounts with rights of their own
	known   map[bartizan.Ref]bool     // the nodes
	fits    map[string][]bartizan.Ref // where pods may run, by what they ask for and how many nodes are known
}

// All is rule.Pods.
func (p *pods) All() iter.Seq[*rule.Pod] { return slices.Values(p.classes) }

// Nodes is rule.Pods.
func (p *pods) Nodes() []rule.Node { return p.nodes }

func newPods(in Input, bound map[bartizan.Ref]bool) *pods {
	p := &pods{bound: bound, byRef: map[bartizan.Ref]*rule.Pod{}, byName: map[bartizan.Ref]bartizan.Ref{}, objects: make(map[bartizan.Ref]*kube.Object, len(in.Objects)), known: map[bartizan.Ref]bool{}, fits: map[string][]bartizan.Ref{}}
	for _, o := range in.Objects {
		for _, ref := range []bartizan.Ref{o.Ref, named(o.Ref)} {
			if _, taken := p.objects[ref]; !taken {
				p.objects[ref] = o
			}
		}
	}
	p.readNodes(in.World)
	for _, o := range in.Objects {
		if o.Kind != "PodTemplate" || o.Group != "" {
			p.object(o)
		}
	}
	slices.SortStableFunc(p.classes, func(a, b *rule.Pod) int {
		return cmp.Or(cmp.Compare(a.Ref.Namespace, b.Ref.Namespace), cmp.Compare(a.Ref.Name, b.Ref.Name), cmp.Compare(a.Ref.Kind, b.Ref.Kind))
	})
	return p
}

// controlPlaneLabels mark the nodes that run the control plane.
var controlPlaneLabels = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

func (p *pods) readNodes(w bartizan.World) {
	for e := range w.All("Node") {
		o, ok := e.Value.(*kube.Object)
		ref := bartizan.Ref{Kind: "Node", Name: e.Ref.Name}
		if !ok || p.known[ref] {
			continue
		}
		p.known[ref] = true
		n := rule.Node{Ref: ref, Read: true, Labels: map[string]string{}}
		for l := range o.Root.At("metadata", "labels").Items() {
			n.Labels[l.Key()] = l.Text()
			n.ControlPlane = n.ControlPlane || slices.Contains(controlPlaneLabels, l.Key())
		}
		p.nodes = append(p.nodes, n)
	}
	if len(p.nodes) == 0 {
		p.nodes = []rule.Node{{Ref: rule.Worker}, {Ref: rule.ControlPlane, ControlPlane: true}}
		p.known[rule.Worker], p.known[rule.ControlPlane] = true, true
	}
}

// object makes classes of an object's pods, or counts them with their owner's.
func (p *pods) object(o *kube.Object) {
	owner := p.owner(o, 0)
	own := named(o.Ref)
	for _, w := range o.Workloads {
		node := w.Pod.Get("nodeName").Str()
		if owner != own {
			p.byName[own] = owner
			if c := p.byRef[owner]; c != nil {
				p.count(c, o, node)
				continue
			}
			if top := p.objects[owner]; top != nil && len(top.Workloads) > 0 {
				p.class(owner, top, top.Workloads[0])
				p.count(p.byRef[owner], o, node)
				continue
			}
		}
		if c := p.byRef[owner]; c != nil && (c.Count > 0 || c.Object.Root() == o.Root) {
			p.count(c, o, node) // the template was read when one of its pods was, or a sibling without owner
			continue
		}
		p.class(owner, o, w)
		p.count(p.byRef[owner], o, node)
	}
}

// maxOwners bounds how far owners are followed.
const maxOwners = 4

// owner is the topmost controller of an object, whether it was read or not.
func (p *pods) owner(o *kube.Object, depth int) bartizan.Ref {
	for r := range o.Root.At("metadata", "ownerReferences").Items() {
		if c, ok := r.Get("controller").Bool(); !ok || !c {
			continue
		}
		group, _, found := strings.Cut(r.Get("apiVersion").Str(), "/")
		if !found {
			group = ""
		}
		ref := bartizan.Ref{Kind: kube.KindOf(group, r.Get("kind").Str()), Namespace: named(o.Ref).Namespace, Name: r.Get("name").Str()}
		if ref.Kind == "Node" {
			break // a static pod
		}
		if up := p.objects[ref]; up != nil && depth < maxOwners {
			return p.owner(up, depth+1)
		}
		return ref
	}
	return named(o.Ref)
}

// count adds a pod that was read to its class.
func (p *pods) count(c *rule.Pod, o *kube.Object, node string) {
	if o.Ref.Kind != "Pod" || o.Ref == c.Ref && c.Count > 0 {
		return
	}
	c.Count++
	if node == "" {
		return
	}
	ref := bartizan.Ref{Kind: "Node", Name: node}
	if c.Count == 1 {
		c.Nodes = nil // what is known replaces what was supposed
	}
	if !slices.Contains(c.Nodes, ref) {
		c.Nodes = append(c.Nodes, ref)
	}
	if !p.known[ref] {
		p.known[ref] = true
		p.nodes = append(p.nodes, rule.Node{Ref: ref})
	}
}

// class makes a class of a pod template.
func (p *pods) class(ref bartizan.Ref, o *kube.Object, w kube.Workload) {
	c := readPod(ref, o, w, p.objects)
	c.Nodes = p.schedulable(c)
	if p.bound[c.Account] {
		for i := range c.TokenFixes {
			c.TokenFixes[i].Cost += usedToken
		}
	}
	p.classes = append(p.classes, c)
	if p.byRef[ref] == nil {
		p.byRef[ref] = c
	}
}

// usedToken is what it costs more to take a token from pods whose service account was given rights on purpose.
const usedToken = 10

// schedulable are the nodes on which a pod may run by its tolerations and its node selector. Pods that ask for the
// same share the list.
func (p *pods) schedulable(c *rule.Pod) (out []bartizan.Ref) {
	if c.Spec.Get("nodeName").Str() != "" {
		return []bartizan.Ref{{Kind: "Node", Name: c.Spec.Get("nodeName").Str()}}
	}
	tolerates, wants := controlPlane(c.Spec)
	selector := c.Spec.Get("nodeSelector")
	key := fmt.Appendf(nil, "%d %t %t", len(p.nodes), tolerates, wants)
	for l := range selector.Items() {
		key = fmt.Appendf(key, " %q=%q", l.Key(), l.Text())
	}
	if out, ok := p.fits[string(key)]; ok {
		return out
	}
	for _, n := range p.nodes {
		if n.ControlPlane && !tolerates || !n.ControlPlane && wants || !selects(selector, n) {
			continue
		}
		out = append(out, n.Ref)
	}
	out = slices.Clip(out)
	p.fits[string(key)] = out
	return out
}

// controlPlane says whether a pod may run on the nodes of the control plane, and whether nowhere else.
func controlPlane(spec tree.Node) (tolerates, wants bool) {
	for t := range spec.Get("tolerations").Items() {
		key, effect := t.Get("key").Str(), t.Get("effect").Str()
		named := key == "" && t.Get("operator").Str() == "Exists" || slices.Contains(controlPlaneLabels, key)
		if named && (effect == "" || effect == "NoSchedule") {
			tolerates = true
		}
	}
	for l := range spec.Get("nodeSelector").Items() {
		wants = wants || slices.Contains(controlPlaneLabels, l.Key())
	}
	return tolerates, wants
}

// selects says whether a node selector accepts a node; of stand-ins only the control plane's label is known.
func selects(selector tree.Node, n rule.Node) bool {
	for l := range selector.Items() {
		if v, ok := n.Labels[l.Key()]; n.Read && (!ok || v != l.Text()) {
			return false
		}
	}
	return true
}
