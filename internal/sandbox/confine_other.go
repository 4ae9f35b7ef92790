//go:build !linux

package sandbox

import (
	"os"
	"os/exec"
	"time"
)

// confine has nothing to give up here: time, memory and output are bounded all the same.
func confine() {}

var started = time.Now()

// cpuTime is the time since the start: more than what was used, so the limit is the stricter one.
func cpuTime() time.Duration { return time.Since(started) }

func executable() (string, error) { return os.Executable() }

func isolate(_ *exec.Cmd, attempt int) (ok bool) { return attempt == 0 }

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
