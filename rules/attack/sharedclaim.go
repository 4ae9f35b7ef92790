package attack

import (
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// SharedClaim leads from a pod that writes a shared volume to another pod that uses it.
var SharedClaim = rule.Edge(`
id: attack-shared-claim
title: Leave something for another pod in a shared volume
certainty: likely
cost: 8
maps: {attack: T1204.003}
why: |
  Pods that use the same PersistentVolumeClaim exchange what they write there: on different nodes if the claim is
  ReadWriteMany, on one node if it is ReadWriteOnce. Where one runs or loads what the other may write, the first takes over
  the second.
detect: files in the volume that belong to another user than the one who should write them
mitigate: give each workload a claim of its own, or mount read-only where nothing is written
references:
  - https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes
-- yes/many.yaml --
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: share, namespace: shop}
spec: {accessModes: [ReadWriteMany]}
---
apiVersion: v1
kind: Pod
metadata: {name: upload, namespace: shop}
spec:
  nodeName: n1
  containers: [{name: u, image: u, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes:
  - name: d
    persistentVolumeClaim:
      claimName: share # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: render, namespace: shop}
spec:
  nodeName: n2
  containers: [{name: r, image: r, volumeMounts: [{name: d, mountPath: /d, readOnly: true}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: share}}]
# EDGE Pod shop/upload -> Pod shop/render
# NO EDGE Pod shop/render -> Pod shop/upload
-- yes/one-node.yaml --
apiVersion: v1
kind: Pod
metadata: {name: upload, namespace: shop}
spec:
  nodeName: n1
  containers: [{name: u, image: u, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: share}}]
---
apiVersion: v1
kind: Pod
metadata: {name: render, namespace: shop}
spec:
  nodeName: n1
  containers: [{name: r, image: r, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: share}}]
# EDGE Pod shop/upload -> Pod shop/render
-- no/other-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: upload, namespace: shop}
spec:
  containers: [{name: u, image: u, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: share}}]
---
apiVersion: v1
kind: Pod
metadata: {name: render, namespace: blog}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: share}}]
# NO EDGE Pod shop/upload -> Pod blog/render
-- no/one-pod.yaml --
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: share, namespace: shop}
spec: {accessModes: [ReadWriteOncePod]}
---
apiVersion: v1
kind: Pod
metadata: {name: upload, namespace: shop}
spec:
  containers: [{name: u, image: u, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: share}}]
---
apiVersion: v1
kind: Pod
metadata: {name: render, namespace: shop}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: share}}]
# NO EDGE Pod shop/upload -> Pod shop/render
`, deriveSharedClaim)

// claimed is a claim that a container mounts.
type claimed struct {
	pod       *rule.Pod
	container *rule.Container
	mount     *rule.Mount
	writes    bool
}

func deriveSharedClaim(a *rule.Attack) {
	uses := map[bartizan.Ref][]claimed{}
	var order []bartizan.Ref
	for p, c := range a.Containers() {
		for i := range c.Mounts {
			m := &c.Mounts[i]
			source := m.Volume.Get("persistentVolumeClaim")
			name := source.Get("claimName").Str()
			if name == "" {
				continue
			}
			claim := bartizan.Ref{Kind: "PersistentVolumeClaim", Namespace: p.Ref.Namespace, Name: name}
			if uses[claim] == nil {
				order = append(order, claim)
			}
			readOnly, _ := source.Get("readOnly").Bool()
			uses[claim] = append(uses[claim], claimed{p, c, m, !readOnly && !m.ReadOnly})
		}
	}
	for _, claim := range order {
		modes := accessModes(a.World, claim)
		if slices.Contains(modes, "ReadWriteOncePod") {
			continue
		}
		for _, from := range uses[claim] {
			for _, to := range uses[claim] {
				if from.writes && from.pod != to.pod && (slices.Contains(modes, "ReadWriteMany") || meet(from.pod, to.pod)) {
					from.leaves(a, &to, claim)
				}
			}
		}
	}
}

// leaves reports the step from one pod to another that uses the same claim.
func (c *claimed) leaves(a *rule.Attack, to *claimed, claim bartizan.Ref) {
	at := func(x *claimed) tree.Node { return x.mount.Volume.At("persistentVolumeClaim", "claimName") }
	a.Step(rule.Step{
		From: c.pod.Vertex(), To: to.pod.Ref, Text: "leaves something for {to} in the volume " + claim.Name,
		Why: append(c.pod.Why(at(c)), to.pod.Why(at(to))...),
		Fixes: []rule.Fix{
			c.container.MountReadOnly(c.pod, c.mount), c.container.Unmount(c.pod, c.mount), to.container.Unmount(to.pod, to.mount),
		},
	})
}

// accessModes are those that a claim asks for, as far as it was read.
func accessModes(w bartizan.World, claim bartizan.Ref) (modes []string) {
	e, ok := w.Get(claim)
	if !ok {
		return nil
	}
	if o, ok := e.Value.(*kube.Object); ok {
		for m := range o.Root.At("spec", "accessModes").Items() {
			modes = append(modes, m.Str())
		}
	}
	return modes
}
