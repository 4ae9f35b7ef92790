package reach

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// The labels that Cilium gives pods besides their own.
const (
	ciliumNamespace       = "io.kubernetes.pod.namespace"
	ciliumNamespaceLabels = "io.cilium.k8s.namespace.labels."
	ciliumAccount         = "io.cilium.k8s.policy.serviceaccount"
	ciliumCluster         = "io.cilium.k8s.policy.cluster"
)

// derived is a label that is not among a pod's own: it follows from the pod's namespace, account or cluster, or it
// is one of the pod's that Cilium leaves out of identities unless it is told otherwise.
type derived struct {
	key  int32
	kind byte   // n namespace, l label of the namespace, a account, c cluster, o left out
	of   string // the label
}

// derivedMark begins the names of derived labels: no label begins so.
const derivedMark = "\x00"

func (v *vocabulary) derivedKey(kind byte, of string) int32 {
	name := derivedMark + string(kind) + of
	if k, ok := v.keys[name]; ok {
		return k
	}
	k := v.key(name)
	v.derived = append(v.derived, derived{k, kind, of})
	return k
}

// ciliumKey interns the key of a label as Cilium's selectors write it, with an optional source before a colon.
func (v *vocabulary) ciliumKey(key string, pods bool) int32 {
	source, rest, found := strings.Cut(key, ":")
	switch {
	case !found:
		rest = key
	case source != "k8s" && source != "any":
		return v.key(key) // of another source: no pod has it
	}
	switch {
	case !pods:
		return v.key(rest)
	case rest == ciliumNamespace:
		return v.derivedKey('n', "")
	case strings.HasPrefix(rest, ciliumNamespaceLabels):
		return v.derivedKey('l', rest[len(ciliumNamespaceLabels):])
	case rest == ciliumAccount:
		return v.derivedKey('a', "")
	case rest == ciliumCluster:
		return v.derivedKey('c', "")
	case leftOut(rest):
		return v.derivedKey('o', rest)
	}
	return v.key(rest)
}

// leftOut says whether Cilium leaves a label out of the identities of pods by default.
func leftOut(key string) bool {
	for _, p := range []string{
		"io.kubernetes", "kubernetes.io", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "beta.kubernetes.io", "k8s.io",
		"batch.kubernetes.io/job-completion-index", "batch.kubernetes.io/controller-uid", "pod-template-generation", "pod-template-hash",
		"controller-revision-hash", "annotation.", "controller-uid", "etcd_node",
	} {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return strings.Contains(key, "beta.kubernetes.io/")
}

// ciliumLabels is an endpoint selector.
type ciliumLabels struct {
	labels    *selector
	reserved  string // the reserved identity that it names instead of labels
	elsewhere bool   // it says itself which namespaces it is about
}

// ciliumSelector compiles an EndpointSelector, or a selector of nodes.
func (v *vocabulary) ciliumSelector(n tree.Node, pods bool) ciliumLabels {
	c := ciliumLabels{labels: &selector{}}
	if n.Kind() != tree.Map {
		c.labels = brokenSelector("the selector is a " + n.Kind().String() + ", not a map")
		return c
	}
	if wrong := unknownField(n, "matchLabels", "matchExpressions"); wrong != "" {
		c.labels = brokenSelector(wrong)
		return c
	}
	for _, field := range []string{"matchLabels", "matchExpressions"} {
		if k := n.Get(field).Kind(); k != tree.Null && k != tree.Invalid && k != tree.Map && k != tree.List {
			c.labels = brokenSelector(field + " is a " + k.String())
			return c
		}
	}
	for l := range n.Get("matchLabels").Items() {
		if why := c.label(v, l, pods); why != "" {
			c.labels = brokenSelector(why)
			return c
		}
	}
	for e := range n.Get("matchExpressions").Items() {
		if why := c.expression(v, e, pods); why != "" {
			c.labels = brokenSelector(why)
			return c
		}
	}
	if c.reserved != "" && len(c.labels.reqs) > 0 {
		c.labels = brokenSelector("it mixes the reserved label " + c.reserved + " with labels of pods")
	}
	c.labels.canonical()
	return c
}

func (c *ciliumLabels) label(v *vocabulary, l tree.Node, pods bool) string {
	if l.Kind() != tree.String || len(c.labels.reqs) >= maxRequirements {
		return "the value of label " + l.Key() + " is not a string"
	}
	if name, ok := strings.CutPrefix(l.Key(), "reserved:"); ok {
		return c.reserve(name)
	}
	c.elsewhere = c.elsewhere || namesNamespaces(l.Key())
	key := v.ciliumKey(l.Key(), pods)
	c.labels.reqs = append(c.labels.reqs, requirement{key: key, op: opIn, values: []int32{v.value(l.Str())}})
	c.labels.text += "," + v.names[key] + "=" + l.Str()
	return ""
}

// expression adds one of matchExpressions; it returns what is wrong with it.
func (c *ciliumLabels) expression(v *vocabulary, e tree.Node, pods bool) string {
	key := e.Get("key").Str()
	if name, ok := strings.CutPrefix(key, "reserved:"); ok {
		if e.Get("operator").Str() != "Exists" {
			return "what an expression on the reserved label " + name + " other than Exists selects is not known"
		}
		return c.reserve(name)
	}
	if key == "" {
		return "an expression has no key"
	}
	c.elsewhere = c.elsewhere || namesNamespaces(key)
	return v.expressionOn(c.labels, e, v.ciliumKey(key, pods))
}

func (c *ciliumLabels) reserve(name string) string {
	if c.reserved != "" && c.reserved != name {
		return "nothing has two reserved labels"
	}
	c.reserved = name
	return ""
}

// namesNamespaces says whether a key is about the namespace of pods.
func namesNamespaces(key string) bool {
	if source, rest, found := strings.Cut(key, ":"); found && (source == "k8s" || source == "any") {
		key = rest
	}
	return key == ciliumNamespace || strings.HasPrefix(key, ciliumNamespaceLabels)
}

// derive fills in the derived labels of a pod.
func (m *Model) derive(vector []int32, p *Pod, ns *namespace) {
	for _, d := range m.words.derived {
		vector[d.key] = m.derivedValue(d, p, ns)
	}
}

func (m *Model) derivedValue(d derived, p *Pod, ns *namespace) int32 {
	switch d.kind {
	case 'n':
		return m.words.known(ns.name)
	case 'a':
		name := p.spec.Get("serviceAccountName").Str()
		if name == "" {
			name = p.spec.Get("serviceAccount").Str()
		}
		if name == "" {
			name = "default"
		}
		return m.words.known(name)
	case 'c':
		if m.config.cluster == "" {
			return valueUnknown
		}
		return m.words.known(m.config.cluster)
	case 'o':
		if added := addedLabels(p.Ref.Kind); added != nil && added(d.of) {
			return valueUnknown
		}
		if _, has := p.Label(d.of); has {
			return valueUnknown
		}
		return valueAbsent
	}
	if d.of == metadataName {
		return m.words.known(ns.name)
	}
	for _, l := range ns.labels {
		if l.key == d.of {
			return m.words.known(l.value)
		}
	}
	if !ns.read {
		return valueUnknown
	}
	return valueAbsent
}

// known is the value of a label as interned.
func (v *vocabulary) known(value string) int32 {
	if x, ok := v.values[value]; ok {
		return x
	}
	return valueOther
}
