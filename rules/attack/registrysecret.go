package attack

import (
	"encoding/json"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// RegistrySecret changes images with a key to their registry.
var RegistrySecret = rule.Edge(`
id: attack-registry-secret
title: Replace images with a registry credential from a Secret
certainty: conditional
cost: 8
maps: {attack: [T1525, T1552.007], ms-matrix: [MS-TA9002, MS-TA9037]}
why: |
  A Secret of type kubernetes.io/dockerconfigjson holds a user and password of a registry. It is meant for reading
  images; often it may write them as well. Then whoever reads it replaces the images of every workload that pulls from
  that registry by a tag. An image that is named by its digest cannot be replaced.
detect: pushes to the registry by the pull account; a tag that points to another digest than before
mitigate: give clusters credentials that may only pull; name images by digest and verify signatures
references:
  - https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
  - https://kubernetes.io/docs/concepts/containers/images/
-- yes/registry.yaml --
apiVersion: v1
kind: Secret
metadata: {name: pull, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {"https://registry.example.com/v2/": {}}}'}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec:
  containers:
  - name: web
    image: registry.example.com/shop/web:1.2 # EVIDENCE
# EDGE Secret shop/pull -> Pod prod/web
-- yes/docker-hub.yaml --
apiVersion: v1
kind: Secret
metadata: {name: pull, namespace: shop}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: eyJhdXRocyI6IHsiaHR0cHM6Ly9pbmRleC5kb2NrZXIuaW8vdjEvIjoge319fQ==}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: acme/web}]}
# EDGE Secret shop/pull -> Pod prod/web
-- no/other-registry.yaml --
apiVersion: v1
kind: Secret
metadata: {name: pull, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {"registry.example.com": {}}}'}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: registry.example.com.evil.test/web}]}
# NO EDGE Secret shop/pull -> Pod prod/web
-- no/digest.yaml --
apiVersion: v1
kind: Secret
metadata: {name: pull, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {"registry.example.com": {}}}'}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: "registry.example.com/web@sha256:0000000000000000000000000000000000000000000000000000000000000000"}]}
# NO EDGE Secret shop/pull -> Pod prod/web
`, deriveRegistrySecret)

func deriveRegistrySecret(a *rule.Attack) {
	for o := range objects(a, "Secret") {
		if o.Root.Get("type").Str() != "kubernetes.io/dockerconfigjson" {
			continue
		}
		var config struct{ Auths map[string]any }
		if json.Unmarshal([]byte(value(o, ".dockerconfigjson")), &config) != nil {
			continue
		}
		hosts := map[string]bool{}
		for address := range config.Auths {
			hosts[registryHost(address)] = true
		}
		for p, c := range a.Containers() {
			if strings.Contains(c.Image, "@") || !hosts[imageHost(c.Image)] {
				continue
			}
			a.Step(rule.Step{
				From: []bartizan.Ref{placed(o)}, To: p.Ref, Text: "replaces the image of container " + c.Name + " of {to} in its registry",
				Why: p.Why(c.Node.Get("image")),
			})
		}
	}
}

// dockerHub is the registry of images that name none.
const dockerHub = "docker.io"

// registryHost is the host of a registry as a credential names it: with a scheme or a path or without.
func registryHost(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	host, _, _ := strings.Cut(address, "/")
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		return dockerHub
	}
	return host
}

// imageHost is the registry that an image is pulled from.
func imageHost(image string) string {
	host, _, ok := strings.Cut(image, "/")
	if !ok || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return dockerHub
	}
	return registryHost(host)
}
