//go:build unix

package watch

import (
	"errors"
	"os"
	"syscall"
)

// lockFile opens a file that only one process can have open in this way.
func lockFile(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, errors.New("another process uses it: give each its own directory")
	}
	return file, nil
}
