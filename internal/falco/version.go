package falco

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is a semantic version.
type Version struct{ Major, Minor, Patch int }

// EngineVersion is the version of Falco's rule engine whose language this package speaks.
func EngineVersion() Version { return Version{0, 63, 0} }

// PluginVersions are the versions of Falco's plugins whose fields are built in here.
func PluginVersions() map[string]Version {
	return map[string]Version{
		"k8saudit": {0, 18, 0}, "k8saudit-aks": {0, 6, 0}, "k8saudit-eks": {0, 12, 0}, "k8saudit-gke": {0, 9, 0}, "k8saudit-ovh": {0, 6, 0},
		"json": {0, 7, 0}, "container": {0, 4, 0},
	}
}

// String is the version as x.y.z.
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

func (v Version) compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
}

// serves says whether what is built in at v does what a file that requires w expects: the same major version, and
// not older.
func (v Version) serves(w Version) bool { return v.Major == w.Major && v.compare(w) >= 0 }

// ParseVersion reads x.y.z, with or without a pre-release or build suffix, which is left out.
func ParseVersion(s string) (v Version, ok bool) {
	core := s
	if i := strings.IndexAny(s, "-+"); i >= 0 {
		core = s[:i]
	}
	parts := strings.Split(core, ".")
	if len(parts) != 3 {
		return v, false
	}
	var n [3]int
	for i, p := range parts {
		x, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return v, false
		}
		n[i] = int(x)
	}
	return Version{n[0], n[1], n[2]}, true
}

// engineVersion reads required_engine_version: a number N is 0.N.0.
func engineVersion(s string) (Version, bool) {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return Version{0, int(n), 0}, true
	}
	return ParseVersion(s)
}
