package attack

import "github.com/bartizan-dev/bartizan/rule"

// DACOverride leads from a container that opens the node's files by handle and may write them to the node.
var DACOverride = rule.Edge(`
id: attack-dac-write
title: Write the node's files by handle with the capability DAC_READ_SEARCH
certainty: likely
cost: 2
maps: {attack: T1611}
why: |
  A file that was opened by its handle can be written where its permissions allow it: as root, whose files they are, or
  with DAC_OVERRIDE, which containers have by default. The termination log is always mounted writable, so a read-only root
  file system does not help. A line in a cron table or in root's authorized_keys makes the attacker root of the node.
detect: open_by_handle_at from a container, or a change of the node's cron tables or of authorized_keys
mitigate: drop DAC_READ_SEARCH
references:
  - https://man7.org/linux/man-pages/man2/open_by_handle_at.2.html
  - https://man7.org/linux/man-pages/man7/capabilities.7.html
-- yes/root.yaml --
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec:
  containers:
  - name: b
    image: b
    securityContext:
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
        add: [DAC_READ_SEARCH] # EVIDENCE
# EDGE Pod ops/backup -> Node (worker)
-- yes/override.yaml --
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec:
  containers:
  - {name: b, image: b, securityContext: {runAsUser: 1000, capabilities: {add: [DAC_READ_SEARCH]}}}
# EDGE Pod ops/backup -> Node (worker)
-- no/read-only.yaml --
# Neither root nor DAC_OVERRIDE: reading is all that is left.
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec:
  containers:
  - {name: b, image: b, securityContext: {runAsUser: 1000, capabilities: {drop: [ALL], add: [DAC_READ_SEARCH]}}}
# NO EDGE Pod ops/backup -> Node (worker)
-- no/sandbox.yaml --
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: ops}
spec:
  runtimeClassName: kata
  containers: [{name: b, image: b, securityContext: {capabilities: {add: [DAC_READ_SEARCH]}}}]
# NO EDGE Pod ops/backup -> Node (worker)
`, deriveDACOverride)

func deriveDACOverride(a *rule.Attack) {
	for c, s := range capable(a, "DAC_READ_SEARCH") {
		if c.Root || c.Cap("DAC_OVERRIDE") {
			s.Text = "writes a cron table of {to} by file handle from container " + c.Name
			onNodes(a, s.Pod, s.Step)
		}
	}
}
