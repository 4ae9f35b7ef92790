//go:build !unix

package watch

import "os"

// lockFile opens a file; this system has no locks of the sort.
func lockFile(name string) (*os.File, error) { return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) }
