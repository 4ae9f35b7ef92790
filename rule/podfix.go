package rule

import (
	"strconv"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// WithoutCap takes a capability from a container: out of what is added, or into what is dropped.
func (c *Container) WithoutCap(p *Pod, name string) Fix {
	text, unsafe := "drop the capability "+name+" of container "+c.Name, "know that the program does not use "+name
	if at := c.CapAt(name); at.Exists() {
		return c.Fix(p, text, 4, unsafe, Op{Op: "remove", Path: "securityContext/capabilities/add/" + indexOf(at)})
	}
	return c.Fix(p, text, 3, unsafe, Op{Op: "append", Path: "securityContext/capabilities/drop", Value: name})
}

// Without takes a boolean field like hostPID out of the pod's spec.
func (p *Pod) Without(field string, cost int, unsafe string) Fix {
	return p.Fix("take "+field+" away", cost, unsafe, Op{Op: "remove", Path: field})
}

// Unmount takes a mount out of a container. The volume stays; what no container mounts does no harm.
func (c *Container) Unmount(p *Pod, m *Mount) Fix {
	return c.Fix(p, "do not mount "+m.Node.Get("mountPath").Str()+" in container "+c.Name, 5,
		"know that the program does not use the mount", Op{Op: "remove", Path: "volumeMounts/" + indexOf(m.Node)})
}

// indexOf is the index of an item in its list.
func indexOf(n tree.Node) string {
	i := 0
	for item := range n.Parent().Items() {
		if item == n {
			break
		}
		i++
	}
	return strconv.Itoa(i)
}

// PodsOn is to run code in every pod on a node, by the node's name; Every stands for all nodes.
func PodsOn(node string) bartizan.Ref { return bartizan.Ref{Kind: KindPodsOn, Name: node} }
