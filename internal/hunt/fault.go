package hunt

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

//go:embed faults.yaml
var faultsText string

// fault is a published fault in a version of a service.
type fault struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// faultsOf lists the faults of a service's version; none for a version that cannot be read.
func faultsOf(service, version string) []fault {
	found := []fault{}
	v, ok := numbers(version)
	if !ok {
		return found
	}
	for doc, err := range tree.Parse(faultsText, tree.DefaultLimits()) {
		if err != nil {
			panic("internal/hunt/faults.yaml: " + err.Error()) // it is part of the program
		}
		for n := range doc.Root().Items() {
			if n.Get("service").Str() == service && affects(n.Get("affected"), v) {
				found = append(found, fault{n.Get("id").Str(), n.Get("title").Str()})
			}
		}
	}
	return found
}

func affects(ranges tree.Node, v [3]int) bool {
	for r := range ranges.Items() {
		from, to, _ := strings.Cut(r.Str(), " ")
		first, _ := numbers(from)
		mended, ok := numbers(to)
		if ok && compare(v, first) >= 0 && compare(v, mended) < 0 {
			return true
		}
	}
	return false
}

// numbers reads "v1.27.3-eks-1". A pre-release is taken for the release.
func numbers(version string) (out [3]int, ok bool) {
	version = strings.TrimPrefix(version, "v")
	if end := strings.IndexFunc(version, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); end >= 0 {
		version = version[:end]
	}
	parts := strings.Split(version, ".")
	for i := range out {
		if i >= len(parts) {
			break
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return out, false
		}
		out[i] = n
	}
	return out, true
}

func compare(a, b [3]int) int {
	for i := range a {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}

// versionIn finds the version that an answer tells: in /version of Kubernetes and of etcd, and in metrics.
func versionIn(w *Answer, metrics string) string {
	for _, v := range []string{w.text("gitVersion"), w.text("etcdserver")} {
		if v != "" {
			return plainText(v, 60)
		}
	}
	_, rest, ok := strings.Cut(metrics, `git_version="`)
	if v, _, found := strings.Cut(rest, `"`); ok && found {
		if _, known := numbers(v); known {
			return plainText(v, 60)
		}
	}
	return ""
}
