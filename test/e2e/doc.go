// Package e2e holds the end-to-end tests, and no code: they start real Kubernetes control planes (package cluster) and
// the built bartizan binary (package product). README.md says how to run them and how to add one.
package e2e
