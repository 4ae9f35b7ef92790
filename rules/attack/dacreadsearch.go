package attack

import "github.com/bartizan-dev/bartizan/rule"

// DACReadSearch leads from a container with CAP_DAC_READ_SEARCH to the node's kubelet key.
var DACReadSearch = rule.Edge(`
id: attack-dac-read-search
title: Read the node's files by handle with the capability DAC_READ_SEARCH
certainty: likely
cost: 1
maps: {attack: [T1611, T1552.004]}
why: |
  open_by_handle_at opens any file of a file system of which the container has a part mounted, and every container has:
  /etc/hosts and the termination log lie on the node's disk. It only asks for DAC_READ_SEARCH, and the runtime's seccomp
  profile lets it through to who has that. So the kubelet's private key is read, and with it its rights are taken.
detect: open_by_handle_at from a container
mitigate: drop DAC_READ_SEARCH
references:
  - https://man7.org/linux/man-pages/man2/open_by_handle_at.2.html
-- yes/backup.yaml --
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec:
  containers:
  - name: b
    image: b
    securityContext:
      capabilities:
        add: [DAC_READ_SEARCH] # EVIDENCE
# EDGE Pod ops/backup -> User system:node:(worker)
# NO EDGE Pod ops/backup -> Node (worker)
-- yes/node.yaml --
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec:
  nodeName: n1
  containers: [{name: b, image: b, securityContext: {capabilities: {add: [CAP_DAC_READ_SEARCH]}}}]
# EDGE Pod ops/backup -> User system:node:n1
-- no/default.yaml --
# DAC_OVERRIDE, which every container has by default, does not open files by handle.
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec:
  containers: [{name: b, image: b, securityContext: {capabilities: {add: [DAC_OVERRIDE]}}}]
# NO EDGE Pod ops/backup -> User system:node:(worker)
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec:
  hostUsers: false
  containers: [{name: b, image: b, securityContext: {capabilities: {add: [DAC_READ_SEARCH]}}}]
# NO EDGE Pod ops/backup -> User system:node:(worker)
`, deriveDACReadSearch)

func deriveDACReadSearch(a *rule.Attack) {
	for c, s := range capable(a, "DAC_READ_SEARCH") {
		s.Text = "reads the kubelet's key by file handle from container " + c.Name
		for _, n := range s.Pod.Nodes {
			s.To = rule.NodeUser(n.Name)
			a.Step(s.Step)
		}
	}
}
