package sandbox

import (
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dataLimit bounds all private writable memory, the runtime's own included, should the watch be too slow.
const dataLimit = 640 << 20

// confine gives up what the sub-process does not need. What the system refuses is left: the limits that
// matter do not depend on it.
func confine() {
	for resource, limit := range map[int]uint64{
		unix.RLIMIT_DATA: dataLimit, unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_NOFILE: 32,
	} {
		_ = unix.Setrlimit(resource, &unix.Rlimit{Cur: limit, Max: limit})
	}
	_ = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// cpuTime is what all threads of the process have used.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// executable is this very program, also when its file was replaced meanwhile.
func executable() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Readlink(self); err == nil {
		return self, nil
	}
	return os.Executable()
}

// isolate puts a command into a process group and a network of its own, which has not even a loopback
// address. attempt counts from 0; ok is false when there is no weaker form left to try.
func isolate(cmd *exec.Cmd, attempt int) (ok bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	switch {
	case attempt == 0 && os.Geteuid() == 0:
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	case attempt == 0:
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
	case attempt > 1:
		return false
	}
	return true
}

// killGroup ends the sub-process and whatever it may have started.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Process.Kill()
}
