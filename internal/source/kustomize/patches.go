package kustomize

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// patch is a strategic merge patch or a JSON patch that a kustomization names.
type patch struct {
	file   string    // in the file system
	root   tree.Node // an object, or a list of operations
	kind   string    // of the objects it is for; "" is any
	name   string    // pattern of their names; "" is any
	offset int       // from lines of root to lines of file
	flat   bool      // all of it stands on one line, offset
}

// line is the line in the patch's file on which a value of it stands.
func (p *patch) line(n tree.Node) int {
	if p.flat {
		return p.offset
	}
	line, _ := n.KeyPos()
	return line + p.offset
}

// maxPatchDirs bounds the kustomizations whose patches are looked at.
const maxPatchDirs = 500

// patches are those of a kustomization and of all it takes in, in the order in which they are applied.
func (m *mapper) patches() []*patch {
	c := patchCollector{files: m.files, seen: map[string]bool{}}
	c.dir(m.k.Dir)
	return c.found
}

type patchCollector struct {
	files map[string][]byte
	seen  map[string]bool
	found []*patch
}

func (c *patchCollector) dir(dir string) {
	dir = path.Clean(dir)
	if c.seen[dir] || len(c.seen) >= maxPatchDirs {
		return
	}
	c.seen[dir] = true
	for _, name := range FileNames() {
		file := path.Join(dir, name)
		if text, ok := c.files[file]; ok {
			c.kustomization(dir, file, firstRoot(string(text)))
			return
		}
	}
}

func firstRoot(text string) tree.Node {
	for doc, err := range tree.Parse(text, tree.Limits{}) {
		if err == nil && doc.Root().Exists() {
			return doc.Root()
		}
	}
	return tree.Node{}
}

func (c *patchCollector) kustomization(dir, file string, root tree.Node) {
	for _, field := range []string{"resources", "bases", "components"} {
		for item := range root.Get(field).Items() {
			ref := item.Str()
			if isRemote(ref) {
				ref = path.Join(remoteDir, remotePlace(ref))
			}
			c.dir(path.Join(dir, ref))
		}
	}
	for item := range root.Get("patchesStrategicMerge").Items() {
		c.add(dir, file, item, tree.Node{})
	}
	for _, field := range []string{"patches", "patchesJson6902"} {
		for item := range root.Get(field).Items() {
			at := item.Get("path")
			if at.Str() == "" {
				at = item.Get("patch")
			}
			c.add(dir, file, at, item.Get("target"))
		}
	}
}

// add takes in a patch: the name of a file, or its text.
func (c *patchCollector) add(dir, file string, at, target tree.Node) {
	text := at.Str()
	p := patch{file: file, kind: target.Get("kind").Str(), name: target.Get("name").Str()}
	if named, ok := c.files[path.Join(dir, text)]; ok && !strings.Contains(text, "\n") {
		p.file, text = path.Join(dir, text), string(named)
	} else {
		// The text of a block scalar begins on the line behind its mark.
		p.offset, _ = at.Pos()
		start, end := at.Span()
		last, _ := at.Doc().Position(max(end-1, start))
		p.flat = last == p.offset
	}
	for doc, err := range tree.Parse(text, tree.Limits{}) {
		if err != nil || !doc.Root().Exists() {
			continue
		}
		one := p
		one.root = doc.Root()
		if !target.Exists() {
			one.kind, one.name = one.root.Get("kind").Str(), regexp.QuoteMeta(one.root.At("metadata", "name").Text())
		}
		c.found = append(c.found, &one)
	}
}

// fits says whether a patch can be for an object, which its base may know by another name.
func (p *patch) fits(o *kube.Object, base tree.Node) bool {
	if p.kind != "" && p.kind != o.Kind {
		return false
	}
	if p.name == "" {
		return true
	}
	pattern, err := regexp.Compile("^(?:" + p.name + ")$")
	if err != nil {
		return false
	}
	return pattern.MatchString(o.Ref.Name) || pattern.MatchString(base.At("metadata", "name").Text())
}

// apply gives what patches wrote into an object the patches' lines.
func (m *mapper) apply(o *kube.Object, base tree.Node) {
	if m.all == nil {
		m.all = m.patches()
		if m.all == nil {
			m.all = []*patch{}
		}
	}
	for _, p := range m.all {
		if !p.fits(o, base) {
			continue
		}
		if p.root.Kind() == tree.List {
			for op := range p.root.Items() {
				m.operation(p, o.Root, op)
			}
			continue
		}
		m.merged(p, o.Root, p.root)
	}
}

// operation follows one operation of a JSON patch.
func (m *mapper) operation(p *patch, root, op tree.Node) {
	at := op.Get("path").Str()
	n := root.Lookup(at)
	if list, ok := strings.CutSuffix(at, "/-"); ok {
		for item := range root.Lookup(list).Items() {
			if same(item, op.Get("value")) {
				n = item
			}
		}
	}
	if value := op.Get("value"); n.Exists() && value.Exists() {
		m.merged(p, n, value)
	}
}

// merged walks a built value and what a patch says of it side by side. What the base did not have, or had
// otherwise, is the patch's.
func (m *mapper) merged(p *patch, n, from tree.Node) {
	base, based := m.bases[n.ID()]
	changed := !based || n.Kind() != tree.Map && n.Kind() != tree.List && n.Text() != base.Text()
	line, _ := n.KeyPos()
	first := changed && line < len(m.owner) && (m.owner[line] == nil || m.owner[line] == p) // no other patch began it
	switch {
	case n.Kind() == tree.Map && from.Kind() == tree.Map:
		if first {
			m.own(p, n, from)
		}
		for child := range n.Items() {
			if f := from.Get(child.Key()); f.Exists() {
				m.merged(p, child, f)
			}
		}
	case n.Kind() == tree.List && from.Kind() == tree.List:
		if first {
			m.own(p, n, from)
		}
		m.mergedItems(p, n, from)
	case changed && same(n, from):
		m.own(p, n, from)
	}
}

// mergedItems pairs the items of a built list and of a patch by their merge key, or by their text.
func (m *mapper) mergedItems(p *patch, n, from tree.Node) {
	i := slices.IndexFunc(mergeKeys[:], func(k string) bool { return from.First().Get(k).Exists() })
	key := ""
	if i >= 0 {
		key = mergeKeys[i]
	}
	for f := range from.Items() {
		id := identity(f, key)
		for item := range n.Items() {
			if id != "" && identity(item, key) == id || id == "" && n.Len() == from.Len() && item.Position() == f.Position() {
				m.merged(p, item, f)
				break
			}
		}
	}
}

// same says whether two scalars have the same text.
func same(a, b tree.Node) bool {
	if a.Kind() == tree.Map || a.Kind() == tree.List {
		return a.Kind() == b.Kind() && a.Len() == b.Len() && a.Get("name").Text() == b.Get("name").Text()
	}
	return a.Kind() == b.Kind() && a.Text() == b.Text()
}

// own gives the lines of a value to a patch.
func (m *mapper) own(p *patch, n, from tree.Node) {
	first, last := m.assign(n, p.line(from), m.fileIndex(p.file))
	for l := first; l <= last; l++ {
		m.owner[l] = p
	}
}

// fileIndex is a file's number in the provenance of lines; 0 is the base.
func (m *mapper) fileIndex(file string) uint16 {
	shown := m.shown("/" + file)
	i := slices.Index(m.prov.Files, shown)
	if i < 0 {
		if len(m.prov.Files) >= 1<<16-2 {
			return 0
		}
		m.prov.Files = append(m.prov.Files, shown)
		i = len(m.prov.Files) - 1
	}
	return uint16(i + 1)
}
