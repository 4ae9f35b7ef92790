// Package suggest writes NetworkPolicy objects that allow what was observed and nothing else: Read reads records of
// flows (our own or Hubble's), New makes at most one policy for each workload and proves the result with
// internal/reach. It is pure; it does not watch traffic, and it knows of no policies but NetworkPolicy. Whether a
// connection is allowed is the business of internal/reach; begin with New.
package suggest
