// Package cluster starts a real Kubernetes control plane for tests: etcd, kube-apiserver and, when asked,
// kube-controller-manager, built from Go modules and run as processes on the loopback address, with their own keys,
// flags and files, so that what a test sees is what an administrator sees.
//
// [Start] gives a test a cluster of its own, [Share] one cluster to all tests of a package. [Cluster.Admit] asks the
// API server for its verdict on an object without storing it; [Cluster.User] makes credentials for anybody.
//
// There are no nodes here, so nothing ever runs: do not use it for what needs a container. It drives no part of the
// product either; package product does that.
package cluster
