package attack

import (
	"path"
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// HostPathHome leads from a pod that writes a home folder of the node to the node.
var HostPathHome = rule.Edge(`
id: attack-host-path-home
title: Leave an SSH key in a home folder of the node through a writable mount
certainty: likely
cost: 3
maps: {attack: [T1611, T1552.004], ms-matrix: MS-TA9013}
why: |
  A line in /root/.ssh/authorized_keys opens the node to whoever reaches its SSH server, and one in a shell profile runs
  when somebody logs in. In the homes of other users it takes one of them who may use sudo.
detect: changes of authorized_keys or of shell profiles on the node
mitigate: do not mount home folders; keep data in a folder of its own
references:
  - https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
  - https://man7.org/linux/man-pages/man8/sshd.8.html
-- yes/root.yaml --
apiVersion: v1
kind: Pod
metadata: {name: dev, namespace: ci}
spec:
  containers: [{name: d, image: d, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes:
  - name: h
    hostPath:
      path: /root # EVIDENCE
# EDGE Pod ci/dev -> Node (worker)
-- yes/user.yaml --
apiVersion: v1
kind: Pod
metadata: {name: dev, namespace: ci}
spec:
  containers: [{name: d, image: d, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes: [{name: h, hostPath: {path: /home/ubuntu/}}]
# EDGE Pod ci/dev -> Node (worker)
-- no/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: dev, namespace: ci}
spec:
  containers: [{name: d, image: d, volumeMounts: [{name: h, mountPath: /h, readOnly: true}]}]
  volumes: [{name: h, hostPath: {path: /root/.ssh}}]
# NO EDGE Pod ci/dev -> Node (worker)
-- no/below.yaml --
apiVersion: v1
kind: Pod
metadata: {name: dev, namespace: ci}
spec:
  containers: [{name: d, image: d, volumeMounts: [{name: h, mountPath: /h, subPath: ubuntu/data/src}]}]
  volumes: [{name: h, hostPath: {path: /home}}]
# NO EDGE Pod ci/dev -> Node (worker)
`, deriveHostPathHome)

var (
	rootHome  = hostPaths{whole: []string{"/root"}, parts: []string{"/root/.ssh"}, write: true, because: "leaves an SSH key for root of {to}"}
	userHomes = hostPaths{parts: []string{"/home"}, write: true, because: "leaves an SSH key for a user of {to}"}
)

func deriveHostPathHome(a *rule.Attack) {
	for s := range rootHome.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
	for s := range userHomes.in(a) {
		if !isHome(s.Shown) {
			continue
		}
		s.More += 3
		onNodes(a, s.Pod, s.Step)
	}
}

// isHome says whether a path shows a home folder, or the folder of its SSH keys, and not only what lies in one.
func isHome(shown string) bool {
	depth := strings.Count(shown, "/")
	return above(shown, "/home") || depth == 2 || depth == 3 && path.Base(shown) == ".ssh"
}
