package reach

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// base is a small cluster whose policies the cases add.
const base = `
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {team: red}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
status: {podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]}
status: {podIP: 10.1.0.2}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: lost, namespace: gone}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: set, namespace: a}
spec: {template: {metadata: {labels: {app: set}}, spec: {containers: [{name: c}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: a}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: c}]}
status: {podIP: 192.168.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: far, namespace: a}
spec: {nodeName: n2, hostNetwork: true, containers: [{name: c}]}
status: {podIP: 192.168.0.2}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: a}
spec: {clusterIP: 10.96.0.9, selector: {app: db}, ports: [{port: 3306, targetPort: sql}]}
---
apiVersion: v1
kind: Service
metadata: {name: ext, namespace: a}
spec: {type: ExternalName, externalName: db.example.org, ports: [{port: 5432}]}
---
`

func np(spec string) string {
	return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: " + spec + "\n"
}

func cnp(name, spec string) string {
	return "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: " + name + "}\nspec: " + spec + "\n"
}

func peerOf(s string) Peer {
	if s == "internet" {
		return Internet()
	}
	if a, err := netip.ParsePrefix(s); err == nil {
		return Address(a)
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return Host(a)
	}
	parts := strings.Split(s, "/")
	if len(parts) == 3 {
		return Workload(bartizan.Ref{Kind: bartizan.Kind(parts[1]), Namespace: parts[0], Name: parts[2]})
	}
	return Workload(bartizan.Ref{Namespace: parts[0], Name: parts[1]})
}

func TestCan(t *testing.T) {
	for _, c := range []struct {
		name, policies, from, to, port string
		want                           Verdict
		reason                         string
	}{
		{"no policy allows all", "", "a/web", "a/db", "5432", Allowed, "no policy applies"},
		{"an empty policy closes ingress", np("{podSelector: {}}"), "a/web", "a/db", "5432", Denied, "none of their rules"},
		{"and leaves egress open", np("{podSelector: {matchLabels: {app: web}}}"), "a/web", "a/db", "5432", Allowed, ""},
		{"an empty list of peers is every peer", np("{podSelector: {}, ingress: [{from: []}]}"), "8.8.8.8", "a/db", "5432", Allowed, ""},
		{"an empty list of rules is none", np("{podSelector: {}, ingress: []}"), "8.8.8.8", "a/db", "5432", Denied, ""},
		{"a null pod selector in a peer with namespaces is every pod", np("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"), "a/web", "a/db", "5432", Allowed, ""},
		{"an empty pod selector alone is the policy's own namespace", np("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"), "gone/lost", "a/db", "5432", Denied, ""},
		{"egress rules make Egress the default type", np("{podSelector: {}, egress: [{ports: [{port: 53, protocol: UDP}]}], ingress: [{}]}"), "a/web", "a/db", "5432", Denied, ""},
		{"a port by name is the destination's", np("{podSelector: {}, ingress: [{ports: [{port: sql}]}]}"), "a/web", "a/db", "5432", Allowed, ""},
		{"and of no other pod", np("{podSelector: {}, ingress: [{ports: [{port: sql}]}]}"), "a/db", "a/web", "5432", Denied, ""},
		{"a name may be asked for", np("{podSelector: {}, ingress: [{ports: [{port: 5432}]}]}"), "a/web", "a/db", "sql", Allowed, ""},
		{"a name that is not declared", "", "a/web", "a/db", "amqp", Unknown, "declares a port named amqp"},
		{"a range holds its end", np("{podSelector: {}, ingress: [{ports: [{port: 5000, endPort: 5432}]}]}"), "a/web", "a/db", "5432", Allowed, ""},
		{"no protocol means TCP", np("{podSelector: {}, ingress: [{ports: [{port: 5432}]}]}"), "a/web", "a/db", "UDP/5432", Denied, ""},
		{"NotIn selects pods without the label", np("{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [x]}]}}]}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"a namespace has its name as a label", np("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: gone}}}]}]}"), "gone/lost", "a/db", "1", Allowed, ""},
		{"other labels of one that was not read are not known", np("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: red}}}]}]}"), "gone/lost", "a/db", "1", Unknown, "namespace gone"},
		{"a controller's own labels are not known", np("{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {statefulset.kubernetes.io/pod-name: set-0}}}]}]}"), "a/set", "a/db", "1", Unknown, "when they are made"},
		{"a block matches a pod's address", np("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/24}}]}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"an exception is out", np("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/24, except: [10.1.0.1/32]}}]}]}"), "a/web", "a/db", "1", Denied, ""},
		{"an address that was not read may lie in a block", np("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/24}}]}]}"), "gone/lost", "a/db", "1", Unknown, "its address was not read"},
		{"it lies in all of IPv4", np("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]}"), "gone/lost", "a/db", "1", Allowed, ""},
		{"a pod reaches itself", np("{podSelector: {}, policyTypes: [Ingress, Egress]}"), "a/web", "a/web", "1", Allowed, "itself"},
		{"its node reaches it", np("{podSelector: {}}"), "a/agent", "a/db", "1", Allowed, "node it runs on"},
		{"another node does not", np("{podSelector: {}}"), "a/far", "a/db", "1", Denied, ""},
		{"policies do not select pods on the node's network", np("{podSelector: {}, policyTypes: [Ingress, Egress]}"), "a/agent", "8.8.8.8", "1", Allowed, ""},
		{"nor name them as peers", np("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"), "a/far", "a/db", "1", Denied, ""},
		{"a Service stands for its pods", np("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5432}]}]}"), "a/web", "a/Service/db", "3306", Allowed, ""},
		{"by its address, too", np("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5432}]}]}"), "a/web", "10.96.0.9", "3306", Allowed, ""},
		{"but not on the pods' port", "", "a/web", "10.96.0.9", "5432", Denied, "has no port"},
		{"an external name stands for an unknown address", "", "a/web", "a/Service/ext", "5432", Unknown, "db.example.org"},
		{"unless nothing outside is reached", np("{podSelector: {}, policyTypes: [Egress]}"), "a/web", "a/Service/ext", "5432", Denied, ""},
		{"a broken selector makes its namespace unknown", np("{podSelector: {app: web}}"), "a/web", "a/db", "1", Unknown, "matchLabels"},
		{"and no other", np("{podSelector: {app: web}}"), "a/web", "gone/lost", "1", Allowed, ""},
		{"a broken rule may allow", np("{podSelector: {}, ingress: [{form: []}]}"), "a/web", "a/db", "1", Unknown, "no field form"},
		{"an admin denial comes first", np("{podSelector: {}, ingress: [{}]}") + cnp("c", "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}"), "a/web", "a/db", "1", Denied, "admin tier"},
		{"a pass leaves it to the next tier", np("{podSelector: {}, ingress: [{}]}") + cnp("c", "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Pass, from: [{namespaces: {}}]}, {action: Deny, from: [{namespaces: {}}]}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"the baseline counts where no policy selects", cnp("c", "{tier: Baseline, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}"), "a/web", "a/db", "1", Denied, "baseline tier"},
		{"and not where one does", np("{podSelector: {}, ingress: [{}]}") + cnp("c", "{tier: Baseline, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"equal priorities that disagree are not known", cnp("c", "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}") +
			cnp("d", "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}]}]}"), "a/web", "a/db", "1", Unknown, "equal priority"},
		{"a domain name stands for unknown addresses", np("{podSelector: {}, policyTypes: [Ingress]}") +
			cnp("c", "{tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Accept, to: [{domainNames: [example.org]}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]}"), "a/web", "8.8.8.8", "443", Unknown, "example.org"},
		{"a peer of no known form fails closed", cnp("c", "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Pass, from: [{future: {}}]}]}"), "a/web", "a/db", "1", Denied, ""},
		{"what was not read is not known", "", "a/nobody", "a/db", "1", Unknown, "was read"},
		{"part of a range is enough", np("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 8.0.0.0/8}}]}]}"), "8.0.0.0/7", "a/db", "1", Allowed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := modelOf(t, base+c.policies, Options{})
			p, err := ParsePort(c.port)
			if err != nil {
				t.Fatal(err)
			}
			a := m.Can(peerOf(c.from), peerOf(c.to), p)
			if a.Verdict != c.want || !strings.Contains(a.Reason, c.reason) {
				t.Errorf("%s -> %s %s: %s (%s), want %s (%s)", c.from, c.to, c.port, a.Verdict, a.Reason, c.want, c.reason)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		policies string
		want     FaultCode
	}{
		{np("{podSelector: {matchLabels: {app: nobody}}}"), SelectsNothing},
		{np("{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: nobody}}}]}]}"), NeverMatches},
		{np("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: http}]}]}"), NeverMatches},
		{np("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}, {}]}"), Shadowed},
		{np("{podSelector: {}, policyTypes: [Egress], ingress: [{}]}"), NoEffect},
		{np("{podSelector: {app: web}}"), BrokenPolicy},
		{np("{podSelector: {}}") + "---\n" + np("{podSelector: {matchLabels: {app: web}}}"), DuplicatePolicy},
		{cnp("c", "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}, {action: Accept, from: [{namespaces: {matchLabels: {team: red}}}]}]}"), Shadowed},
		{cnp("c", "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}") +
			cnp("d", "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}]}]}"), UndefinedOrder},
	} {
		var codes []FaultCode
		for _, f := range modelOf(t, base+c.policies, Options{}).Faults() {
			codes = append(codes, f.Code)
			if f.Origin.Line == 0 || f.Message == "" {
				t.Errorf("fault without a place or a message: %+v", f)
			}
		}
		found := false
		for _, code := range codes {
			found = found || code == c.want
		}
		if !found {
			t.Errorf("%s: faults %v, want %s", c.policies, codes, c.want)
		}
	}
	for _, c := range []struct{ ports, want string }{ // what the rule's other ports would hide
		{"[{port: http}, {port: htpp}]", "names a port that no pod it is about declares: htpp"},
		{"[{port: 80}, {port: htpp}]", "names a port that no pod it is about declares: htpp"},
		{"[{port: http}, {port: http, protocol: SCTP}]", "names the port http for SCTP, and pods have it for another protocol only: say which"},
	} {
		list := modelOf(t, base+np("{podSelector: {matchLabels: {app: web}}, ingress: [{ports: "+c.ports+"}]}"), Options{}).Faults()
		if len(list) != 1 || list[0].Code != NeverMatches || !strings.HasSuffix(list[0].Message, c.want) {
			t.Errorf("%s: faults %+v, want %q", c.ports, list, c.want)
		}
	}
	if list := modelOf(t, base+np("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"), Options{}).Faults(); len(list) > 0 {
		t.Errorf("faults in a policy without any: %+v", list)
	}
}

// TestAnswerNamesWhatItIsAbout: which of the ports asked about an answer holds for, and a Service asked about by its name alone.
func TestAnswerNamesWhatItIsAbout(t *testing.T) {
	m := modelOf(t, base+np("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: sql}, {port: 9000, endPort: 9010}]}]}")+`---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: a}
spec: {selector: {app: db}, ports: [{port: 3306, targetPort: sql}]}
`, Options{})
	web := Workload(bartizan.Ref{Namespace: "a", Name: "web"})
	db := Workload(bartizan.Ref{Namespace: "a", Name: "db"})
	for _, c := range []struct {
		to   Peer
		port Port
		want Verdict
		only string
	}{
		{db, Port{}, Allowed, "5432, 9000-9010"},
		{db, Port{Number: 9005, End: 9100}, Allowed, "9005-9010"},
		{db, Port{Number: 9001, End: 9002}, Allowed, ""},
		{Workload(bartizan.Ref{Namespace: "a", Name: "front"}), Port{Number: 3306}, Allowed, ""},
		{Workload(bartizan.Ref{Namespace: "a", Name: "front"}), Port{Number: 5432}, Denied, ""},
		{Workload(bartizan.Ref{Namespace: "a", Name: "nobody"}), Port{Number: 3306}, Unknown, ""},
	} {
		a := m.Ask(web, c.to, c.port)
		if only := PortsText(a.OnlyPorts); a.Verdict != c.want || only != c.only {
			t.Errorf("%s port %s: %s (%s), only %q; want %s, only %q", c.to, c.port, a.Verdict, a.Reason, only, c.want, c.only)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(base + np("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 1, endPort: 9}]}]}"))
	f.Add(base + cnp("c", "{tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: {}}, {networks: [::/0]}], protocols: [{tcp: {destinationPort: {number: 1}}}]}]}"))
	f.Add(base + np("{podSelector: {app: x}, ingress: 7, egress: [[{}]], policyTypes: [x]}"))
	for _, c := range append(append(ciliumPeersCases(), ciliumRuleCases()...), ciliumRefusedCases()...) {
		f.Add(base + c.policies)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			t.Skip()
		}
		var objects []*kube.Object
		for _, o := range fuzzObjects(text) {
			objects = append(objects, o)
		}
		m := New(worldOf(objects), Options{})
		m.Faults()
		m.Connections()
		m.Exposures()
		for i := range min(4, m.PodCount()) {
			a := m.Can(Workload(m.Pod(i).Ref), Internet(), Port{Number: 443})
			if a.Verdict == Unknown && a.Reason == "" {
				t.Errorf("not known, and no reason: %+v", a)
			}
		}
	})
}
