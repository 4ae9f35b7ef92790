//go:build !unix

package hunt

import "os"

// lock does nothing: this system has no locks of the sort.
func lock(*os.File) error { return nil }
