package rule

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is a Kubernetes minor version.
type Version struct{ Major, Minor int }

// Latest is the newest Kubernetes version that the built-in rules know.
var Latest = Version{1, 37}

// Less orders versions.
func (v Version) Less(w Version) bool {
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}

// String writes a version as in "1.36".
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// ParseVersion reads "1.36", "v1.36", "v1.36.3" or "latest".
func ParseVersion(s string) (Version, error) {
	if s == "latest" {
		return Latest, nil
	}
	parts := strings.Split(strings.TrimPrefix(s, "v"), ".")
	if len(parts) >= 2 {
		major, err1 := strconv.Atoi(parts[0])
		minor, err2 := strconv.Atoi(strings.TrimRight(parts[1], "+"))
		if err1 == nil && err2 == nil && major == 1 && minor >= 0 {
			return Version{major, minor}, nil
		}
	}
	return Version{}, fmt.Errorf("%q is not a Kubernetes version: write it like 1.36", s)
}
