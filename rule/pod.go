package rule

import (
	"maps"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Pod is a class of pods: those of one workload, or one that nothing owns. As a vertex it is running code in one of
// its containers. The gates that many edges ask for are read once.
type Pod struct {
	Ref     bartizan.Ref
	Account bartizan.Ref // the service account it runs as
	// Count is how many pods were read of the class; 0 if only the workload was.
	Count      int
	Nodes      []bartizan.Ref // where its pods run, or may run when no pods were read
	Labels     map[string]string
	Spec       tree.Node // of the pod
	Meta       tree.Node // of the pod or template; may not exist
	Containers []Container
	Object     Object
	// Prefix is the JSON Pointer from the object's root to Spec: where fixes are written.
	Prefix string

	HostNetwork, HostPID, HostIPC, ShareProcesses bool
	// UserNamespace says that hostUsers is false: root in it is nobody on the node.
	UserNamespace bool
	// Sandboxed says that a RuntimeClass runs it in a virtual machine or behind another kernel.
	Sandboxed bool
	// Token says that the service account's token is mounted, by default or by a volume of its own.
	Token bool
	// TokenAt is the field that decides Token; it does not exist where the default does.
	TokenAt    tree.Node
	TokenFixes []Fix // what takes the token away; more than one may be needed, then it is one Fix
}

// Container is one container of a pod, with what decides how far its processes get.
type Container struct {
	Name, Image string
	Node        tree.Node
	Prefix      string // JSON Pointer from the object's root
	Privileged  bool
	// Root says that its processes may be user 0: the manifest sets it or leaves it to the image.
	Root bool
	// Escalates says that allowPrivilegeEscalation is not false.
	Escalates bool
	// Unconfined says that no seccomp profile applies.
	Unconfined bool
	Unmasked   bool // procMount is Unmasked
	Mounts     []Mount
	caps       map[string]bool
	every      bool // capabilities that caps says nothing of
}

// Mount is a volume mounted in a container.
type Mount struct {
	Volume     tree.Node // the entry of volumes
	Node       tree.Node // the entry of volumeMounts
	Index      int       // of the volume in volumes
	ReadOnly   bool
	HostPath   string // cleaned; "" if it is no hostPath
	SubPath    string
	Bidirected bool // mountPropagation is Bidirectional
}

// defaultCapabilities are what containerd and CRI-O give a container that asks for nothing.
var defaultCapabilities = map[string]bool{
	"AUDIT_WRITE": true, "CHOWN": true, "DAC_OVERRIDE": true, "FOWNER": true, "FSETID": true, "KILL": true,
	"MKNOD": true, "NET_BIND_SERVICE": true, "NET_RAW": true, "SETFCAP": true, "SETGID": true, "SETPCAP": true,
	"SETUID": true, "SYS_CHROOT": true,
}

// Cap says whether processes of the container can have a capability, written without CAP_: it is privileged, or the
// capability is added or one of the runtime's defaults, and not dropped.
func (c *Container) Cap(name string) bool {
	has, said := c.caps[name]
	return c.Privileged || has || c.every && !said
}

// ReadCapabilities sets what Cap answers from securityContext.capabilities, in the order of containerd and CRI-O: ALL is
// added, ALL is dropped, single ones are added, single ones are dropped.
func (c *Container) ReadCapabilities(n tree.Node) {
	if c.caps = defaultCapabilities; !n.Exists() {
		return
	}
	drop, add := names(n.Get("drop")), names(n.Get("add"))
	c.caps = map[string]bool{}
	if c.every = add["ALL"] && !drop["ALL"]; !drop["ALL"] {
		maps.Copy(c.caps, defaultCapabilities)
	}
	maps.Copy(c.caps, add)
	for name := range drop {
		c.caps[name] = false
	}
}

// names reads a list of capabilities, with or without CAP_.
func names(n tree.Node) map[string]bool {
	out := map[string]bool{}
	for item := range n.Items() {
		out[strings.TrimPrefix(strings.ToUpper(item.Text()), "CAP_")] = true
	}
	return out
}

// CapAt is the entry of capabilities.add that gives a capability; it does not exist for one of the defaults.
func (c *Container) CapAt(name string) tree.Node {
	for item := range c.Node.At("securityContext", "capabilities", "add").Items() {
		if text := strings.TrimPrefix(strings.ToUpper(item.Text()), "CAP_"); text == name || text == "ALL" {
			return item
		}
	}
	return tree.Node{}
}

// OnHost says whether root in the pod is root of the node's kernel: no user namespace and no sandbox between.
func (p *Pod) OnHost() bool { return !p.UserNamespace && !p.Sandboxed }

// Evidence points at a value of the pod's object, or at the pod's spec where it does not exist.
func (p *Pod) Evidence(n tree.Node) bartizan.Evidence {
	if !n.Exists() {
		n = p.Spec
	}
	return p.Object.Evidence(n)
}

// Fix is a change of the pod's spec: paths of the steps are relative to it ("hostPID") or to a container's prefix.
func (p *Pod) Fix(text string, cost int, unsafe string, ops ...Op) Fix {
	for i := range ops {
		if !strings.HasPrefix(ops[i].Path, "/") {
			ops[i].Path = p.Prefix + "/" + ops[i].Path
		}
	}
	return Fix{Target: p.Ref, Ops: ops, Text: text, Cost: cost, Unsafe: unsafe}
}

// Fix is a change of a container: paths of the steps are relative to it ("securityContext/privileged").
func (c *Container) Fix(p *Pod, text string, cost int, unsafe string, ops ...Op) Fix {
	for i := range ops {
		ops[i].Path = c.Prefix + "/" + ops[i].Path
	}
	return p.Fix(text, cost, unsafe, ops...)
}
