// Package watch attacks a real kube-apiserver as somebody with a plain client would, and sees what bartizan watch says of
// it: from the audit log as a file and by webhook, with the identity, the object and the rule, and in time. A load of
// ordinary users and controllers raises nothing. The tests need no node: what an attacker asks of the API server is
// recorded whether or not a kubelet answers.
package watch
