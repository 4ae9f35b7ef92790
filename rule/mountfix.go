package rule

import "strconv"

// MountReadOnly mounts a volume read-only in a container.
func (c *Container) MountReadOnly(p *Pod, m *Mount) Fix {
	return c.Fix(p, "mount "+m.Node.Get("mountPath").Str()+" read-only in container "+c.Name, 3,
		"know that the program does not write there", Op{Op: "set", Path: "volumeMounts/" + indexOf(m.Node) + "/readOnly", Value: true})
}

// WithoutItem takes an item of a list of a container away, like an environment variable: list leads to the list from
// the container.
func (c *Container) WithoutItem(p *Pod, text string, cost int, unsafe, list string, index int) Fix {
	return c.Fix(p, text, cost, unsafe, Op{Op: "remove", Path: list + "/" + strconv.Itoa(index)})
}
