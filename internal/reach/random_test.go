package reach

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
)

// objectsOf decodes a stream.
func objectsOf(t testing.TB, text string) []*kube.Object {
	t.Helper()
	var all []*kube.Object
	for d, err := range tree.Parse(text, tree.Limits{Bytes: 1 << 30}) {
		if err != nil {
			t.Fatalf("parse: %v\n%s", err, text)
		}
		objects, errs := kube.Decode(d, bartizan.Origin{Source: "manifest", File: "test.yaml"})
		if len(errs) > 0 && len(objects) > 0 {
			t.Fatalf("decode: %v", errs)
		}
		all = append(all, objects...)
	}
	return all
}

func worldOf(objects []*kube.Object) *world.World {
	var list []bartizan.Entity
	for _, o := range objects {
		list = append(list, o.Entity())
	}
	return world.New(list)
}

func modelOf(t testing.TB, text string, o Options) *Model {
	t.Helper()
	return New(worldOf(objectsOf(t, text)), o)
}

// chaos writes random clusters in which every form of every policy appears.
type chaos struct {
	r *rand.Rand
	b strings.Builder
}

func (c *chaos) n(n int) int             { return c.r.IntN(n) }
func (c *chaos) chance(percent int) bool { return c.n(100) < percent }
func (c *chaos) of(s ...string) string   { return s[c.n(len(s))] }

func (c *chaos) selector() string {
	switch c.n(8) {
	case 0:
		return "{}"
	case 1, 2, 3:
		return fmt.Sprintf("{matchLabels: {%s: %s}}", c.of("app", "tier", "env"), c.of("a", "b", "c"))
	case 4:
		return fmt.Sprintf("{matchLabels: {app: %s}, matchExpressions: [{key: tier, operator: %s}]}", c.of("a", "b"), c.of("Exists", "DoesNotExist"))
	}
	return fmt.Sprintf("{matchExpressions: [{key: %s, operator: %s, values: [%s, %s]}]}", c.of("app", "tier", "env"), c.of("In", "NotIn"), c.of("a", "b", "c"), c.of("a", "d"))
}

func (c *chaos) namespaces() string {
	if c.chance(40) {
		return fmt.Sprintf("{matchLabels: {kubernetes.io/metadata.name: ns%d}}", c.n(4))
	}
	return c.selector()
}

func (c *chaos) cidr() (string, []string) {
	switch c.n(7) {
	case 0:
		return "0.0.0.0/0", []string{"10.0.0.0/8", "10.0.1.0/24", "8.8.8.8/32", "169.254.169.254/32"}
	case 1:
		return "10.0.0.0/8", []string{"10.0.0.0/24", "10.0.1.0/25"}
	case 2:
		return "10.0.1.0/24", []string{"10.0.1.128/25", "10.0.1.4/30"}
	case 3:
		return "::/0", []string{"fd00::/8", "2001:4860::/32"}
	case 4:
		return "fd00::/64", []string{"fd00::4/126"}
	case 5:
		return "8.8.0.0/16", []string{"8.8.8.0/24"}
	}
	return fmt.Sprintf("10.0.0.%d/32", c.n(8)), nil
}

func (c *chaos) npPeer() string {
	switch c.n(5) {
	case 0:
		return "podSelector: " + c.selector()
	case 1:
		return "namespaceSelector: " + c.namespaces()
	case 2:
		return "{namespaceSelector: " + c.namespaces() + ", podSelector: " + c.selector() + "}"
	}
	cidr, excepts := c.cidr()
	s := "ipBlock: {cidr: \"" + cidr + "\""
	if len(excepts) > 0 && c.chance(50) {
		s += ", except: [\"" + excepts[c.n(len(excepts))] + "\"]"
	}
	return s + "}"
}

func (c *chaos) npPort() string {
	s := "{"
	if c.chance(60) {
		s += "protocol: " + c.of("TCP", "TCP", "UDP", "SCTP") + ", "
	}
	switch c.n(4) {
	case 0:
		s += "port: " + c.of("http", "dns", "sql")
	case 1:
		lo := 70 + c.n(20)
		s += fmt.Sprintf("port: %d, endPort: %d", lo, lo+c.n(30))
	case 2:
		s += fmt.Sprintf("port: %s", c.of("80", "53", "5432", "8080"))
	case 3:
		s = "{protocol: " + c.of("TCP", "UDP")
	}
	return s + "}"
}

func (c *chaos) np(i int) {
	fmt.Fprintf(&c.b, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p%d, namespace: ns%d}\nspec:\n  podSelector: %s\n", i, c.n(4), c.selector())
	if c.chance(60) {
		fmt.Fprintf(&c.b, "  policyTypes: [%s]\n", c.of("Ingress", "Egress", "Ingress, Egress"))
	}
	for _, dir := range []string{"ingress", "egress"} {
		if c.chance(30) {
			continue
		}
		key := map[string]string{"ingress": "from", "egress": "to"}[dir]
		n := c.n(3)
		fmt.Fprintf(&c.b, "  %s:", dir)
		if n == 0 {
			c.b.WriteString(" []\n")
			continue
		}
		c.b.WriteByte('\n')
		for range n {
			c.b.WriteString("  - x: y\n"[:4])
			switch c.n(4) {
			case 0:
				c.b.WriteString("{}\n")
				continue
			case 1:
				fmt.Fprintf(&c.b, "{ports: [%s]}\n", c.npPort())
				continue
			}
			peers := make([]string, 1+c.n(2))
			for k := range peers {
				peers[k] = c.npPeer()
				if peers[k][0] != '{' {
					peers[k] = "{" + peers[k] + "}"
				}
			}
			fmt.Fprintf(&c.b, "{%s: [%s]", key, strings.Join(peers, ", "))
			if c.chance(60) {
				fmt.Fprintf(&c.b, ", ports: [%s, %s]", c.npPort(), c.npPort())
			}
			c.b.WriteString("}\n")
		}
	}
}

func (c *chaos) podsOrNamespaces() string {
	if c.chance(50) {
		return "namespaces: " + c.namespaces()
	}
	return "pods: {namespaceSelector: " + c.namespaces() + ", podSelector: " + c.selector() + "}"
}

func (c *chaos) clusterPort(v2 bool) string {
	if v2 {
		switch c.n(4) {
		case 0:
			return "{destinationNamedPort: " + c.of("http", "dns", "sql") + "}"
		case 1:
			return "{" + c.of("tcp", "udp", "sctp") + ": {destinationPort: {range: {start: 75, end: 90}}}}"
		}
		return "{" + c.of("tcp", "udp", "sctp") + ": {destinationPort: {number: " + c.of("80", "53", "5432") + "}}}"
	}
	switch c.n(3) {
	case 0:
		return "{namedPort: " + c.of("http", "dns", "sql") + "}"
	case 1:
		return "{portRange: {protocol: " + c.of("TCP", "UDP") + ", start: 60, end: 85}}"
	}
	return "{portNumber: {protocol: " + c.of("TCP", "UDP", "SCTP") + ", port: " + c.of("80", "53", "5432") + "}}"
}

// cluster writes a cluster-wide policy.
func (c *chaos) cluster(i int, kind, version, head string, v2 bool) {
	fmt.Fprintf(&c.b, "---\napiVersion: policy.networking.k8s.io/%s\nkind: %s\nmetadata: {name: c%d}\nspec:\n%s  subject: {%s}\n", version, kind, i, head, c.podsOrNamespaces())
	accept, ports := "Allow", "ports"
	if v2 {
		accept, ports = "Accept", "protocols"
	}
	for _, dir := range []string{"ingress", "egress"} {
		n := c.n(4)
		if n == 0 {
			continue
		}
		fmt.Fprintf(&c.b, "  %s:\n", dir)
		for range n {
			action := c.of(accept, "Deny", "Pass")
			if kind == "BaselineAdminNetworkPolicy" {
				action = c.of(accept, "Deny")
			}
			peers := []string{"{" + c.podsOrNamespaces() + "}"}
			if dir == "egress" && c.chance(50) {
				cidr, _ := c.cidr()
				peers = append(peers, "{networks: [\""+cidr+"\"]}")
			}
			if dir == "egress" && c.chance(20) {
				peers = append(peers, "{nodes: "+c.selector()+"}")
			}
			key := map[string]string{"ingress": "from", "egress": "to"}[dir]
			fmt.Fprintf(&c.b, "  - {action: %s, %s: [%s]", action, key, strings.Join(peers, ", "))
			if c.chance(60) {
				fmt.Fprintf(&c.b, ", %s: [%s, %s]", ports, c.clusterPort(v2), c.clusterPort(v2))
			}
			c.b.WriteString("}\n")
		}
	}
}

func (c *chaos) labels() string {
	var parts []string
	for _, k := range []string{"app", "tier", "env", "noise"} {
		if c.chance(60) {
			parts = append(parts, k+": "+c.of("a", "b", "c", "d"))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// text writes the whole cluster.
func (c *chaos) text() string {
	for i := range 4 {
		fmt.Fprintf(&c.b, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns%d, labels: %s}\n", i, c.labels())
	}
	for i := range 2 {
		fmt.Fprintf(&c.b, "---\napiVersion: v1\nkind: Node\nmetadata: {name: n%d, labels: %s}\nstatus: {addresses: [{type: InternalIP, address: 10.0.9.%d}]}\n", i, c.labels(), i)
	}
	for i := range 10 {
		ip, host := fmt.Sprintf("10.0.%d.%d", c.n(2), i), ""
		if c.chance(25) {
			ip = fmt.Sprintf("fd00::%d", i)
		}
		node := c.n(2)
		if c.chance(10) {
			ip, host = fmt.Sprintf("10.0.9.%d", node), ", hostNetwork: true"
		}
		fmt.Fprintf(&c.b, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: pod%d, namespace: ns%d, labels: %s}\nspec: {nodeName: %s%s, serviceAccountName: %s, containers: [{name: c, ports: [", i, c.n(4), c.labels(), []string{"n0", "n1"}[node], host, c.of("one", "two"))
		var ports []string
		if c.chance(70) {
			ports = append(ports, fmt.Sprintf("{name: http, containerPort: %s}", c.of("80", "8080", "75")))
		}
		if c.chance(40) {
			ports = append(ports, "{name: dns, protocol: UDP, containerPort: 53}")
		}
		if c.chance(40) {
			ports = append(ports, fmt.Sprintf("{name: sql, protocol: %s, containerPort: 5432}", c.of("TCP", "SCTP")))
		}
		fmt.Fprintf(&c.b, "%s]}]}\nstatus: {podIP: \"%s\"}\n", strings.Join(ports, ", "), ip)
	}
	for i := range c.n(8) {
		c.np(i)
	}
	priorities := c.r.Perm(20)
	for i := range c.n(4) {
		head := fmt.Sprintf("  tier: %s\n  priority: %d\n", c.of("Admin", "Baseline"), priorities[i])
		c.cluster(i, "ClusterNetworkPolicy", "v1alpha2", head, true)
	}
	for i := range c.n(3) {
		c.cluster(i+10, "AdminNetworkPolicy", "v1alpha1", fmt.Sprintf("  priority: %d\n", priorities[i+10]), false)
	}
	if c.chance(30) {
		c.cluster(0, "BaselineAdminNetworkPolicy", "v1alpha1", "", false)
	}
	if c.chance(50) {
		c.ciliumObjects()
	}
	return c.b.String()
}

// TestAgainstNaive compares the engine with the naive evaluator on random clusters: every pair of pods, every
// pod and some outside addresses, on the ports around all borders.
func TestAgainstNaive(t *testing.T) {
	questions := 0
	for seed := range rounds(150) {
		questions += compareOnce(t, uint64(seed))
		if t.Failed() {
			return
		}
	}
	t.Logf("%d questions", questions)
}

type probe struct {
	proto Protocol
	port  uint16
}

// rounds is how many random clusters a test makes: more if the environment asks for it.
func rounds(n int) int {
	if more, err := strconv.Atoi(os.Getenv("BARTIZAN_REACH_ROUNDS")); err == nil {
		return more
	}
	return n
}

func compareOnce(t *testing.T, seed uint64) (questions int) {
	c := &chaos{r: rand.New(rand.NewPCG(seed, 7))}
	text := c.text()
	objects := objectsOf(t, text)
	m := New(worldOf(objects), Options{Complete: true})
	v := newNaive(objects)
	var probes []probe
	for _, n := range []uint16{1, 53, 60, 74, 75, 79, 80, 81, 85, 90, 95, 5432, 8080, 65535} {
		probes = append(probes, probe{TCP, n})
		if n == 53 || n == 80 || n == 5432 {
			probes = append(probes, probe{UDP, n}, probe{SCTP, n})
		}
	}
	parties := make([]party, 0, 16)
	peers := make([]Peer, 0, 16)
	for i := range v.pods {
		p := &v.pods[i]
		parties = append(parties, party{p, p.addr})
		peers = append(peers, Workload(bartizan.Ref{Kind: "Pod", Namespace: p.ns, Name: p.name}))
	}
	for _, a := range []string{"8.8.8.8", "8.8.4.4", "1.1.1.1", "10.0.1.200", "10.77.0.1", "169.254.169.254", "2001:4860::1", "fd00::77", "fd00::abcd", "2606:4700::1"} {
		addr := netip.MustParseAddr(a)
		parties = append(parties, party{nil, addr})
		peers = append(peers, Host(addr))
	}
	for i := range parties {
		for k := range parties {
			if parties[i].addr.Is4() != parties[k].addr.Is4() || sharesNode(v, parties[i], parties[k]) {
				continue
			}
			for _, q := range probes {
				questions++
				if v.cilium != nil && v.cilium.undecided(v, parties[i], parties[k], q) {
					continue
				}
				want := Denied
				if v.allowed(parties[i], parties[k], q.proto.String(), int64(q.port)) {
					want = Allowed
				}
				got := m.Can(peers[i], peers[k], Port{Protocol: q.proto, Number: q.port})
				if got.Verdict != want {
					t.Fatalf("seed %d: %s -> %s %s/%d: got %s (%s), want %s\n%s", seed, peers[i], peers[k], q.proto, q.port, got.Verdict, got.Reason, want, text)
				}
				checkDecisions(t, m, got, want)
				if i < len(v.pods) && k < len(v.pods) {
					if fast := m.Reaches(index(m, v.pods[i]), index(m, v.pods[k]), Port{Protocol: q.proto, Number: q.port}); fast != want {
						t.Fatalf("seed %d: %s -> %s %s/%d: Reaches says %s, want %s", seed, peers[i], peers[k], q.proto, q.port, fast, want)
					}
				}
			}
		}
	}
	return questions
}

func index(m *Model, p naivePod) int {
	for i, x := range m.Pods() {
		if x.Namespace == p.ns && x.Ref.Name == p.name {
			return i
		}
	}
	return -1
}

// sharesNode says whether the special rule for a pod's own node applies, which the naive evaluator leaves out.
func sharesNode(v *naive, a, b party) bool {
	return v.cilium == nil && (ownNode(a, b) || ownNode(b, a))
}

// checkDecisions demands that a denial names what denies, and that an explained side agrees with its rules.
func checkDecisions(t *testing.T, m *Model, a Answer, want Verdict) {
	t.Helper()
	for _, s := range []Side{a.Egress, a.Ingress} {
		if s.Verdict == Denied && len(s.Decisions) == 0 {
			t.Fatalf("denied without a rule: %+v", a)
		}
		if len(s.Decisions) == 0 {
			continue
		}
		last := s.Decisions[len(s.Decisions)-1]
		if s.Verdict == Allowed && last.Action == Deny || s.Verdict == Denied && last.Action == Allow {
			t.Fatalf("side %s is decided by %+v", s.Verdict, last)
		}
	}
}

// fuzzObjects decodes what can be decoded.
func fuzzObjects(text string) (all []*kube.Object) {
	for d, err := range tree.Parse(text, tree.Limits{Nodes: 20_000}) {
		if err != nil {
			return all
		}
		objects, _ := kube.Decode(d, bartizan.Origin{Source: "manifest", File: "fuzz.yaml"})
		all = append(all, objects...)
	}
	return all
}
