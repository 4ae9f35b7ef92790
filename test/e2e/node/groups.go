package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// groups are the control groups below which the kubelet makes those of pods, one in each hierarchy. They are all of a node
// that outlives its namespaces.
type groups struct{ name string }

const (
	hierarchies = "/sys/fs/cgroup"
	groupPrefix = "bartizan-e2e-"
)

// newGroups makes the groups, named by this process. On the way it removes those of processes that were killed.
func newGroups() (groups, error) {
	left, err := filepath.Glob(filepath.Join(hierarchies, "*", groupPrefix+"*"))
	if err != nil {
		return groups{}, fmt.Errorf("looking for left-over control groups: %w", err)
	}
	for _, dir := range left {
		name := filepath.Base(dir)
		pid := strings.TrimPrefix(name, groupPrefix)
		if _, err := os.Stat("/proc/" + pid); errors.Is(err, os.ErrNotExist) {
			groups{name}.remove()
		}
	}
	g := groups{groupPrefix + strconv.Itoa(os.Getpid())}
	dirs, err := g.dirs()
	if err != nil {
		return g, err
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return g, fmt.Errorf("making a control group: %w", err)
		}
		if filepath.Base(filepath.Dir(dir)) != "cpuset" {
			continue
		}
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			text, err := os.ReadFile(filepath.Join(filepath.Dir(dir), file))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, file), text, 0o644)
			}
			if err != nil {
				return g, fmt.Errorf("giving a control group its processors: %w", err)
			}
		}
	}
	return g, nil
}

// dirs are the groups' directories.
func (g groups) dirs() ([]string, error) {
	all, err := os.ReadDir(hierarchies)
	if err != nil {
		return nil, fmt.Errorf("looking for control groups: %w", err)
	}
	var dirs []string
	for _, h := range all {
		if h.IsDir() {
			dirs = append(dirs, filepath.Join(hierarchies, h.Name(), g.name))
		}
	}
	return dirs, nil
}

// remove removes the groups, innermost first; those of processes that are just ending need a moment.
func (g groups) remove() {
	dirs, err := g.dirs()
	if err != nil {
		return
	}
	for _, dir := range dirs {
		for range 30 {
			if err := removeTree(dir); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// removeTree removes the directories, whose files are the kernel's and go with them.
func removeTree(dir string) error {
	below, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range below {
		if d.IsDir() {
			if err := removeTree(filepath.Join(dir, d.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}
