package export

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// generator makes objects with fields that matter to security, at random but the same each time.
type generator struct{ *rand.Rand }

// generatedObjects makes workloads of every built-in kind.
func generatedObjects(n int) []exportObject {
	g := generator{rand.New(rand.NewPCG(1, 36))}
	var all []exportObject
	for i := range n {
		object := g.workload(fmt.Sprintf("generated-%03d", i))
		all = append(all, exportObject{fmt.Sprintf("generated %s/%03d", object.GetKind(), i), object})
	}
	return all
}

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g generator, choices ...T) T { return choices[g.IntN(len(choices))] }

// maybe sets a field in half of the cases to one of the values.
func (g generator) maybe(m map[string]any, key string, choices ...any) {
	if g.chance(50) {
		m[key] = choices[g.IntN(len(choices))]
	}
}

func (g generator) workload(name string) *unstructured.Unstructured {
	meta := map[string]any{"name": name, "namespace": "generated", "labels": map[string]any{"app": name}}
	template := map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": name}}, "spec": g.pod()}
	if g.chance(15) {
		template["metadata"].(map[string]any)["annotations"] = map[string]any{
			"container.apparmor.security.beta.kubernetes.io/c0": pick[any](g, "runtime/default", "localhost/x")}
	}
	spec := template["spec"].(map[string]any)
	selector := map[string]any{"matchLabels": map[string]any{"app": name}}
	object := map[string]any{"metadata": meta}
	kind := pick(g, "Pod", "Pod", "Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob", "PodTemplate", "ReplicationController")
	switch kind {
	case "Pod":
		object["apiVersion"], object["spec"] = "v1", spec
		if a, ok := template["metadata"].(map[string]any)["annotations"]; ok {
			meta["annotations"] = a
		}
	case "PodTemplate":
		object["apiVersion"], object["template"] = "v1", template
	case "ReplicationController":
		object["apiVersion"], object["spec"] = "v1", map[string]any{"template": template}
	case "Job", "CronJob":
		spec["restartPolicy"] = "Never"
		job := map[string]any{"template": template}
		object["apiVersion"], object["spec"] = "batch/v1", job
		if kind == "CronJob" {
			object["spec"] = map[string]any{"schedule": "0 3 * * *", "jobTemplate": map[string]any{"spec": job}}
		}
	default:
		object["apiVersion"] = "apps/v1"
		object["spec"] = map[string]any{"selector": selector, "template": template}
	}
	object["kind"] = kind
	return &unstructured.Unstructured{Object: object}
}

func (g generator) pod() map[string]any {
	pod := map[string]any{}
	windows := g.chance(8)
	if windows {
		pod["os"] = map[string]any{"name": "windows"}
	} else {
		g.maybe(pod, "securityContext", map[string]any{}, g.podContext(), g.podContext(), g.podContext())
		g.maybe(pod, "hostUsers", true, false, true)
	}
	userNamespace := pod["hostUsers"] == false
	for _, field := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		if !windows && !userNamespace && g.chance(15) {
			pod[field] = pick(g, true, true, false)
		}
	}
	g.maybe(pod, "automountServiceAccountToken", true, false)
	if g.chance(20) {
		pod["serviceAccountName"] = pick(g, "default", "web", "")
	}
	var volumes []any
	for i := range g.IntN(3) {
		volumes = append(volumes, g.volume(fmt.Sprintf("v%d", i)))
	}
	if volumes != nil {
		pod["volumes"] = volumes
	}
	pod["containers"] = g.containers("c", 1+g.IntN(3), windows, userNamespace)
	if g.chance(30) {
		pod["initContainers"] = g.containers("i", 1+g.IntN(2), windows, userNamespace)
	}
	return pod
}

func (g generator) podContext() map[string]any {
	c := map[string]any{}
	g.maybe(c, "runAsNonRoot", true, false)
	g.maybe(c, "runAsUser", int64(0), int64(1000))
	g.maybe(c, "seccompProfile", g.profile("RuntimeDefault", "Unconfined"), g.profile("RuntimeDefault", "Localhost"))
	if g.chance(20) {
		c["seLinuxOptions"] = g.seLinux()
	}
	if g.chance(15) {
		c["appArmorProfile"] = g.profile("RuntimeDefault", "Unconfined")
	}
	if g.chance(20) {
		c["sysctls"] = []any{map[string]any{"name": pick(g, "kernel.shm_rmid_forced", "net.ipv4.tcp_rmem", "net.core.somaxconn", "net.ipv4.ip_forward"), "value": "1"}}
	}
	g.maybe(c, "fsGroup", int64(2000))
	return c
}

func (g generator) profile(types ...string) map[string]any {
	p := map[string]any{"type": pick(g, types...)}
	if p["type"] == "Localhost" {
		p["localhostProfile"] = "profiles/x.json"
	}
	return p
}

func (g generator) seLinux() map[string]any {
	o := map[string]any{"level": "s0:c1,c2"}
	g.maybe(o, "type", "container_t", "spc_t", "", "container_engine_t")
	g.maybe(o, "user", "", "system_u")
	g.maybe(o, "role", "", "system_r")
	return o
}

func (g generator) volume(name string) map[string]any {
	v := map[string]any{"name": name}
	switch g.IntN(8) {
	case 0:
		v["hostPath"] = map[string]any{"path": pick(g, "/var/run/docker.sock", "/", "/var/log", "/proc")}
	case 1:
		v["nfs"] = map[string]any{"server": "nfs.example.test", "path": "/"}
	case 2:
		v["persistentVolumeClaim"] = map[string]any{"claimName": "data"}
	case 3:
		v["secret"] = map[string]any{"secretName": "s"}
	case 4:
		v["configMap"] = map[string]any{"name": "c"}
	case 5:
		// Nothing: the API server makes it an emptyDir.
	default:
		v["emptyDir"] = map[string]any{}
	}
	return v
}

func (g generator) containers(prefix string, n int, windows, userNamespace bool) []any {
	var all []any
	for i := range n {
		all = append(all, g.container(fmt.Sprintf("%s%d", prefix, i), windows, userNamespace))
	}
	return all
}

func (g generator) container(name string, windows, userNamespace bool) map[string]any {
	c := map[string]any{"name": name, "image": pick(g, "nginx", "nginx:latest", "nginx:edge", "nginx:1.27.3", "registry.example.test/a/b@sha256:"+strings.Repeat("a", 64))}
	if !windows && g.chance(80) {
		c["securityContext"] = g.context(userNamespace)
	}
	if g.chance(35) {
		port := map[string]any{"containerPort": int64(8000 + g.IntN(1000))}
		g.maybe(port, "hostPort", int64(0), int64(8000+g.IntN(1000)))
		if h, ok := port["hostPort"].(int64); ok && h != 0 {
			port["containerPort"] = h // what hostNetwork demands
		}
		c["ports"] = []any{port}
	}
	if strings.HasPrefix(name, "c") && g.chance(25) {
		get := map[string]any{"path": "/", "port": int64(80)}
		g.maybe(get, "host", "", "127.0.0.1", "169.254.169.254")
		c[pick(g, "livenessProbe", "readinessProbe", "startupProbe")] = map[string]any{"httpGet": get}
	}
	if g.chance(40) {
		limits := map[string]any{}
		g.maybe(limits, "cpu", "1", "500m")
		g.maybe(limits, "memory", "64Mi", "1Gi")
		c["resources"] = map[string]any{pick(g, "limits", "requests"): limits}
	}
	if g.chance(30) {
		c["env"] = []any{map[string]any{"name": pick(g, "PASSWORD", "MODE", "AWS_SECRET_ACCESS_KEY"), "value": pick(g, "", "x", "AKIAABCDEFGHIJKLMNOP")}}
	}
	g.maybe(c, "imagePullPolicy", "Always", "IfNotPresent")
	return c
}

func (g generator) context(userNamespace bool) map[string]any {
	c := map[string]any{}
	privileged := g.chance(12)
	if privileged {
		c["privileged"] = true
	} else {
		g.maybe(c, "privileged", false)
		g.maybe(c, "allowPrivilegeEscalation", false, false, true)
	}
	g.maybe(c, "runAsNonRoot", true, true, false)
	g.maybe(c, "readOnlyRootFilesystem", true, false)
	if g.chance(30) {
		c["runAsUser"] = pick(g, int64(0), int64(1000))
	}
	if g.chance(50) {
		capabilities := map[string]any{}
		g.maybe(capabilities, "drop", []any{"ALL"}, []any{"NET_RAW"}, []any{"all"}, []any{})
		if c["allowPrivilegeEscalation"] != false {
			g.maybe(capabilities, "add", []any{"NET_BIND_SERVICE"}, []any{"SYS_ADMIN"}, []any{"NET_ADMIN", "CHOWN"}, []any{"CAP_SYS_PTRACE"})
		} else {
			g.maybe(capabilities, "add", []any{"NET_BIND_SERVICE"}, []any{"CHOWN"})
		}
		c["capabilities"] = capabilities
	}
	if g.chance(40) {
		c["seccompProfile"] = g.profile("RuntimeDefault", "Unconfined", "Localhost")
	}
	if g.chance(10) {
		c["seLinuxOptions"] = g.seLinux()
	}
	if g.chance(12) {
		c["appArmorProfile"] = g.profile("RuntimeDefault", "Unconfined")
	}
	if g.chance(10) {
		c["procMount"] = "Default"
		if userNamespace {
			c["procMount"] = "Unmasked"
		}
	}
	return c
}
