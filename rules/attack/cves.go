package attack

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

//go:embed cves.yaml
var cvesText string

// cve is a fault in software, as cves.yaml describes it.
type cve struct {
	id, title, component, from, advisory, source string
	affected                                     []versions
	needs                                        []string
	more, port                                   int
}

// versions are those from one on, up to the first that is not among them.
type versions struct{ from, to string }

// cvesFrom lists the faults that begin in one way: "pod", "create" or "network".
func cvesFrom(from string) (out []cve) {
	for doc, err := range tree.Parse(cvesText, tree.DefaultLimits()) {
		if err != nil {
			panic("rules/attack/cves.yaml: " + err.Error()) // it is part of the program
		}
		for n := range doc.Root().Items() {
			if n.Get("from").Str() == from {
				out = append(out, readCVE(n))
			}
		}
	}
	return out
}

func readCVE(n tree.Node) cve {
	c := cve{id: n.Get("id").Str(), title: n.Get("title").Str(), component: n.Get("component").Str(), from: n.Get("from").Str(), advisory: n.Get("advisory").Str(), source: n.Get("source").Str()}
	for v := range n.Get("affected").Items() {
		from, to, _ := strings.Cut(v.Str(), " ")
		c.affected = append(c.affected, versions{from, to})
	}
	for need := range n.Get("needs").Items() {
		c.needs = append(c.needs, need.Str())
	}
	more, _ := n.Get("cost").Int()
	port, _ := n.Get("port").Int()
	c.more, c.port = int(more), int(port)
	return c
}

// affects says whether a version is among those with the fault. A version that cannot be read is not.
func (c *cve) affects(version string) bool {
	v, ok := numbers(version)
	if !ok {
		return false
	}
	for _, r := range c.affected {
		from, _ := numbers(r.from)
		to, _ := numbers(r.to)
		if !before(v, from) && before(v, to) {
			return true
		}
	}
	return false
}

// numbers reads the first three numbers of a version such as "v1.27.3-eks-1" or "5.10.0-21-amd64".
func numbers(version string) (out [3]int, ok bool) {
	version = strings.TrimPrefix(version, "v")
	if end := strings.IndexFunc(version, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); end >= 0 {
		version = version[:end]
	}
	for i, part := range strings.Split(version, ".") {
		if i == len(out) {
			break
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return out, false
		}
		out[i] = n
	}
	return out, true
}

// patched says whether a version is that of a distribution, which repairs faults without a new number: there is more behind
// the numbers than the name of a version before the release.
func patched(version string) bool {
	i := strings.IndexAny(version, "-+~")
	if i < 0 {
		return false
	}
	for _, before := range []string{"rc", "alpha", "beta"} {
		if strings.HasPrefix(version[i+1:], before) {
			return false
		}
	}
	return true
}

func before(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}
