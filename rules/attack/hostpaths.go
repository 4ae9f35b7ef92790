package attack

import (
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// hostPaths says which mounts of the node's files an edge looks for.
type hostPaths struct {
	whole   []string // files and folders of which the mount must show all
	parts   []string // folders of which a part will do
	write   bool     // the mount must be writable
	user    bool     // a process that is not root will do
	kernel  bool     // a user namespace or a sandbox stops it: it is no matter of files alone
	noSub   bool     // a sandbox stops it, a user namespace does not
	because string   // told of the one who does it: "writes a cron table of {to}"; the mount is added
}

// hostPathStep is a step that a mount makes possible, and what makes it.
type hostPathStep struct {
	rule.Step
	Pod       *rule.Pod
	Container *rule.Container
	Shown     string // the part of the node's file tree that is mounted
}

// in visits the mounts that an edge looks for. Files of the node keep their owners in a user namespace, because volumes
// are mounted with mapped ids, and a sandbox hands them through.
func (h *hostPaths) in(a *rule.Attack) iter.Seq[hostPathStep] {
	return func(yield func(hostPathStep) bool) {
		for p, c := range a.Containers() {
			more, ok := asRoot(c)
			if !ok && !h.user || h.kernel && !p.OnHost() || h.noSub && p.Sandboxed {
				continue
			}
			if h.user {
				more = 0
			}
			for i := range c.Mounts {
				m := &c.Mounts[i]
				shown := hostPath(m)
				dir, found := h.meets(shown)
				if !found || h.write && !writable(m, shown, dir) {
					continue
				}
				s := rule.Step{
					From: p.Vertex(), Text: h.because + " through the mount of " + shown + " in container " + c.Name, More: more,
					Why: p.Why(m.Volume.At("hostPath", "path"), m.Node), Fixes: []rule.Fix{c.Unmount(p, m)},
				}
				if h.write && !m.ReadOnly && !submount(shown, dir) {
					s.Fixes = append(s.Fixes, c.MountReadOnly(p, m))
				}
				if h.kernel {
					s.Fixes = append(s.Fixes, userNamespace(a, p)...)
				}
				if !yield(hostPathStep{s, p, c, shown}) {
					return
				}
			}
		}
	}
}

// meets finds what of a mount an edge looks for.
func (h *hostPaths) meets(shown string) (dir string, found bool) {
	if shown == "" {
		return "", false
	}
	for _, dir := range h.whole {
		if above(shown, dir) {
			return dir, true
		}
	}
	for _, dir := range h.parts {
		if above(shown, dir) || above(dir, shown) {
			return dir, true
		}
	}
	return "", false
}

// hostPath is the part of the node's file tree that a mount shows; "" if none. A subPath made of variables is a name of
// which nothing is known.
func hostPath(m *rule.Mount) string {
	if m.HostPath == "" {
		return ""
	}
	shown := path.Join(m.HostPath, m.SubPath, m.Node.Get("subPathExpr").Str())
	if rest, ok := strings.CutPrefix(shown, "/var/run"); ok && (rest == "" || rest[0] == '/') {
		shown = "/run" + rest // a symbolic link on every node
	}
	return shown
}

// above says whether a path is another one or a folder above it.
func above(folder, file string) bool {
	return folder == file || folder == "/" || strings.HasPrefix(file, folder+"/")
}

// mountPoints are folders that are file systems of their own on every node.
var mountPoints = []string{"/proc", "/sys", "/run", "/dev"}

// submount says whether a folder lies on another file system than the mount that shows it.
func submount(shown, dir string) bool {
	return slices.ContainsFunc(mountPoints, func(m string) bool { return shown != m && above(shown, m) && above(m, dir) })
}

// writable says whether a folder is mounted writable: read-only does not extend to the file systems below a mount,
// unless recursiveReadOnly says so.
func writable(m *rule.Mount, shown, dir string) bool {
	if !m.ReadOnly {
		return true
	}
	return submount(shown, dir) && m.Node.Get("recursiveReadOnly").Str() != "Enabled"
}
