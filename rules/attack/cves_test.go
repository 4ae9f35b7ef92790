package attack

import (
	"slices"
	"strings"
	"testing"
)

// TestCVEs checks that the table of faults says only what the edges understand.
func TestCVEs(t *testing.T) {
	needs := []string{"root", "host-network", "sub-path", "unconfined", "no-armour", "net-admin-or-unconfined", "windows"}
	seen := map[string]bool{}
	total := 0
	for _, from := range []string{"pod", "create", "network"} {
		for _, c := range cvesFrom(from) {
			total++
			if !strings.HasPrefix(c.id, "CVE-") || c.title == "" || c.component == "" || seen[c.id] {
				t.Errorf("%+v is incomplete or there twice", c)
			}
			seen[c.id] = true
			if !strings.HasPrefix(c.source, "https://") || c.advisory == "" {
				t.Errorf("%s: it is not said where its versions are from, and by what name", c.id)
			}
			if (c.port > 0) != (from == "network") {
				t.Errorf("%s: a port belongs to a fault of the network", c.id)
			}
			for _, need := range c.needs {
				if !slices.Contains(needs, need) {
					t.Errorf("%s needs %q, which no edge looks at", c.id, need)
				}
			}
			for i, r := range c.affected {
				a, ok1 := numbers(r.from)
				b, ok2 := numbers(r.to)
				if !ok1 || !ok2 || !before(a, b) {
					t.Errorf("%s: %q to %q is no range", c.id, r.from, r.to)
				}
				if i > 0 {
					if last, _ := numbers(c.affected[i-1].to); before(a, last) {
						t.Errorf("%s: ranges overlap at %s", c.id, r.from)
					}
				}
				if c.affects(r.to) || r.from != "0" && !c.affects(r.from) {
					t.Errorf("%s: the bounds of %q to %q are wrong", c.id, r.from, r.to)
				}
			}
		}
	}
	if total != strings.Count(cvesText, "- id: ") {
		t.Errorf("%d of %d faults are read: from must be pod, create or network", total, strings.Count(cvesText, "- id: "))
	}
}

// TestAffects reads versions as nodes and images report them.
func TestAffects(t *testing.T) {
	c := cve{affected: []versions{{"0", "1.3.9"}, {"1.4.0", "1.4.3"}}}
	for version, want := range map[string]bool{
		"1.3.8": true, "v1.3.8": true, "1.3.9": false, "1.4.2-gke.1": true, "1.4.2+k3s1": true, "1.4": true, "1.4.3": false, "1.3.10": false,
		"2": false, "": false, "latest": false, "v": false, "1..2": false, "1.4.2.9": true, "99999999999999999999.1": false, "-1": false,
	} {
		if got := c.affects(version); got != want {
			t.Errorf("affects(%q) is %v", version, got)
		}
	}
}

// TestPatched tells the versions of distributions from upstream's.
func TestPatched(t *testing.T) {
	for version, want := range map[string]bool{
		"5.15.10": false, "5.15.0-91-generic": true, "5.14.0-570.el9": true, "v1.27.3": false, "v1.27.3-eks-a5565ad": true, "1.4.2+k3s1": true,
		"1.6.8~ds1": true, "6.7.0-rc2": false, "v1.30.0-beta.0": false, "": false,
	} {
		if got := patched(version); got != want {
			t.Errorf("patched(%q) is %v", version, got)
		}
	}
}

// TestHostPathHelpers checks what lies above what.
func TestHostPathHelpers(t *testing.T) {
	for _, x := range []struct {
		folder, file string
		want         bool
	}{
		{"/", "/etc", true}, {"/etc", "/etc", true}, {"/etc", "/etc/cron.d", true}, {"/et", "/etc", false}, {"/etc/cron", "/etc/cron.d", false},
		{"/etc/cron.d", "/etc", false},
	} {
		if got := above(x.folder, x.file); got != x.want {
			t.Errorf("above(%s, %s) is %v", x.folder, x.file, got)
		}
	}
	if !submount("/", "/proc/sys") || submount("/proc", "/proc/sys") || submount("/", "/etc") {
		t.Error("/proc is a file system of its own below /, and nothing below itself")
	}
}
