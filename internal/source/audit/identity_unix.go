//go:build unix

package audit

import (
	"os"
	"syscall"
)

// identity is a file's device and inode.
func identity(info os.FileInfo) (device, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), uint64(s.Ino) //nolint:unconvert // the types differ between systems
	}
	return 0, 0
}
