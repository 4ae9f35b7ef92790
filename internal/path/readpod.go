package path

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// object is a kube.Object as edges see it.
type object struct{ *kube.Object }

// Ref is rule.Object.
func (o object) Ref() bartizan.Ref { return o.Object.Ref }

// Root is rule.Object.
func (o object) Root() tree.Node { return o.Object.Root }

// Evidence is rule.Object.
func (o object) Evidence(n tree.Node) bartizan.Evidence { return engine.Evidence(o.Object, n) }

// readPod reads what edges ask of a pod.
func readPod(ref bartizan.Ref, o *kube.Object, w kube.Workload, objects map[bartizan.Ref]*kube.Object) *rule.Pod {
	c := &rule.Pod{Ref: ref, Spec: w.Pod, Meta: w.Meta, Object: object{o}, Prefix: engine.Path(o, w.Pod), Labels: map[string]string{}}
	for l := range w.Meta.Get("labels").Items() {
		c.Labels[l.Key()] = l.Text()
	}
	is := func(key string) bool {
		v, _ := w.Pod.Get(key).Bool()
		return v
	}
	c.HostNetwork, c.HostPID, c.HostIPC, c.ShareProcesses = is("hostNetwork"), is("hostPID"), is("hostIPC"), is("shareProcessNamespace")
	if v, ok := w.Pod.Get("hostUsers").Bool(); ok && !v {
		c.UserNamespace = true
	}
	c.Sandboxed = sandboxed(w.Pod.Get("runtimeClassName").Str(), objects)
	volumes := w.Pod.Get("volumes")
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		for n := range w.Pod.Get(list).Items() {
			if list == "initContainers" && n.Get("restartPolicy").Str() != "Always" {
				continue // it is over before anyone can attack it
			}
			c.Containers = append(c.Containers, readContainer(o, w.Pod, n, volumes))
		}
	}
	readToken(c, objects)
	return c
}

// sandboxes are the handlers that give a pod a kernel of its own.
var sandboxes = []string{"gvisor", "runsc", "kata", "firecracker", "cloud-hypervisor", "qemu"}

// sandboxed says whether a runtime class puts a kernel between the pod and the node.
func sandboxed(class string, objects map[bartizan.Ref]*kube.Object) bool {
	if class == "" {
		return false
	}
	handler := class
	if o := objects[bartizan.Ref{Kind: "RuntimeClass", Name: class}]; o != nil {
		handler = o.Root.Get("handler").Str()
	}
	for _, s := range sandboxes {
		if strings.Contains(handler, s) {
			return true
		}
	}
	return false
}

func readContainer(o *kube.Object, pod, n, volumes tree.Node) rule.Container {
	c := rule.Container{Name: n.Get("name").Str(), Image: n.Get("image").Str(), Node: n, Prefix: engine.Path(o, n)}
	own, shared := n.Get("securityContext"), pod.Get("securityContext")
	c.Privileged, _ = own.Get("privileged").Bool()
	c.ReadCapabilities(own.Get("capabilities"))
	first := func(key string) tree.Node {
		if v := own.Get(key); v.Exists() && v.Kind() != tree.Null {
			return v
		}
		return shared.Get(key)
	}
	nonRoot, _ := first("runAsNonRoot").Bool()
	uid, set := first("runAsUser").Int()
	c.Root = set && uid == 0 || !set && !nonRoot
	escalates, set := own.Get("allowPrivilegeEscalation").Bool()
	c.Escalates = !set || escalates
	profile := first("seccompProfile").Get("type").Str()
	c.Unconfined = c.Privileged || profile == "" || profile == "Unconfined"
	c.Unmasked = own.Get("procMount").Str() == "Unmasked"
	for m := range n.Get("volumeMounts").Items() {
		i := 0
		for v := range volumes.Items() {
			if v.Get("name").Str() == m.Get("name").Str() {
				c.Mounts = append(c.Mounts, readMount(v, m, i))
				break
			}
			i++
		}
	}
	return c
}

func readMount(volume, n tree.Node, index int) rule.Mount {
	m := rule.Mount{Volume: volume, Node: n, Index: index, SubPath: n.Get("subPath").Str()}
	m.ReadOnly, _ = n.Get("readOnly").Bool()
	m.Bidirected = n.Get("mountPropagation").Str() == "Bidirectional"
	if p := volume.At("hostPath", "path").Str(); p != "" {
		m.HostPath = path.Clean("/" + p)
	}
	return m
}

// readToken finds whether the pod holds a token for the API server, and what decides it.
func readToken(c *rule.Pod, objects map[bartizan.Ref]*kube.Object) {
	at := c.Spec.Get("serviceAccountName")
	if at.Str() == "" {
		at = c.Spec.Get("serviceAccount")
	}
	name := at.Str()
	if name == "" {
		name = "default"
	}
	c.Account = rule.Account(c.Ref.Namespace, name)
	off := rule.Op{Op: "set", Path: "automountServiceAccountToken", Value: false}
	ops := []rule.Op{off}
	mounted, set := c.Spec.Get("automountServiceAccountToken").Bool()
	if !set {
		mounted = true
		if sa := objects[c.Account]; sa != nil {
			if v, ok := sa.Root.Get("automountServiceAccountToken").Bool(); ok {
				mounted = v
			}
		}
	}
	if mounted = mounted && automounts(c); mounted {
		c.Token, c.TokenAt = true, at
		if set {
			c.TokenAt = c.Spec.Get("automountServiceAccountToken")
		}
	} else {
		ops = nil
	}
	volume, text := tokenVolume(c), "do not mount the service account's token"
	if volume.Exists() {
		c.Token, text = true, "do not mount the service account's token, and drop the volume that holds one"
		if !mounted {
			c.TokenAt = volume
			text = "drop the token volume"
		}
		ops = append(ops, tokenOps(c)...)
	}
	if c.Token {
		c.TokenFixes = []rule.Fix{c.Fix(text, 2, "know that the pod does not speak to the API server", ops...)}
	}
}

// tokenPath is where admission mounts the token.
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// automounts says whether admission gives the token to a container that can be entered: to each but ephemeral ones and
// those that mount something of their own there. Of a pod that was read from a cluster that is admission's own volume.
func automounts(c *rule.Pod) bool {
	given := 0
	for i := range c.Containers {
		own := &c.Containers[i]
		if strings.Contains(own.Prefix, "/ephemeralContainers/") {
			continue
		}
		given++
		hidden := false
		for m := range own.Node.Get("volumeMounts").Items() {
			hidden = hidden || m.Get("mountPath").Str() == tokenPath
		}
		for _, m := range own.Mounts {
			hidden = hidden && (m.Node.Get("mountPath").Str() != tokenPath || len(tokenSources(m.Volume)) == 0)
		}
		if !hidden {
			return true
		}
	}
	return given == 0 // nothing is known of its containers
}

// tokenVolume is the projected source, if any, that gives a token for the API server to a container.
func tokenVolume(c *rule.Pod) tree.Node {
	for i := range c.Containers {
		for _, m := range c.Containers[i].Mounts {
			if list := tokenSources(m.Volume); len(list) > 0 {
				return m.Volume.At("projected", "sources").Index(list[0]).Get("serviceAccountToken")
			}
		}
	}
	return tree.Node{}
}

// tokenSources are the projected sources of a volume that give a token for the API server.
func tokenSources(volume tree.Node) (out []int) {
	i := 0
	for s := range volume.At("projected", "sources").Items() {
		if t := s.Get("serviceAccountToken"); t.Exists() && t.Get("audience").Str() == "" {
			out = append(out, i)
		}
		i++
	}
	return out
}

// tokenOps takes every such source out, the last one first.
func tokenOps(c *rule.Pod) (ops []rule.Op) {
	i := 0
	for v := range c.Spec.Get("volumes").Items() {
		for _, j := range tokenSources(v) {
			ops = append(ops, rule.Op{Op: "remove", Path: "volumes/" + strconv.Itoa(i) + "/projected/sources/" + strconv.Itoa(j)})
		}
		i++
	}
	slices.Reverse(ops)
	return ops
}
