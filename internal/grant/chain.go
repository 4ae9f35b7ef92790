package grant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// chain is which authorizers the API server asks, beside system:masters, which always comes first. Without
// evidence it is Node and RBAC, as every common installer sets it.
type chain struct {
	rbac, node, always bool
	before, after      []string // those that decide elsewhere: before they can deny, after only allow
}

// readChain looks for the API server's own configuration among what was read.
func (m *Model) readChain(w bartizan.World) {
	m.chain = chain{rbac: true, node: true}
	var found []string
	for e := range w.All("AuthorizationConfiguration.apiserver.config.k8s.io") {
		if o, ok := e.Value.(*kube.Object); ok {
			m.setChain(configured(o), &found, e)
		}
	}
	configs := len(found)
	for e := range w.All("Pod") {
		o, ok := e.Value.(*kube.Object)
		if !ok || len(o.Workloads) == 0 {
			continue
		}
		flags, server := serverFlags(o.Workloads[0].Pod)
		modes, file := flags["authorization-mode"], flags["authorization-config"]
		switch {
		case !server || configs > 0:
		case file != "":
			m.setChain([]string{"RBAC", "the authorizers of " + file + " (not read)"}, &found, e)
			m.chain.before, m.chain.after = m.chain.after, nil
		case modes == "":
			m.setChain([]string{"AlwaysAllow"}, &found, e) // the flag's default
		default:
			m.setChain(strings.Split(modes, ","), &found, e)
		}
	}
}

// setChain takes over the modes of the first configuration found; another that differs is a fault.
func (m *Model) setChain(modes []string, found *[]string, e bartizan.Entity) {
	text := strings.Join(modes, ",")
	if len(*found) > 0 {
		if !slices.Contains(*found, text) {
			m.faults = append(m.faults, Fault{
				Code: FaultAuthorizer, Subject: e.Ref, Origin: e.Origin,
				Message: fmt.Sprintf("API servers differ in their authorizers: %s here, %s elsewhere", text, (*found)[0]),
			})
			m.everyone = append(m.everyone, doubt{reason: "the API servers that were read do not use the same authorizers"})
		}
		return
	}
	*found = append(*found, text)
	m.chain = chain{}
	for i, mode := range modes {
		switch mode = strings.TrimSpace(mode); mode {
		case "RBAC":
			m.chain.rbac = true
		case "Node":
			m.chain.node = true
		case "AlwaysAllow":
			m.chain.always = true
		case "AlwaysDeny", "":
		case "ABAC":
			m.chain.after = append(m.chain.after, "ABAC") // it never denies what another authorizer allows
		default:
			m.foreign(mode, modes[i+1:])
		}
	}
	if len(m.chain.before)+len(m.chain.after) > 0 {
		m.faults = append(m.faults, Fault{
			Code: FaultAuthorizer, Subject: e.Ref, Origin: e.Origin,
			Message: "the API server also asks " + strings.Join(slices.Concat(m.chain.before, m.chain.after), " and ") + ": what RBAC does not allow may be allowed there",
		})
	}
}

// foreign adds an authorizer that decides elsewhere.
func (m *Model) foreign(mode string, later []string) {
	for _, l := range later {
		if l = strings.TrimSpace(l); l == "RBAC" || l == "Node" || l == "AlwaysAllow" {
			m.chain.before = append(m.chain.before, mode)
			return
		}
	}
	m.chain.after = append(m.chain.after, mode)
}

// configured are the modes of an AuthorizationConfiguration, webhooks by their names.
func configured(o *kube.Object) (modes []string) {
	for n := range o.Root.Get("authorizers").Items() {
		mode := n.Get("type").Text()
		if name := n.Get("name").Text(); mode == "Webhook" {
			mode = strings.TrimSpace("webhook " + name)
		}
		modes = append(modes, mode)
	}
	return modes
}

// serverFlags reads the command line of kube-apiserver in a pod.
func serverFlags(pod tree.Node) (flags map[string]string, server bool) {
	for c := range pod.Get("containers").Items() {
		flags, server = map[string]string{}, false
		var line []string
		for _, key := range []string{"command", "args"} {
			for a := range c.Get(key).Items() {
				line = append(line, a.Text())
			}
		}
		for i, a := range line {
			if a == "kube-apiserver" || strings.HasSuffix(a, "/kube-apiserver") {
				server = true
			}
			name, ok := strings.CutPrefix(a, "--")
			if !ok {
				continue
			}
			name, value, set := strings.Cut(name, "=")
			if !set && i+1 < len(line) {
				value = line[i+1]
			}
			flags[name] = value
		}
		if server {
			return flags, true
		}
	}
	return nil, false
}
