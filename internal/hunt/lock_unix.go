//go:build unix

package hunt

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps a file for this process alone until it is closed.
func lock(f *os.File) error {
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return errors.New("another hunt is writing to it")
	}
	return nil
}
