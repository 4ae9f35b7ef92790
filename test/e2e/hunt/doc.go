// Package hunt hunts real servers with the bartizan binary: a control plane that is hardened and one that is weak, and
// kubelets' own servers in front of a node that does not exist. The weak ones must yield every finding that they
// deserve, the hardened ones none, and nothing may be left behind.
package hunt
