package attack

import (
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// hostPaths says which mounts of the node's files an edge looks for.
type hostPaths struct {
	whole   []string // files and folders of which the mount must show all
	parts   []string // folders of which a part will do
	write   bool     // the mount must be writable
	user    bool     // a process that is not root will do
	kernel  bool     // a user namespace or a sandbox stops it: it is no matter of files alone
	group   bool     // a process of the file's group will do: it is a socket
	noSub   bool     // a sandbox stops it, a user namespace does not
	because string   // told of the one who does it: "writes a cron table of {to}"; the mount is added
}

// hostPathStep is a step that a mount makes possible, and what makes it.
type hostPathStep struct {
	rule.Step
	Pod       *rule.Pod
	Container *rule.Container
	Mount     *rule.Mount
	Shown     string // the part of the node's file tree that is mounted
}

// in visits the mounts that an edge looks for. Files of the node keep their owners in a user namespace, because volumes
// are mounted with mapped ids, and a sandbox hands them through.
func (h *hostPaths) in(a *rule.Attack) iter.Seq[hostPathStep] {
	return func(yield func(hostPathStep) bool) {
		for p, c := range a.Containers() {
			more, ok := asRoot(c)
			if h.group {
				more, ok = asGroup(p, c)
			}
			if !ok && !h.user || h.kernel && !p.OnHost() || h.noSub && p.Sandboxed {
				continue
			}
			if h.user {
				more = 0
			}
			for i := range c.Mounts {
				m := &c.Mounts[i]
				shown, at := hostPath(a, p, m)
				dir, found := h.meets(shown)
				readOnly := m.ReadOnly || claimReadOnly(m)
				if !found || h.write && readOnly && !stillWritable(m, shown, dir) {
					continue
				}
				s := rule.Step{
					From: p.Vertex(), Text: h.because + " through the mount of " + shown + " in container " + c.Name, More: more,
					Why: append([]bartizan.Evidence{at}, p.Evidence(m.Node)), Fixes: []rule.Fix{c.Unmount(p, m)},
				}
				if h.write && !readOnly && !submount(shown, dir) {
					s.Fixes = append(s.Fixes, c.MountReadOnly(p, m))
				}
				if h.kernel {
					s.Fixes = append(s.Fixes, userNamespace(a, p)...)
				}
				if !yield(hostPathStep{s, p, c, m, shown}) {
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

// hostPath is the part of the node's file tree that a mount shows, with where that is said; "" if none. A subPath made of
// variables is a name of which nothing is known.
func hostPath(a *rule.Attack, p *rule.Pod, m *rule.Mount) (shown string, at bartizan.Evidence) {
	root := m.HostPath
	if root != "" {
		at = p.Evidence(m.Volume.At("hostPath", "path"))
	} else if root, at = volumePath(a, p, m); root == "" {
		return "", at
	}
	shown = path.Join(root, m.SubPath, m.Node.Get("subPathExpr").Str())
	if rest, ok := strings.CutPrefix(shown, "/var/run"); ok && (rest == "" || rest[0] == '/') {
		shown = "/run" + rest // a symbolic link on every node
	}
	return shown, at
}

// volumePath is the folder of the node that a mounted claim's persistent volume is; "" if it is none.
func volumePath(a *rule.Attack, p *rule.Pod, m *rule.Mount) (folder string, at bartizan.Evidence) {
	name := m.Volume.At("persistentVolumeClaim", "claimName").Str()
	if name == "" {
		return "", at
	}
	claim := find(a, bartizan.Ref{Kind: "PersistentVolumeClaim", Namespace: p.Ref.Namespace, Name: name})
	if claim == nil {
		return "", at
	}
	volume := find(a, bartizan.Ref{Kind: "PersistentVolume", Name: claim.Root.At("spec", "volumeName").Str()})
	if volume == nil { // not bound yet, or by the volume alone, as in manifests
		for o := range objects(a, "PersistentVolume") {
			if of := o.Root.At("spec", "claimRef"); of.Get("name").Str() == name && of.Get("namespace").Str() == p.Ref.Namespace {
				volume = o
				break
			}
		}
	}
	if volume == nil {
		return "", at
	}
	for _, kind := range []string{"hostPath", "local"} {
		if n := volume.Root.At("spec", kind, "path"); n.Str() != "" {
			return path.Clean("/" + n.Str()), evidence(volume, n)
		}
	}
	return "", at
}

// claimReadOnly says whether a pod mounts a claim read-only in all its containers.
func claimReadOnly(m *rule.Mount) bool {
	readOnly, _ := m.Volume.At("persistentVolumeClaim", "readOnly").Bool()
	return readOnly
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

// stillWritable says whether a folder is writable below a read-only mount: read-only does not extend to the file systems
// below, unless recursiveReadOnly says so.
func stillWritable(m *rule.Mount, shown, dir string) bool {
	return submount(shown, dir) && m.Node.Get("recursiveReadOnly").Str() != "Enabled"
}
