//go:build !unix

package notify

import "os"

// lockFile opens a file; here nothing keeps another process from doing so, too.
func lockFile(name string) (*os.File, error) { return os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600) }
