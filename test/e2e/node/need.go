package node

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// plugins is where Debian has the CNI plugins.
const plugins = "/usr/lib/cni"

// packages are Debian's, with a file of each that a node needs.
var packages = []struct{ name, file string }{
	{"containerd", "/usr/bin/containerd"},
	{"runc", "/usr/sbin/runc"},
	{"containernetworking-plugins", plugins + "/bridge"},
	{"iproute2", "/usr/sbin/ip"},
}

// possible says why there can be no node here. On CI it installs what is missing first.
func possible() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("a node needs root: run the tests of package node as root")
	}
	if _, err := os.Stat(filepath.Join(hierarchies, "memory")); err != nil {
		return fmt.Errorf("no control groups of version 1: %w", err)
	}
	if len(missing()) > 0 && os.Getenv("CI") == "true" {
		if err := install(missing()); err != nil {
			return err
		}
	}
	if names := missing(); len(names) > 0 {
		return fmt.Errorf("there is no %s: apt-get install --no-install-recommends %s; CI=true does it by itself", names[0], strings.Join(names, " "))
	}
	return nil
}

// missing are the packages that are not installed.
func missing() []string {
	var names []string
	for _, p := range packages {
		if _, err := os.Stat(p.file); err != nil {
			names = append(names, p.name)
		}
	}
	return names
}

func install(names []string) error {
	for _, args := range [][]string{{"update", "-qq"}, append([]string{"install", "-y", "-qq", "--no-install-recommends"}, names...)} {
		cmd := exec.Command("apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w: %.2000s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
