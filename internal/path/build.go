package path

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// Input is what a Graph is built from.
type Input struct {
	World   bartizan.World
	Objects []*kube.Object
	Edges   []*rule.Rule
	Version rule.Version
	// Complete says that everything of a live cluster was read.
	Complete bool
	Gaps     []bartizan.Gap
	// Targets are things that must have a vertex even if nothing leads there.
	Targets []bartizan.Ref
}

// maxRounds bounds how often edges are derived anew because an edge leads to roles that nobody is bound to.
const maxRounds = 4

// builder collects the steps of a Graph.
type builder struct {
	*Graph
	in       Input
	grants   *grant.Model
	access   *access
	pods     *pods
	admits   *admission
	net      rule.Network
	edge     int16 // in Graph.edges, whose steps are derived
	fixByKey map[string]int32
	seen     map[string]bool
	reads    map[string][]bartizan.Ref // what nodes read, by name
	onNode   map[string][]*rule.Pod    // the classes of pods on a node, by its name
	key      []byte                    // of the fix that is interned
}

// Build derives all steps of a World.
func Build(in Input) *Graph {
	model := newModel(in)
	b := &builder{in: in, reads: map[string][]bartizan.Ref{}, grants: grant.New(in.World, grant.Options{Complete: in.Complete, Gaps: in.Gaps, Pods: in.Complete})}
	b.Graph = &Graph{}
	b.access = &access{b: b, rules: map[bartizan.Ref][]sourceRule{}}
	b.access.readGrants()
	b.pods = newPods(in, b.access.accounts())
	b.net = &network{in: in, pods: b.pods, model: model}
	b.rounds()
	b.access.finish()
	b.members()
	b.Graph.facts = b.gather()
	b.index()
	model() // leaves nothing behind that reads the World
	return b.Graph
}

// rounds derives edges until they lead to no role that was not known: first only those that give roles, then all.
func (b *builder) rounds() {
	held, givers := map[heldRole]bool{}, []*rule.Rule{}
	for _, e := range b.in.Edges {
		if e.GivesRoles {
			givers = append(givers, e)
		}
	}
	round := 1
	for before := none; len(held) != before && round < maxRounds; round++ {
		before = len(held)
		b.round(held, givers)
	}
	for before := none; len(held) != before && round <= maxRounds; round++ {
		before = len(held)
		b.round(held, b.in.Edges)
	}
}

// stepsOfObject is for how many steps there is room in the beginning, for each object.
const stepsOfObject = 6

// round derives edges; held are the roles that edges lead to, as far as earlier rounds know.
func (b *builder) round(held map[heldRole]bool, edges []*rule.Rule) {
	b.Graph = &Graph{
		numbers: make(map[bartizan.Ref]vertex, max(len(b.refs), len(b.in.Objects))), objects: b.pods.objects, proofs: append(b.proofs[:0], proof{}),
		steps: slices.Grow(b.steps[:0], stepsOfObject*len(b.in.Objects)), bodies: slices.Grow(b.bodies[:0], stepsOfObject*len(b.in.Objects)),
		edges: append([]*rule.Rule{nil}, edges...), told: append(slices.Grow(b.told[:0], stepsOfObject*len(b.in.Objects)/4), telling{}), endings: b.endings[:0],
	}
	b.fixByKey = make(map[string]int32, len(b.fixByKey))
	b.access = newAccess(b, held)
	b.admits = newAdmission(b)
	a := rule.Attack{
		World: b.in.World, Version: b.in.Version,
		Access: b.access, Pods: b.pods, Admission: b.admits, Network: b.net,
	}
	for i, e := range edges {
		b.edge = int16(i + 1)
		one := a
		one.Rule, one.Step = e, b.report
		e.Derive(&one)
	}
}

// report takes a step from an edge.
func (b *builder) report(s rule.Step) {
	cost := max(0, min(b.edges[b.edge].Cost+s.More, rule.MaxCost))
	b.add(s.From, s.To, step{cost: int16(cost), hop: true, edge: b.edge, told: b.say(s.Text, s.Why), fixes: b.ended(s.Fixes...)})
}

// ended keeps the fixes that each end a step, and gives where they are.
func (b *builder) ended(fixes ...rule.Fix) [2]int32 {
	from := int32(len(b.endings))
	for _, f := range fixes {
		b.endings = append(b.endings, b.fix(f))
	}
	return [2]int32{from, int32(len(b.endings))}
}

// say keeps what to say of a step, and gives its number.
func (b *builder) say(text string, why []bartizan.Evidence) int32 {
	if text == "" && len(why) == 0 {
		return 0
	}
	last := &b.told[len(b.told)-1]
	if text != last.text || len(why)+len(last.why) > 0 {
		b.told = append(b.told, telling{text, why})
	}
	return int32(len(b.told) - 1)
}

// add adds a step, unless it leads nowhere new.
func (b *builder) add(from []bartizan.Ref, to bartizan.Ref, s step) {
	if len(from) == 1 && from[0] == to {
		return
	}
	if len(b.steps) >= maxSteps {
		b.full = true
		return
	}
	s.body[0] = int32(len(b.bodies))
	for _, r := range from {
		b.bodies = append(b.bodies, b.number(r))
	}
	body := b.bodies[s.body[0]:]
	slices.Sort(body)
	b.bodies = b.bodies[:int(s.body[0])+len(slices.Compact(body))]
	s.body[1] = int32(len(b.bodies))
	s.to = b.number(to)
	b.steps = append(b.steps, s)
}

// imply adds a step of bookkeeping.
func (b *builder) imply(from, to bartizan.Ref, text string) {
	b.add([]bartizan.Ref{from}, to, step{told: b.say(text, nil)})
}

// keep keeps what a step of bookkeeping is made from, and gives its number.
func (b *builder) keep(p proof) int32 {
	b.proofs = append(b.proofs, p)
	return int32(len(b.proofs) - 1)
}

// fix interns a fix: two steps with the same fix lose it together.
func (b *builder) fix(f rule.Fix) int32 {
	key := append(append(append(b.key[:0], f.Target.Kind...), 0), f.Target.Namespace...)
	key = append(append(append(key, '/'), f.Target.Name...), 0)
	if f.New != nil {
		key = append(key, f.Text...)
	}
	for _, op := range f.Ops {
		key = append(append(append(key, op.Op...), ' '), op.Path...)
		if text, ok := op.Value.(string); ok {
			key = append(append(key, ' '), text...)
		} else if op.Value != nil {
			key = fmt.Append(append(key, ' '), op.Value)
		}
		key = append(key, 0)
	}
	b.key = key
	id, ok := b.fixByKey[string(key)]
	if !ok {
		id = int32(len(b.fixes))
		b.fixByKey[string(key)] = id
		b.fixes = append(b.fixes, fix{Fix: f})
	}
	return id
}

// members lets sets lead to what is in them, and names to the pods that bear them.
func (b *builder) members() {
	for _, t := range b.in.Targets {
		b.number(t)
	}
	for e := range b.in.World.All("Secret") {
		b.number(named(e.Ref))
	}
	b.clusterAdmin()
	namespaced := map[bartizan.Kind]map[string][]bartizan.Ref{}
	put := func(kind bartizan.Kind, r bartizan.Ref) {
		if namespaced[kind] == nil {
			namespaced[kind] = map[string][]bartizan.Ref{}
		}
		namespaced[kind][r.Namespace] = append(namespaced[kind][r.Namespace], r)
	}
	for _, r := range b.refs {
		if r.Name != rule.Every && (r.Kind == "Secret" || r.Kind == "ServiceAccount") {
			put(r.Kind, r)
		}
	}
	for p := range b.pods.All() {
		put("Pod", p.Ref)
	}
	for i := 0; i < len(b.refs); i++ { // sets of namespaces are added on the way
		b.set(b.refs[i], namespaced)
	}
}

// set adds the steps from one set, or from a pod's name to its class.
func (b *builder) set(r bartizan.Ref, namespaced map[bartizan.Kind]map[string][]bartizan.Ref) {
	switch {
	case r.Kind == rule.KindPodsOn:
		b.podsOn(r)
	case r.Kind == "Node" && r.Name == rule.Every:
		for _, n := range b.pods.Nodes() {
			b.imply(r, n.Ref, "")
		}
	case r.Name != rule.Every:
		if class, ok := b.pods.byName[r]; ok {
			b.imply(r, class, "")
		}
	case r.Namespace == "":
		for _, ns := range slices.Sorted(maps.Keys(namespaced[r.Kind])) {
			b.imply(r, bartizan.Ref{Kind: r.Kind, Namespace: ns, Name: rule.Every}, "")
		}
	default:
		for _, m := range namespaced[r.Kind][r.Namespace] {
			b.imply(r, m, "")
		}
	}
}

// supposed is what the step to a pod costs that may run on a node, but was not seen there.
const supposed = 3

// podsOn adds the steps to the pods on a node. Without pods read only those of DaemonSets are sure to be there.
func (b *builder) podsOn(r bartizan.Ref) {
	if r.Name == rule.Every {
		for p := range b.pods.All() {
			b.imply(r, p.Ref, "")
		}
		return
	}
	if b.onNode == nil {
		b.onNode = map[string][]*rule.Pod{}
		for p := range b.pods.All() {
			for _, n := range p.Nodes {
				b.onNode[n.Name] = append(b.onNode[n.Name], p)
			}
		}
	}
	for _, p := range b.onNode[r.Name] {
		s := step{cost: supposed, told: b.say("waits until {to} runs on the node", nil)}
		if p.Count > 0 || p.Ref.Kind == "DaemonSet" || p.Spec.Get("nodeName").Exists() {
			s = step{}
		}
		b.add([]bartizan.Ref{r}, p.Ref, s)
	}
}

// clusterAdmin says what it means to be able to do everything.
func (b *builder) clusterAdmin() {
	for _, to := range []bartizan.Ref{rule.EverySecret, rule.EveryNode, rule.PodsIn(""), rule.AccountsIn("")} {
		b.imply(rule.ClusterAdmin, to, "may do everything, and so takes {to}")
	}
}

// named is a Ref with the namespace that an object without one goes to.
func named(r bartizan.Ref) bartizan.Ref {
	if r.Namespace == "" {
		r.Namespace = "default"
	}
	return r
}
