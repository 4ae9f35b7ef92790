package reach

import "strings"

// doubt says what is not known about a rule's matching, or about a policy's selecting the pod.
func (m *Model) doubt(a applied, r *rule, subject, peer int32) string {
	switch {
	case a.doubt != "":
		return a.ref.String() + ": " + a.doubt
	case !a.sure:
		return "whether " + a.ref.String() + " selects the pod depends on " + m.unknownLabels(subject)
	case r == nil:
		return ""
	case r.doubt != "":
		return a.ref.String() + ": " + r.doubt
	case r.ports.broken != "":
		return a.ref.String() + ": " + r.ports.broken
	}
	for i := range r.peers {
		x := &r.peers[i]
		s := m.peer(a.policy, x)
		if !s.may.has(peer) {
			continue
		}
		switch {
		case x.maybe != "" || x.guess != "" || x.anything != "":
			return x.maybe + x.guess + x.anything
		case s.yes.has(peer) && len(r.ports.names) > 0:
			return "pods of the cluster give the port " + r.ports.names[0].name + " different numbers, and which of them counts is not known"
		case x.entity != "":
			return "whether it is what Cilium calls " + x.entity + " is not known, as the addresses of the API server were not read"
		case x.block != nil && m.within(m.scopeOf(a.policy, x), m.classes[peer].kind) == maybe:
			return "whether addresses in rules match nodes is a setting of Cilium (policy-cidr-match-mode) that was not read"
		case x.broken != "":
			return a.ref.String() + ": " + x.broken
		case len(x.domains) > 0:
			return "which addresses " + strings.Join(x.domains[:min(3, len(x.domains))], ", ") + " stands for is not known"
		case x.block != nil:
			return "whether the address lies in " + x.block.String() + " is not known, as its address was not read"
		case x.nodes != nil:
			return "whether the address is a node's is not known"
		default:
			return "whether the rule matches depends on " + m.unknownLabels(peer)
		}
	}
	return "whether the rule matches is not known"
}

// unknownLabels names what is not known about a pod's labels.
func (m *Model) unknownLabels(c int32) string {
	if c >= m.podEnd {
		return "its address"
	}
	ns := &m.inv.namespaces[m.classes[c].ns]
	if !ns.read {
		return "the labels of namespace " + ns.name + ", which was not read"
	}
	return "labels that the pods only get when they are made"
}
