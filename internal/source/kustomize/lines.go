package kustomize

import (
	"path"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// mapper finds for each line of the built text the line of the base file it came from. Base and built
// object are walked side by side; then what a patch changed or added is given the patch's file and line. What
// something else changed keeps the line of what it replaced, or has that of the map or list it was added to.
type mapper struct {
	k      Kustomization
	cache  string // the directory of what is remote, as to be shown
	text   string // all objects, one document each
	starts []int  // the first line of each object
	built  []built
	files  map[string][]byte
	docs   map[string][]tree.Node // parsed bases, objects in order
	taken  map[tree.Node]bool     // bases that an object was found for
	lines  []int32                // of text, from 1; shared by all objects, since each line belongs to one
	fileOf []uint16               // of lines, as in kube.Provenance
	owner  []*patch               // of lines; nil is the base
	bases  map[int]tree.Node      // of the object at hand: a built value -> its base
	prov   *kube.Provenance       // of the object at hand
	all    []*patch               // nil until they are asked for
}

func newMapper(k Kustomization, out response, files map[string][]byte) *mapper {
	m := &mapper{k: k, built: out.Objects, files: files, docs: map[string][]tree.Node{}, taken: map[tree.Node]bool{}}
	var b strings.Builder
	line := 1
	for _, o := range out.Objects {
		b.WriteString("---\n")
		line++
		m.starts = append(m.starts, line)
		b.WriteString(o.Text)
		line += strings.Count(o.Text, "\n")
	}
	m.text = b.String()
	m.lines, m.fileOf = make([]int32, line+1), make([]uint16, line+1)
	m.owner = make([]*patch, line+1)
	return m
}

// adopt sets where an object came from.
func (m *mapper) adopt(o *kube.Object) {
	rendered := o.Origin.Line
	i, found := slices.BinarySearch(m.starts, rendered)
	if !found {
		i--
	}
	kustomization := path.Join(m.k.Name, m.k.File)
	o.Origin.File, o.Origin.Line, o.Origin.Column, o.Origin.Rendered = kustomization, 0, 0, rendered
	o.Provenance = &kube.Provenance{Renderer: Name, Root: m.k.Name, File: kustomization, Lines: m.lines, FileOf: m.fileOf}
	m.bases, m.prov = map[int]tree.Node{}, o.Provenance
	if i < 0 || m.built[i].File == "" {
		return
	}
	b := m.built[i]
	if _, known := m.files[strings.TrimPrefix(b.File, "/")]; !known {
		return
	}
	o.Origin.File = m.shown(b.File)
	o.Provenance.File = o.Origin.File
	base := m.base(b, o)
	if !base.Exists() {
		return
	}
	o.Origin.Line, o.Origin.Column = base.Pos()
	if b.Generated {
		m.assign(o.Root, o.Origin.Line, 0)
		return
	}
	m.pair(o.Root, base)
	m.apply(o, base)
}

// shown is a path of the file system as the user would write it, seen from the kustomization's directory.
func (m *mapper) shown(file string) string {
	if in, ok := cached(file); ok {
		return path.Join(m.cache, in)
	}
	return path.Join(m.k.Name, relative("/"+m.k.Dir, file))
}

// relative is the path from one absolute directory to an absolute file.
func relative(dir, file string) string {
	dir, file = path.Clean(dir), path.Clean(file)
	up := ""
	for dir != "/" && !strings.HasPrefix(file, dir+"/") {
		dir = path.Dir(dir)
		up += "../"
	}
	return up + strings.TrimPrefix(strings.TrimPrefix(file, dir), "/")
}

// base finds the object in its base file that became o: of the same kind, with the name that is most of
// o's name. For a generated object it is the generator's entry in the kustomization file.
func (m *mapper) base(b built, o *kube.Object) tree.Node {
	var best tree.Node
	score := -1
	for _, n := range m.candidates(b) {
		name := n.At("metadata", "name").Text()
		s := 0
		if b.Generated {
			name = n.Get("name").Text()
		} else if n.Get("kind").Text() != o.Kind || m.taken[n] && name != o.Ref.Name {
			continue
		}
		switch {
		case name == o.Ref.Name:
			s = 1 << 20
		case name != "" && strings.Contains(o.Ref.Name, name):
			s = len(name)
		case b.Generated:
			continue
		}
		if s > score {
			best, score = n, s
		}
	}
	if best.Exists() {
		m.taken[best] = true
	}
	return best
}

// candidates are the objects of a base file, or the generators of a kustomization file.
func (m *mapper) candidates(b built) []tree.Node {
	name := strings.TrimPrefix(b.File, "/")
	if nodes, ok := m.docs[name]; ok {
		return nodes
	}
	var nodes []tree.Node
	for doc, err := range tree.Parse(string(m.files[name]), tree.Limits{}) {
		if err != nil {
			continue
		}
		if b.Generated {
			for _, field := range []string{"configMapGenerator", "secretGenerator"} {
				nodes = slices.AppendSeq(nodes, doc.Root().Get(field).Items())
			}
			continue
		}
		nodes = appendObjects(nodes, doc.Root(), 0)
	}
	m.docs[name] = nodes
	return nodes
}

// appendObjects adds an object, or the items of a list.
func appendObjects(nodes []tree.Node, n tree.Node, depth int) []tree.Node {
	if items := n.Get("items"); depth < 8 && strings.HasSuffix(n.Get("kind").Text(), "List") && items.Kind() == tree.List {
		for item := range items.Items() {
			nodes = appendObjects(nodes, item, depth+1)
		}
		return nodes
	}
	return append(nodes, n)
}

// assign gives every line of a value one line of a file: 0 is the base.
func (m *mapper) assign(n tree.Node, line int, file uint16) (first, last int) {
	start, end := n.Span()
	first, _ = n.Doc().Position(start)
	if n.HasKey() {
		first, _ = n.KeyPos()
	}
	last, _ = n.Doc().Position(max(end-1, start))
	last = min(last, len(m.lines)-1)
	for l := first; l <= last; l++ {
		m.lines[l], m.fileOf[l] = int32(line), file
	}
	return first, last
}

// pair walks a built value and its base side by side.
func (m *mapper) pair(n, base tree.Node) {
	line, _ := base.KeyPos()
	m.assign(n, line, 0)
	m.bases[n.ID()] = base
	switch n.Kind() {
	case tree.Map:
		if base.Kind() != tree.Map {
			return
		}
		m.pairEntries(n, base)
	case tree.List:
		if base.Kind() == tree.List {
			m.pairItems(n, base)
		}
	case tree.String:
		m.block(n, base)
	}
}

// fewKeys is up to how many keys a search through the list of them is faster than an index.
const fewKeys = 32

func (m *mapper) pairEntries(n, base tree.Node) {
	var index map[string]tree.Node
	if base.Len() > fewKeys {
		index = make(map[string]tree.Node, base.Len())
		for b := range base.Items() {
			index[b.Key()] = b
		}
	}
	for child := range n.Items() {
		b := index[child.Key()]
		if index == nil {
			b = base.Get(child.Key())
		}
		if b.Exists() {
			m.pair(child, b)
		}
	}
}

// block maps the lines of a block scalar that was not changed.
func (m *mapper) block(n, base tree.Node) {
	if n.Text() != base.Text() || !strings.Contains(n.Text(), "\n") {
		return
	}
	from, _ := n.Pos()
	to, _ := base.Pos()
	start, end := base.Span()
	if last, _ := base.Doc().Position(max(end-1, start)); last == to {
		return // quoted on one line
	}
	for i := range strings.Count(strings.TrimRight(n.Text(), "\n"), "\n") + 2 {
		if from+i < len(m.lines) && m.lines[from+i] != 0 {
			m.lines[from+i] = int32(to + i)
		}
	}
}

// mergeKeys are the fields by which kustomize, like the API server, knows the items of a list again.
var mergeKeys = [...]string{"name", "containerPort", "port", "mountPath", "devicePath", "ip", "topologyKey", "key", "type"}

// pairItems pairs the items of two lists: by merge key, else by equal text, else by place.
func (m *mapper) pairItems(n, base tree.Node) {
	key := ""
	for _, k := range mergeKeys {
		if first := n.First(); first.Get(k).Exists() && base.First().Get(k).Exists() {
			key = k
			break
		}
	}
	known := map[string]tree.Node{}
	for item := range base.Items() {
		if id := identity(item, key); id != "" {
			if _, twice := known[id]; !twice {
				known[id] = item
			}
		}
	}
	at := base.First()
	for item := range n.Items() {
		switch b, ok := known[identity(item, key)]; {
		case ok:
			m.pair(item, b)
		case key == "" && at.Exists() && n.Len() == base.Len():
			m.pair(item, at)
		}
		at = at.Next()
	}
}

// identity is what an item is known by; "" for none.
func identity(item tree.Node, key string) string {
	if item.Kind() == tree.Map {
		if key == "" {
			return ""
		}
		return "k" + item.Get(key).Text()
	}
	if item.Kind() == tree.List {
		return ""
	}
	return "s" + item.Text()
}
