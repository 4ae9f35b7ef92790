package house

import (
	"sort"
	"strings"
	"testing"
)

// layers says on which layer each package stands; a package imports only packages of lower layers. The
// fractions of DESIGN.md's L1 and L3 are spelt out here: the document tree and the expression language lie
// below the rules and the normal forms.
var layers = []struct {
	prefix string
	layer  int
}{
	{".", 0},
	{"internal/tree", 10},
	{"internal/expr/celref", 13},
	{"internal/expr", 12},
	{"rule/ruletest", 45},
	{"rules/gen", 60},
	{"rules/", 20},
	{"rules", 25},
	{"rule", 15},
	{"frameworks", 25},
	{"internal/kube", 15},
	{"internal/event", 15},
	{"internal/world", 20},
	{"internal/edit", 15},
	{"internal/archive", 15},
	{"internal/spell", 5},
	{"internal/document", 20},
	{"internal/engine", 30},
	{"internal/grant", 32},
	{"internal/falco", 32},
	{"internal/reach", 32},
	{"internal/detect", 34},
	{"internal/alert", 35},
	{"internal/hunt", 42},
	{"internal/watch", 50},
	{"internal/path", 35},
	{"internal/joined", 36},
	{"internal/policy", 32},
	{"internal/triage", 30},
	{"internal/export", 34},
	{"internal/sandbox", 38},
	{"internal/source/", 40},
	{"internal/sink", 40},
	{"internal/act/", 40},
	{"internal/store", 40},
	{"internal/scan", 50},
	{"internal/clustergen", 20},
	{"cmd/", 60},
	{"internal/house", 100},
	{"internal/deps", 100},
	{"examples", 100},
}

func layer(dir string) (int, bool) {
	for _, l := range layers {
		if dir == strings.TrimSuffix(l.prefix, "/") || l.prefix != "." && strings.HasPrefix(dir, strings.TrimSuffix(l.prefix, "/")+"/") {
			return l.layer, true
		}
	}
	return 0, false
}

func TestLayers(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.dir, "test/") {
			continue
		}
		own, ok := layer(s.dir)
		if !ok {
			t.Errorf("%s: package %s stands on no layer: add it to the table in internal/house/layers_test.go", s.path, s.dir)
			continue
		}
		for _, path := range s.imports() {
			rel, inside := strings.CutPrefix(path, module)
			if !inside {
				continue
			}
			dir := strings.TrimPrefix(rel, "/")
			if dir == "" {
				dir = "."
			}
			below, _ := layer(dir)
			if below > own || below == own && !strings.HasPrefix(dir, s.dir+"/") && !strings.HasPrefix(s.dir, dir+"/") {
				t.Errorf("%s (layer %d) imports %s (layer %d): a layer imports only layers below it", s.path, own, dir, below)
			}
		}
	}
}

// impure are the packages that nothing up to layer 34 may import: these layers are pure.
var impure = map[string]string{
	"net/http": "the engine has no network", "os": "the engine has no files", "log/slog": "the engine does not log",
	"os/exec": "the engine starts no programs", "net": "the engine has no network",
}

func TestPurity(t *testing.T) {
	for _, s := range sources(t) {
		own, _ := layer(s.dir)
		if s.test || own >= 36 || strings.HasPrefix(s.dir, "test/") {
			continue
		}
		for _, path := range s.imports() {
			if why, bad := impure[path]; bad {
				t.Errorf("%s imports %s: %s", s.path, path, why)
			}
			if strings.HasPrefix(path, "k8s.io/client-go") {
				t.Errorf("%s imports %s: only sources talk to a cluster", s.path, path)
			}
		}
		for _, call := range calls(s) {
			if call.name == "time.Now" {
				t.Errorf("%s calls time.Now: take the time from the caller", call.at)
			}
		}
	}
}

func TestImportDepth(t *testing.T) {
	imports := map[string]map[string]bool{}
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.dir, "test/") {
			continue
		}
		if imports[s.dir] == nil {
			imports[s.dir] = map[string]bool{}
		}
		for _, path := range s.imports() {
			if rel, ok := strings.CutPrefix(path, module+"/"); ok {
				imports[s.dir][rel] = true
			} else if path == module {
				imports[s.dir]["."] = true
			}
		}
	}
	var depth func(dir string) (int, []string)
	depth = func(dir string) (int, []string) {
		best, chain := 0, []string(nil)
		deps := make([]string, 0, len(imports[dir]))
		for d := range imports[dir] {
			deps = append(deps, d)
		}
		sort.Strings(deps)
		for _, d := range deps {
			if n, c := depth(d); n > best {
				best, chain = n, c
			}
		}
		return best + 1, append([]string{dir}, chain...)
	}
	for dir := range imports {
		if n, chain := depth(dir); n > 9 {
			t.Errorf("import chain of %d packages, at most 9: %s", n, strings.Join(chain, " -> "))
		}
	}
}
