//go:build !linux

package sandbox

import "os/exec"

func isolated(*exec.Cmd) bool { return false }
