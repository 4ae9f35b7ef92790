package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The name pattern of the directories that clusters run in, and the file in each that its owner keeps locked.
const (
	runPattern = "bartizan-e2e-*"
	ownerFile  = "owner.lock"
)

// lockFile locks a file, waiting while another process holds it. The lock lasts until the file is closed or this
// process ends in whatever way.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	for {
		file, err := tryLock(path)
		if err != nil || file != nil {
			return file, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another process that holds %s: %w", path, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// tryLock is lockFile without the wait: it returns nil when another process holds the lock.
func tryLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening a lock file: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("locking %s: %w", path, err)
}

// newRunDirectory makes the directory that one cluster lives in, owned until the lock is closed. On the way it
// removes those of test binaries that were killed: nobody holds their locks any more.
func newRunDirectory() (string, *os.File, error) {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), runPattern, ownerFile))
	if err != nil {
		return "", nil, fmt.Errorf("looking for left-over clusters: %w", err)
	}
	for _, owner := range left {
		removeAbandoned(owner)
	}
	dir, err := os.MkdirTemp("", runPattern)
	if err != nil {
		return "", nil, fmt.Errorf("making a directory for the cluster: %w; set TMPDIR to a writable place", err)
	}
	lock, err := tryLock(filepath.Join(dir, ownerFile))
	return dir, lock, err
}

// removeAbandoned removes the directory around an owner file that is not locked. A fresh file may be about to be
// locked, so it is left alone; what cannot be removed belongs to somebody else.
func removeAbandoned(owner string) {
	info, err := os.Stat(owner)
	if err != nil || time.Since(info.ModTime()) < time.Minute {
		return
	}
	if lock, err := tryLock(owner); err == nil && lock != nil {
		os.RemoveAll(filepath.Dir(owner))
		lock.Close()
	}
}
