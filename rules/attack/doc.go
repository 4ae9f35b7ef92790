// Package attack holds the attack steps, one file each: every exported variable is a rule.Edge that derives steps
// from exact answers about rights, pods, admission and the network. How to add one is told in docs/path.md; paths are
// made of them in internal/path. Checks of single objects are no business of it: see the folders beside it.
package attack
