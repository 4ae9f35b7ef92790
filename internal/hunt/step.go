package hunt

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// step is one thing that an active hunt may do at a service, with what takes it back.
type step struct {
	name    string
	service string
	needs   string // "container", if the scope must name one
	make    func(mark, container string) (do []ask, undo []ask)
}

// marker begins the name of everything that a hunt makes.
const marker = "bartizan-hunt-"

// steps are what an active hunt can do. Everything is named by a random mark, so that nothing that exists is touched.
var steps = []step{
	{"api-namespace", APIServer, "", func(mark, _ string) (do, undo []ask) {
		name := marker + mark
		return []ask{
			post("/api/v1/namespaces", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"%s"}}`, name),
			patch("/api/v1/namespaces/"+name, `{"metadata":{"labels":{"bartizan.dev/hunt":"%s"}}}`, mark),
		}, remove("/api/v1/namespaces/" + name)
	}},
	{"api-role", APIServer, "", func(mark, _ string) (do, undo []ask) {
		const at = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
		return []ask{post(at, `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"%s"},"rules":[]}`, marker+mark)},
			remove(at + "/" + marker + mark)
	}},
	{"api-cluster-role", APIServer, "", func(mark, _ string) (do, undo []ask) {
		const at = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
		return []ask{post(at, `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"%s"},"rules":[]}`, marker+mark)},
			remove(at + "/" + marker + mark)
	}},
	{"api-pod", APIServer, "", func(mark, _ string) (do, undo []ask) {
		const at = "/api/v1/namespaces/default/pods"
		return []ask{post(at, gatedPod, marker+mark, "false")}, remove(at + "/" + marker + mark + "?gracePeriodSeconds=0")
	}},
	// Nothing is stored by a dry run; should a server not know what that is, the pod is removed.
	{"api-privileged-pod", APIServer, "", func(mark, _ string) (do, undo []ask) {
		const at = "/api/v1/namespaces/default/pods"
		return []ask{post(at+"?dryRun=All", gatedPod, marker+mark, "true")}, remove(at + "/" + marker + mark + "?gracePeriodSeconds=0")
	}},
	{"etcd-key", Etcd, "", func(mark, _ string) (do, undo []ask) {
		key := base64.StdEncoding.EncodeToString([]byte("/" + marker + mark))
		return []ask{post("/v3/kv/put", `{"key":"%s","value":"aHVudA=="}`, key)},
			[]ask{post("/v3/kv/deleterange", `{"key":"%s"}`, key)}
	}},
	// It runs id, which leaves nothing behind.
	{"kubelet-run", Kubelet, "container", func(_, container string) (do, undo []ask) {
		return []ask{post("/run/"+container+"?cmd=id", "")}, nil
	}},
	{"kubelet-logs", Kubelet, "container", func(_, container string) (do, undo []ask) {
		return []ask{request("GET", "/containerLogs/"+container+"?tailLines=1&limitBytes=200", "")}, nil
	}},
	{"kubelet-node-logs", Kubelet, "", func(string, string) (do, undo []ask) {
		return []ask{request("GET", "/logs/", "")}, nil
	}},
}

// gatedPod is a pod that never runs: its scheduling is gated, and no node carries its label.
const gatedPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"},"spec":{"schedulingGates":[{"name":"bartizan.dev/hunt"}],` +
	`"nodeSelector":{"bartizan.dev/hunt":"no-such-node"},"automountServiceAccountToken":false,` +
	`"containers":[{"name":"nothing","image":"bartizan.invalid/nothing","securityContext":{"privileged":%s}}]}}`

// StepNames are the actions that a scope may list.
func StepNames() []string {
	names := []string{varLogStep}
	for _, s := range steps {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

func request(method, path, body string) ask {
	return ask{key: method + " " + path, method: method, path: path, body: body}
}

func post(path, body string, values ...any) ask {
	return request("POST", path, fmt.Sprintf(body, values...))
}

func patch(path, body string, values ...any) ask {
	return request("PATCH", path, fmt.Sprintf(body, values...))
}

func remove(path string) []ask { return []ask{request("DELETE", path, "")} }

// newMark makes a name that nothing else has.
func newMark() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// keysOf lists requests as a receipt shows them.
func keysOf(list []ask) []string {
	var all []string
	for _, a := range list {
		all = append(all, strings.TrimSpace(a.key+" "+a.body))
	}
	return all
}
