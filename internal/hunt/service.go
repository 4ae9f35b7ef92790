package hunt

import (
	"slices"
	"strings"
)

// The services that are known, which are also the kinds of the objects that rules judge.
const (
	APIServer         = "APIServer"
	Kubelet           = "Kubelet"
	KubeletReadOnly   = "KubeletReadOnly"
	ControllerManager = "ControllerManager"
	Scheduler         = "Scheduler"
	KubeProxy         = "KubeProxy"
	Etcd              = "Etcd"
	EtcdPeer          = "EtcdPeer"
	Dashboard         = "Dashboard"
	Exporter          = "Exporter" // numbers for a Prometheus, or what else tells of a node or a network
	Webhook           = "Webhook"
	Metadata          = "Metadata" // a cloud's service for its machines
	OwnPod            = "OwnPod"   // the pod that the hunt runs in
	Kubectl           = "Kubectl"  // the client on this machine
)

// usual is a port and what is found there; more than one service may be (0 to find out).
type usual struct {
	port    uint16
	service string // "" to find out by asking
	plain   bool   // try without TLS first
}

// usualPorts are looked at where a target names no port.
var usualPorts = []usual{
	{443, "", false},
	{2379, Etcd, false},
	{2380, EtcdPeer, false},
	{2381, Exporter, true}, // etcd's numbers, as kubeadm sets it up
	{4194, Exporter, true}, // cAdvisor
	{6443, "", false},
	{6782, Exporter, true}, // Weave Net's policy controller
	{6784, Exporter, true}, // Weave Net
	{8001, "", true},       // kubectl proxy
	{8080, "", true},       // the API server's port without TLS, up to 1.20
	{8443, "", false},
	{9090, Exporter, true}, // Prometheus
	{9091, Exporter, true}, // Calico's felix
	{9100, Exporter, true}, // node exporter
	{10249, KubeProxy, true},
	{10250, Kubelet, false},
	{10251, Scheduler, true}, // without TLS, up to 1.22
	{10252, ControllerManager, true},
	{10255, KubeletReadOnly, true},
	{10257, ControllerManager, false},
	{10259, Scheduler, false},
	{30000, "", false}, // a node port that dashboards are often given
}

// plainFirst are the services that speak without TLS where they stand as they are meant to.
var plainFirst = []string{KubeletReadOnly, KubeProxy, Exporter, Metadata}

// serviceNames are the services that a target may name.
func serviceNames() []string {
	return []string{APIServer, ControllerManager, Dashboard, Etcd, EtcdPeer, Exporter, Kubelet, KubeletReadOnly, KubeProxy, Scheduler, Webhook}
}

// serviceCalled finds a service by its name in any case, or "".
func serviceCalled(name string) string {
	i := slices.IndexFunc(serviceNames(), func(s string) bool { return strings.EqualFold(s, name) })
	if i < 0 {
		return ""
	}
	return serviceNames()[i]
}

// usualPort is where a service listens unless told otherwise. Of the ports in the table the last is today's.
func usualPort(service string) uint16 {
	switch service {
	case APIServer:
		return 6443
	case Dashboard, Webhook:
		return 443
	}
	for _, u := range slices.Backward(usualPorts) {
		if u.service == service {
			return u.port
		}
	}
	return 443
}

// DefaultPorts are the ports looked at where a target names none.
func DefaultPorts() []uint16 {
	ports := make([]uint16, len(usualPorts))
	for i, u := range usualPorts {
		ports[i] = u.port
	}
	return ports
}

// usually is what stands on a port, as far as the number tells.
func usually(port uint16) usual {
	for _, u := range usualPorts {
		if u.port == port {
			return u
		}
	}
	return usual{port: port}
}

// guess says what answers from what it said to the requests that greet sends: "" where nothing is known of it.
func guess(c *certificate, answers map[string]*Answer) string {
	version, root := answers[askVersion], answers[askRoot]
	switch {
	case version.text("gitVersion") != "" || version.kind() == "Status":
		return APIServer
	case version.text("etcdserver") != "":
		return Etcd
	case root.contains("kubernetes-dashboard", "Kubernetes Dashboard"):
		return Dashboard
	case version.contains("Unauthorized") && version.status() == 401 && c.named("kubernetes.default"):
		return APIServer
	case c.named("kubernetes.default"):
		return APIServer
	}
	return ""
}

const (
	askVersion = "GET /version"
	askRoot    = "GET /"
)
