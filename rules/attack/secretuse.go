package attack

import (
	"strconv"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// SecretUse leads from a pod to the Secrets that it is given.
var SecretUse = rule.Edge(`
id: attack-secret-in-pod
title: Read the Secrets that a pod is given
certainty: certain
cost: 0
maps: {attack: T1552.007}
why: |
  A Secret that is mounted in a container or put into its environment is open to whoever runs code in it. What only an
  init container got is gone with it.
detect: nothing shows it; use of the credentials from elsewhere does
mitigate: give the pod only the keys that it needs, and credentials that end soon
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/
-- yes/mounted.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: web, image: web, volumeMounts: [{name: tls, mountPath: /tls}, {name: all, mountPath: /all}]}]
  volumes:
  - name: tls
    secret:
      secretName: tls # EVIDENCE
  - name: all
    projected: {sources: [{secret: {name: db}}]}
# EDGE Pod shop/web -> Secret shop/tls
# EDGE Pod shop/web -> Secret shop/db
-- yes/environment.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers:
      - name: web
        image: web
        env:
        - {name: MODE, value: fast}
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {name: db, key: password} # EVIDENCE
        envFrom: [{secretRef: {name: more}}]
# EDGE Deployment shop/web -> Secret shop/db
# EDGE Deployment shop/web -> Secret shop/more
-- no/init.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  initContainers: [{name: fetch, image: f, envFrom: [{secretRef: {name: git}}], volumeMounts: [{name: s, mountPath: /s}]}]
  containers: [{name: web, image: web}]
  volumes: [{name: s, secret: {secretName: key}}]
# NO EDGE Pod shop/web -> Secret shop/git
# NO EDGE Pod shop/web -> Secret shop/key
-- no/pull.yaml --
# What the kubelet pulls the image with never enters the pod.
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  imagePullSecrets: [{name: registry}]
  containers: [{name: web, image: web, envFrom: [{configMapRef: {name: settings}}]}]
# NO EDGE Pod shop/web -> Secret shop/registry
# NO EDGE Pod shop/web -> Secret shop/settings
`, deriveSecretUse)

func deriveSecretUse(a *rule.Attack) {
	for p, c := range a.Containers() {
		for i := range c.Mounts {
			m := &c.Mounts[i]
			for _, name := range secretsOf(m.Volume) {
				a.Step(rule.Step{
					From: p.Vertex(), To: secretRef(p, name.Str()), Text: "reads {to}, which is mounted in container " + c.Name,
					Why: p.Why(name), Fixes: []rule.Fix{c.Unmount(p, m)},
				})
			}
		}
		inEnvironment(a, p, c, "env", []string{"valueFrom", "secretKeyRef"})
		inEnvironment(a, p, c, "envFrom", []string{"secretRef"})
	}
}

// inEnvironment reports the Secrets that a list of the container puts into its environment.
func inEnvironment(a *rule.Attack, p *rule.Pod, c *rule.Container, list string, keys []string) {
	i := -1
	for item := range c.Node.Get(list).Items() {
		i++
		at := item.At(keys...)
		name := at.Get("name").Str()
		if name == "" {
			continue
		}
		text := "do not put Secret " + name + " into the environment of container " + c.Name + " (" + list + " " + strconv.Itoa(i) + ")"
		a.Step(rule.Step{
			From: p.Vertex(), To: secretRef(p, name), Text: "reads {to} from the environment of container " + c.Name, Why: p.Why(at),
			Fixes: []rule.Fix{c.WithoutItem(p, text, 8, "know that the program gets on without it", list, i)},
		})
	}
}

// secretsOf are the names of the Secrets that a volume is made of.
func secretsOf(volume tree.Node) (names []tree.Node) {
	if n := volume.At("secret", "secretName"); n.Str() != "" {
		names = append(names, n)
	}
	for s := range volume.At("projected", "sources").Items() {
		if n := s.At("secret", "name"); n.Str() != "" {
			names = append(names, n)
		}
	}
	return names
}

// secretRef is the vertex of having read a Secret of the pod's namespace.
func secretRef(p *rule.Pod, name string) bartizan.Ref {
	return bartizan.Ref{Kind: "Secret", Namespace: p.Ref.Namespace, Name: name}
}
