// Package path finds attack paths: how somebody who holds one thing (code running in a pod, a leaked token, nothing
// but the internet) comes to hold another (the whole cluster, a node, a Secret), which few changes end that, and that
// they do. It is a graph of steps: package rules/attack derives the attacks, this package the bookkeeping between
// them (bindings to roles, roles to rights, groups, sets and their members).
//
// It decides nothing about rights or packets itself: internal/grant and internal/reach do. It judges no single object:
// rules do that.
//
// [Build] makes a [Graph] of a World. [Graph.Trace] follows one source to one target, [Graph.List] finds and ranks the
// paths worth telling, [Graph.Cut] finds the smallest set of fixes and says how sure it is that none is smaller.
package path
