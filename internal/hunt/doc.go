// Package hunt looks at a running cluster from where an attacker would stand: on the network, or in a pod. It is a
// Source: it sends a few harmless requests to each service that it finds and emits what was answered as objects
// (APIServer, Kubelet, Etcd ...), which the rules of rules/hunt judge like any other object; a rule's parameter "ask"
// says which requests it needs. What did not answer becomes a Gap, never a pass.
//
// It only asks. What changes something is a Step of a Scope (scope.go, act.go): it is taken back, and every part of it
// stands in a Trail. Do not use this package to read a cluster with credentials: that is internal/source/cluster.
package hunt
