package sandbox

import (
	"os/exec"
	"syscall"
)

func isolated(cmd *exec.Cmd) bool { return cmd.SysProcAttr.Cloneflags&syscall.CLONE_NEWNET != 0 }
