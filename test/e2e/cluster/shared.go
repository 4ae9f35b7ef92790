package cluster

import (
	"context"
	"sync"
	"testing"
)

// Shared is one cluster for all tests of a package: the first that asks for it starts it, TestMain stops it. Tests
// that share must not disturb one another, so they work in namespaces of their own.
type Shared struct {
	profile Profile
	options []Option

	mu      sync.Mutex
	cluster *Cluster
	err     error
}

// Share describes a cluster to share. It starts nothing.
func Share(profile Profile, options ...Option) *Shared {
	return &Shared{profile: profile, options: options}
}

// Get returns the cluster, which is started when nobody has asked before.
func (s *Shared) Get(t testing.TB) *Cluster {
	t.Helper()
	binaries := Build(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil && s.err == nil {
		s.cluster, s.err = Launch(context.Background(), binaries, s.profile, s.options...)
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.cluster
}

// Stop stops the cluster if it was started. TestMain calls it when all tests are over.
func (s *Shared) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster != nil {
		s.cluster.Stop()
	}
}
