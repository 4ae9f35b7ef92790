// Package gobuild runs the Go tool for the end-to-end tests: it finds this module on disk, builds programs from it or
// from the product's module beside it, and says plainly why a build could not be had.
//
// It knows nothing of Kubernetes: package cluster decides which servers to build, package product builds bartizan.
package gobuild
