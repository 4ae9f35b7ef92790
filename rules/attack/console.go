package attack

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// Console leads from whoever reaches a program that runs what it is told, without asking who tells, to its pod.
var Console = rule.Edge(`
id: attack-open-console
title: Have a program run code that asks nobody who he is
certainty: likely
cost: 2
maps: {attack: [T1133, T1609], ms-matrix: MS-TA9005}
why: |
  Some programs run what they are sent, and ask for no password unless somebody sets them up to: a Docker daemon on port
  2375, the job managers of Flink, Spark and Ray, Selenium, Weave Scope; Redis loads a module. Whoever opens the port runs
  code in the pod. Which program it is follows from the image's name, and whether it was secured is not known here.
detect: jobs, sessions or containers that nobody of the team started
mitigate: ask for a login, and let only the pods that need it open the port
references:
  - https://docs.docker.com/engine/security/protect-access/
  - https://nightlies.apache.org/flink/flink-docs-stable/docs/deployment/security/security-faqs/
  - https://docs.ray.io/en/latest/ray-security/index.html
-- yes/inside.yaml --
apiVersion: v1
kind: Pod
metadata: {name: dind, namespace: ci, labels: {app: dind}}
spec:
  containers:
  - name: d
    image: docker:27-dind # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Pod ci/dind
-- yes/outside.yaml --
apiVersion: v1
kind: Service
metadata: {name: jobs, namespace: data}
spec: {type: NodePort, selector: {app: flink}, ports: [{port: 8081}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: jobs, namespace: data}
spec: {template: {metadata: {labels: {app: flink}}, spec: {containers: [{name: f, image: "docker.io/library/flink:1.20"}]}}}
# EDGE Internet anyone -> Deployment data/jobs
-- no/policy.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: own, namespace: ci}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: dind, namespace: ci, labels: {app: dind}}
spec: {containers: [{name: d, image: "docker:27-dind"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Pod ci/dind
-- no/client.yaml --
# The client runs nothing, and another port of the program is no console.
apiVersion: v1
kind: Pod
metadata: {name: dind, namespace: ci, labels: {app: dind}}
spec: {containers: [{name: d, image: "docker:27-cli"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Pod ci/dind
`, deriveConsole)

// console is a program that runs what it is sent.
type console struct {
	repository string // the image's last part
	tag        string // in its tag
	ports      []int
	more       int
}

var consoles = []console{
	{"docker", "dind", []int{2375}, 0},
	{"flink", "", []int{8081}, 0},
	{"selenium", "", []int{4444}, 0},
	{"standalone-chrome", "", []int{4444}, 0},
	{"standalone-firefox", "", []int{4444}, 0},
	{"ray", "", []int{8265, 10001}, 0},
	{"spark", "", []int{6066, 7077}, 2},
	{"scope", "", []int{4040}, 1},
	{"redis", "", []int{6379}, 4},
	{"valkey", "", []int{6379}, 4},
}

// consoleOf finds the console that a container's image is known for.
func consoleOf(image string) (console, bool) {
	name, tag := repository(image)
	last := name[strings.LastIndex(name, "/")+1:]
	for _, c := range consoles {
		if last == c.repository && strings.Contains(tag, c.tag) {
			return c, true
		}
	}
	return console{}, false
}

// repository splits an image into what it is called and its tag.
func repository(image string) (name, tag string) {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[:i], image[i+1:]
	}
	return image, "latest"
}

func deriveConsole(a *rule.Attack) {
	for q, c := range a.Containers() {
		k, ok := consoleOf(c.Image)
		if !ok {
			continue
		}
		for _, port := range k.ports {
			opened(a, q, port, rule.Step{To: q.Ref, Text: "has {to} run code", More: k.more, Why: q.Why(c.Node.Get("image"))})
		}
	}
	for e := range a.Network.Exposed() {
		if e.Private {
			continue
		}
		for i := range e.Pod.Containers {
			c := &e.Pod.Containers[i]
			if k, ok := consoleOf(c.Image); ok && slices.Contains(k.ports, e.Port) {
				s := exposure(e, "has {to} run code")
				s.More += k.more
				s.Why = append(e.Pod.Why(c.Node.Get("image")), s.Why...)
				a.Step(s)
			}
		}
	}
}

// opened reports a step from every other pod that can open a port of a pod.
func opened(a *rule.Attack, q *rule.Pod, port int, s rule.Step) {
	cost := s.More
	for p := range a.Pods.All() {
		if p == q {
			continue
		}
		answer := a.Network.Opens(p, q, port)
		if answer.Verdict == rule.ReachNo {
			continue
		}
		one := s
		one.From, one.More = p.Vertex(), cost+unsure(answer)
		one.Why = append(s.Why[:len(s.Why):len(s.Why)], answer.Why...)
		one.Fixes = append(s.Fixes[:len(s.Fixes):len(s.Fixes)], answer.Fixes...)
		a.Step(one)
	}
}
