// Package clustergen makes manifests of clusters that do not exist: believable workloads in any number, the
// same for the same seed. Benchmarks and property tests stand on it; nothing in the product imports it. For
// real manifests see the data folder beside the checkout, where there is one.
package clustergen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Options say what to make.
type Options struct {
	Seed      uint64
	Workloads int
}

// Manifests writes the workloads as one YAML stream: two thirds Deployments, the rest StatefulSets, DaemonSets,
// CronJobs and Pods, of 2 to 5 KB each, with the mixture of good and bad settings that one finds in the field.
func Manifests(o Options) string {
	g := &generator{r: rand.New(rand.NewPCG(o.Seed, 0xBA271)), n: 0}
	for i := range o.Workloads {
		g.n = i
		g.workload()
	}
	return g.b.String()
}

// generator writes one stream.
type generator struct {
	b strings.Builder
	r *rand.Rand
	n int
}

func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func (g *generator) pick(from ...string) string { return from[g.r.IntN(len(from))] }

// line writes an indented line.
func (g *generator) line(indent int, format string, args ...any) {
	for range indent {
		g.b.WriteByte(' ')
	}
	fmt.Fprintf(&g.b, format, args...)
	g.b.WriteByte('\n')
}

var teams = []string{"payments", "catalogue", "search", "identity", "shipping", "billing", "platform", "media"}

func (g *generator) workload() {
	team := teams[g.n%len(teams)]
	name := fmt.Sprintf("%s-%s-%d", team, g.pick("api", "worker", "web", "cache", "gateway", "sync"), g.n)
	kind := g.pick("Deployment", "Deployment", "Deployment", "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Pod")
	api := map[string]string{"CronJob": "batch/v1", "Pod": "v1"}[kind]
	if api == "" {
		api = "apps/v1"
	}
	g.line(0, "---")
	g.line(0, "# %s of team %s", name, team)
	g.line(0, "apiVersion: %s", api)
	g.line(0, "kind: %s", kind)
	g.metadata(0, name, team)
	g.line(0, "spec:")
	switch kind {
	case "Pod":
		g.pod(2, kind)
		return
	case "CronJob":
		g.line(2, "schedule: %q", fmt.Sprintf("%d * * * *", g.r.IntN(60)))
		g.line(2, "jobTemplate:")
		g.line(4, "spec:")
		g.template(6, name, team, kind)
		return
	case "Deployment", "StatefulSet":
		g.line(2, "replicas: %d", 1+g.r.IntN(5))
	}
	if kind == "StatefulSet" {
		g.line(2, "serviceName: %s", name)
	}
	g.line(2, "selector:")
	g.line(4, "matchLabels:")
	g.line(6, "app.kubernetes.io/name: %s", name)
	g.template(2, name, team, kind)
}

func (g *generator) metadata(indent int, name, team string) {
	g.line(indent, "metadata:")
	g.line(indent+2, "name: %s", name)
	g.line(indent+2, "namespace: %s", team)
	g.line(indent+2, "labels:")
	g.labels(indent+4, name, team)
	g.line(indent+2, "annotations:")
	g.line(indent+4, "example.org/owner: %s@example.org", team)
	g.line(indent+4, "example.org/runbook: %q", "wiki/runbooks/"+name)
}

func (g *generator) labels(indent int, name, team string) {
	g.line(indent, "app.kubernetes.io/name: %s", name)
	g.line(indent, "app.kubernetes.io/part-of: shop")
	g.line(indent, "app.kubernetes.io/version: %q", fmt.Sprintf("%d.%d.%d", 1+g.r.IntN(4), g.r.IntN(20), g.r.IntN(9)))
	g.line(indent, "example.org/team: %s", team)
}

func (g *generator) template(indent int, name, team, kind string) {
	g.line(indent, "template:")
	g.line(indent+2, "metadata:")
	g.line(indent+4, "labels:")
	g.labels(indent+6, name, team)
	g.line(indent+2, "spec:")
	g.pod(indent+4, kind)
}

func (g *generator) pod(indent int, kind string) {
	if g.chance(60) {
		g.line(indent, "serviceAccountName: %s", g.pick("default", "app", "worker"))
	}
	if g.chance(30) {
		g.line(indent, "automountServiceAccountToken: false")
	}
	if kind == "DaemonSet" && g.chance(40) {
		g.line(indent, "hostNetwork: true")
	}
	if kind == "CronJob" {
		g.line(indent, "restartPolicy: OnFailure")
	}
	if g.chance(50) {
		g.line(indent, "securityContext:")
		g.line(indent+2, "runAsNonRoot: true")
		g.line(indent+2, "runAsUser: %d", 1000+g.r.IntN(20000))
		if g.chance(60) {
			g.line(indent+2, "seccompProfile:")
			g.line(indent+4, "type: RuntimeDefault")
		}
	}
	g.line(indent, "containers:")
	for i := range 1 + g.r.IntN(3) {
		g.container(indent, i)
	}
	g.volumes(indent, kind)
}

func (g *generator) container(indent, i int) {
	g.line(indent, "- name: %s", []string{"app", "sidecar", "metrics"}[i])
	g.line(indent+2, "image: %s/%s:%s", g.pick("registry.example.org/shop", "ghcr.io/example", "docker.io/library"),
		g.pick("api", "web", "nginx", "redis", "worker"), g.pick("latest", "1.4.2", "v2.0.1", "2026.11"))
	if g.chance(50) {
		g.line(indent+2, "args: [\"--listen=:%d\", \"--log-level=%s\"]", 8000+g.r.IntN(100), g.pick("info", "debug"))
	}
	g.line(indent+2, "ports:")
	g.line(indent+2, "- name: http-%d", i)
	g.line(indent+4, "containerPort: %d", 8080+i)
	g.line(indent+2, "env:")
	for e := range 3 + g.r.IntN(8) {
		g.line(indent+2, "- name: SETTING_%d", e)
		if g.chance(20) {
			g.line(indent+4, "valueFrom:")
			g.line(indent+6, "secretKeyRef:")
			g.line(indent+8, "name: settings")
			g.line(indent+8, "key: setting-%d", e)
			continue
		}
		g.line(indent+4, "value: %q", fmt.Sprintf("https://service-%d.example.org/v%d", g.r.IntN(500), e))
	}
	g.resources(indent + 2)
	g.probes(indent+2, 8080+i)
	if g.chance(60) {
		g.securityContext(indent + 2)
	}
	g.line(indent+2, "volumeMounts:")
	g.line(indent+2, "- name: work")
	g.line(indent+4, "mountPath: /work")
}

func (g *generator) resources(indent int) {
	if g.chance(25) {
		return
	}
	g.line(indent, "resources:")
	g.line(indent+2, "requests:")
	g.line(indent+4, "cpu: %dm", 50*(1+g.r.IntN(10)))
	g.line(indent+4, "memory: %dMi", 64*(1+g.r.IntN(8)))
	if g.chance(70) {
		g.line(indent+2, "limits:")
		g.line(indent+4, "memory: %dMi", 256*(1+g.r.IntN(8)))
	}
}

func (g *generator) probes(indent, port int) {
	for _, probe := range []string{"readinessProbe", "livenessProbe"} {
		if g.chance(60) {
			g.line(indent, "%s:", probe)
			g.line(indent+2, "httpGet:")
			g.line(indent+4, "path: /healthz")
			g.line(indent+4, "port: %d", port)
			g.line(indent+2, "periodSeconds: 10")
		}
	}
}

func (g *generator) securityContext(indent int) {
	g.line(indent, "securityContext:")
	g.line(indent+2, "allowPrivilegeEscalation: %t", g.chance(30))
	if g.chance(10) {
		g.line(indent+2, "privileged: true")
	}
	if g.chance(60) {
		g.line(indent+2, "readOnlyRootFilesystem: true")
	}
	if g.chance(60) {
		g.line(indent+2, "capabilities:")
		g.line(indent+4, "drop:")
		g.line(indent+4, "- ALL")
		if g.chance(20) {
			g.line(indent+4, "add: [%s]", g.pick("NET_BIND_SERVICE", "NET_ADMIN", "SYS_PTRACE"))
		}
	}
}

func (g *generator) volumes(indent int, kind string) {
	g.line(indent, "volumes:")
	g.line(indent, "- name: work")
	g.line(indent+2, "emptyDir: {}")
	if kind == "DaemonSet" && g.chance(70) {
		g.line(indent, "- name: host")
		g.line(indent+2, "hostPath:")
		g.line(indent+4, "path: %s", g.pick("/var/log", "/var/run/docker.sock", "/", "/etc/kubernetes"))
	}
}
