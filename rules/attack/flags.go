package attack

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// flags are the arguments of a component of the control plane.
type flags struct {
	container *rule.Container
	list      string // the field that holds them
}

// components visits the containers that run a component of the control plane as kubeadm does.
func components(a *rule.Attack, name string) iter.Seq2[*rule.Pod, flags] {
	return func(yield func(*rule.Pod, flags) bool) {
		for p, c := range a.Containers() {
			if p.Ref.Namespace != "kube-system" || p.Labels["component"] != name || c.Name != name {
				continue
			}
			f := flags{c, "command"}
			if !c.Node.Get(f.list).Exists() || c.Node.Get(f.list).Len() < 2 && c.Node.Get("args").Exists() {
				f.list = "args"
			}
			if !yield(p, f) {
				return
			}
		}
	}
}

// apiServers visits the API servers.
func apiServers(a *rule.Attack) iter.Seq2[*rule.Pod, flags] { return components(a, "kube-apiserver") }

// find is a flag and its index; it does not exist where it is not set.
func (f flags) find(name string) (tree.Node, string) { return flag(f.container.Node.Get(f.list), name) }

// value is what a flag is set to: behind its equals sign or as the next argument.
func (f flags) value(name string) string {
	next := false
	for item := range f.container.Node.Get(f.list).Items() {
		if next {
			return item.Str()
		}
		if value, ok := strings.CutPrefix(item.Str(), name+"="); ok {
			return value
		}
		next = item.Str() == name
	}
	return ""
}

// set is where a flag is set, or might be, and the fix that sets it to a value.
func (f flags) set(p *rule.Pod, name, value, text, unsafe string) (tree.Node, rule.Fix) {
	at, i := f.find(name)
	op := rule.Op{Op: "set", Path: f.list + "/" + i, Value: name + "=" + value}
	switch {
	case !at.Exists():
		at = f.container.Node.Get(f.list)
		op = rule.Op{Op: "append", Path: f.list, Value: name + "=" + value}
	case at.Str() == name: // the value is the next argument
		op.Path = f.list + "/" + next(i)
		op.Value = value
	}
	return at, f.container.Fix(p, text, 30, unsafe, op)
}

// lists says whether a flag's value, a list, has an item.
func lists(value, item string) bool { return slices.Contains(strings.Split(value, ","), item) }

// onlyLoopback says whether a list of addresses holds none but the loopback's.
func onlyLoopback(urls string) bool {
	for _, u := range strings.Split(urls, ",") {
		if !strings.Contains(u, "//127.") && !strings.Contains(u, "//localhost") && !strings.Contains(u, "//[::1]") {
			return false
		}
	}
	return true
}

// flag finds a flag in a command line, and its index.
func flag(list tree.Node, name string) (tree.Node, string) {
	for item := range list.Items() {
		if item.Str() == name || strings.HasPrefix(item.Str(), name+"=") {
			return item, indexOf(item)
		}
	}
	return tree.Node{}, ""
}

// indexOf is the index of an item in its list, and next that of the one behind it.
func indexOf(item tree.Node) string { return item.Path()[strings.LastIndex(item.Path(), "/")+1:] }

func next(index string) string {
	n, err := strconv.Atoi(index)
	if err != nil {
		return index
	}
	return strconv.Itoa(n + 1)
}
