// Package node runs the tests of a package on a real Kubernetes node: containerd, runc and CNI plugins of the machine, and
// a kubelet built like the servers of package cluster, which start the pods of a real control plane.
//
// Everything lives in namespaces of its own (network, mounts, processes): [Main] starts the test binary once more inside
// of them. No address of the machine is reachable from there, and when the tests end, in whatever way, the kernel ends
// every process and takes away every mount, interface and address. It needs root, and Linux with cgroup version 1.
//
// Tests that need no pod are better off with package cluster alone, which needs no root and is ready sooner.
package node
