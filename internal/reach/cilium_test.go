package reach

import (
	"strings"
	"testing"
)

// ciliumBase adds to base what the cases of Cilium speak of.
const ciliumBase = base + `
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: b, labels: {app: api}}
spec: {nodeName: n2, serviceAccountName: robot, containers: [{name: c, ports: [{name: http, containerPort: 9090}, {name: grpc, containerPort: 7000}]}]}
status: {podIP: 10.1.0.9}
---
apiVersion: v1
kind: Namespace
metadata: {name: b, labels: {team: blue}}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {zone: east}}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Service
metadata: {name: legacy, namespace: a, labels: {kind: old}}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: legacy, namespace: a}
subsets: [{addresses: [{ip: 198.51.100.7}], ports: [{port: 80}]}]
---
`

func cilium(kind, spec string) string {
	meta := "{name: p, namespace: a}"
	if kind == "CiliumClusterwideNetworkPolicy" {
		meta = "{name: p}"
	}
	return "---\napiVersion: cilium.io/v2\nkind: " + kind + "\nmetadata: " + meta + "\nspec: " + spec + "\n"
}

const (
	cnpKind  = "CiliumNetworkPolicy"
	ccnpKind = "CiliumClusterwideNetworkPolicy"
	toDB     = "{endpointSelector: {matchLabels: {app: db}}, "
	config   = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\ndata: {cluster-name: main, policy-cidr-match-mode: nodes}\n"
	servers  = "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}\nendpoints: [{addresses: [203.0.113.5]}]\n"
)

// ciliumCase is one question about one policy.
type ciliumCase struct {
	name, policies, from, to, port string
	want                           Verdict
	reason                         string
}

func ciliumPeersCases() []ciliumCase {
	in := func(rules string) string { return cilium(cnpKind, toDB+"ingress: ["+rules+"]}") }
	out := func(rules string) string {
		return cilium(cnpKind, "{endpointSelector: {matchLabels: {app: web}}, egress: ["+rules+"]}")
	}
	return []ciliumCase{
		{"a selector is about the policy's own namespace", in("{fromEndpoints: [{}]}"), "b/api", "a/db", "1", Denied, "none of their rules"},
		{"and selects there", in("{fromEndpoints: [{}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"unless it names one", in("{fromEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: b}}]}"), "b/api", "a/db", "1", Allowed, ""},
		{"or labels of namespaces", in("{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: blue}}]}"), "b/api", "a/db", "1", Allowed, ""},
		{"those of one that was not read are not known", in("{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: blue}}]}"), "gone/lost", "a/db", "1", Unknown, "namespace gone"},
		{"but for its name", in("{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name: gone}}]}"), "gone/lost", "a/db", "1", Allowed, ""},
		{"a cluster-wide one is about every namespace", cilium(ccnpKind, toDB+"ingress: [{fromEndpoints: [{}]}]}"), "b/api", "a/db", "1", Allowed, ""},
		{"a service account is a label", in("{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.serviceaccount: robot, 'k8s:io.kubernetes.pod.namespace': b}}]}"), "b/api", "a/db", "1", Allowed, ""},
		{"and is default if none is named", in("{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.serviceaccount: default}}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"the name of the cluster is not known", in("{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.cluster: main}}]}"), "a/web", "a/db", "1", Unknown, ""},
		{"unless the agent's configuration was read", config + in("{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.cluster: main}}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"labels of other sources are no pod's", in("{fromEndpoints: [{matchLabels: {'container:app': web}}]}"), "a/web", "a/db", "1", Denied, ""},
		{"world is outside", in("{fromEntities: [world]}"), "8.8.8.8", "a/db", "1", Allowed, ""},
		{"and no pod", in("{fromEntities: [world]}"), "a/web", "a/db", "1", Denied, ""},
		{"cluster is pods and nodes", in("{fromEntities: [cluster]}"), "a/far", "a/db", "1", Allowed, ""},
		{"and not what is outside", in("{fromEntities: [cluster]}"), "8.8.8.8", "a/db", "1", Denied, ""},
		{"remote nodes are other nodes", in("{fromEntities: [remote-node]}"), "a/far", "a/db", "1", Allowed, ""},
		{"host is not another node", in("{fromEntities: [host]}"), "a/far", "a/db", "1", Denied, ""},
		{"a pod's own node always reaches it", in("{fromEntities: [world]}"), "a/agent", "a/db", "1", Allowed, "runs on"},
		{"unless a rule denies it", cilium(cnpKind, toDB+"ingressDeny: [{fromEntities: [host]}]}"), "a/agent", "a/db", "1", Unknown, "own node"},
		{"a pod does not reach its own node unasked", out("{toEntities: [remote-node]}"), "a/web", "a/agent", "1", Denied, ""},
		{"and does as host", out("{toEntities: [host]}"), "a/web", "a/agent", "1", Allowed, ""},
		{"whose node it is may not be known", cilium(ccnpKind, "{endpointSelector: {}, egress: [{toEntities: [host]}]}"), "gone/lost", "a/agent", "1", Unknown, "share a node"},
		{"a reserved label is an entity", in("{fromEndpoints: [{matchLabels: {'reserved:world': ''}}]}"), "8.8.8.8", "a/db", "1", Allowed, ""},
		{"the API server's addresses may not be known", in("{fromEntities: [kube-apiserver]}"), "203.0.113.5", "a/db", "1", Unknown, "API server"},
		{"but no pod has one", in("{fromEntities: [kube-apiserver]}"), "a/web", "a/db", "1", Denied, ""},
		{"and where they are, it is exact", servers + in("{fromEntities: [kube-apiserver]}"), "203.0.113.5", "a/db", "1", Allowed, ""},
		{"to both sides", servers + in("{fromEntities: [kube-apiserver]}"), "203.0.113.6", "a/db", "1", Denied, ""},
		{"a range does not match pods", in("{fromCIDR: [10.1.0.0/16]}"), "a/web", "a/db", "1", Denied, ""},
		{"nor does ipBlock where Cilium is", in("{}") + "---\n" + np("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/16}}]}]}"), "a/web", "a/db", "1", Denied, ""},
		{"whether it matches nodes is a setting", in("{fromCIDR: [192.168.0.0/16]}"), "a/far", "a/db", "1", Unknown, "policy-cidr-match-mode"},
		{"that may be read", config + in("{fromCIDR: [192.168.0.0/16]}"), "a/far", "a/db", "1", Allowed, ""},
		{"an address is a range", in("{fromCIDR: [8.8.8.8]}"), "8.8.8.8", "a/db", "1", Allowed, ""},
		{"exceptions are out", in("{fromCIDRSet: [{cidr: 8.0.0.0/8, except: [8.8.8.0/24]}]}"), "8.8.8.8", "a/db", "1", Denied, ""},
		{"a group that was not read may hold it", in("{fromCIDRSet: [{cidrGroupRef: g}]}"), "8.8.8.8", "a/db", "1", Unknown, "CiliumCIDRGroup g"},
		{"but no pod", in("{fromCIDRSet: [{cidrGroupRef: g}]}"), "a/web", "a/db", "1", Denied, ""},
		{"a name stands for addresses that are not known", out("{toFQDNs: [{matchName: Example.org}]}"), "a/web", "8.8.8.8", "443", Unknown, "example.org"},
		{"and for no pod", out("{toFQDNs: [{matchPattern: '*'}]}"), "a/web", "a/db", "1", Denied, ""},
		{"a Service without a selector is its addresses", out("{toServices: [{k8sService: {serviceName: legacy, namespace: a}}]}"), "a/web", "198.51.100.7", "1", Allowed, ""},
		{"found by its labels as well", out("{toServices: [{k8sServiceSelector: {selector: {matchLabels: {kind: old}}}}]}"), "a/web", "198.51.100.8", "1", Denied, ""},
		{"one with a selector is so in some versions", out("{toServices: [{k8sService: {serviceName: db, namespace: a}}]}"), "a/web", "a/db", "1", Unknown, "later versions"},
		{"one that was not read may be anything", out("{toServices: [{k8sService: {serviceName: x, namespace: a}}]}"), "a/web", "a/db", "1", Unknown, "was not read"},
		{"labels of nodes count if told so", in("{fromNodes: [{matchLabels: {zone: east}}]}"), "a/agent", "gone/lost", "1", Allowed, ""},
		{"else it is not known", cilium(ccnpKind, "{endpointSelector: {}, egress: [{toNodes: [{matchLabels: {zone: east}}]}]}"), "b/api", "a/agent", "1", Unknown, "enable-node-selector-labels"},
		{"a cloud's group is not known", out("{toGroups: [{aws: {securityGroupsIds: [sg-1]}}]}"), "a/web", "8.8.8.8", "1", Unknown, "cloud"},
		{"requirements may narrow", in("{fromEndpoints: [{}], fromRequires: [{matchLabels: {app: set}}]}"), "a/web", "a/db", "1", Unknown, "fromRequires"},
		{"and do not where they are met", in("{fromEndpoints: [{}], fromRequires: [{matchLabels: {app: web}}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"a label left out of identities is not known", in("{fromEndpoints: [{matchLabels: {statefulset.kubernetes.io/pod-name: set-0}}]}"), "a/set", "a/db", "1", Unknown, "when they are made"},
	}
}

func ciliumRuleCases() []ciliumCase {
	in := func(rules string) string { return cilium(cnpKind, toDB+"ingress: ["+rules+"]}") }
	return []ciliumCase{
		{"an empty rule closes and matches nothing", in("{}"), "a/web", "a/db", "1", Denied, ""},
		{"an empty list does neither", cilium(cnpKind, toDB+"ingress: []}"), "a/web", "a/db", "1", Allowed, ""},
		{"nor does asking for it without rules", cilium(cnpKind, toDB+"enableDefaultDeny: {ingress: true}}"), "a/web", "a/db", "1", Allowed, ""},
		{"ports alone are for every peer", in("{toPorts: [{ports: [{port: '5432'}]}]}"), "8.8.8.8", "a/db", "UDP/5432", Allowed, ""},
		{"a policy may leave the rest open", cilium(cnpKind, toDB+"enableDefaultDeny: {ingress: false}, ingress: [{fromEntities: [world]}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"and still deny", cilium(cnpKind, toDB+"enableDefaultDeny: {ingress: false}, ingressDeny: [{fromEndpoints: [{}]}]}"), "a/web", "a/db", "1", Denied, "denies"},
		{"a denial comes before what NetworkPolicy allows", cilium(cnpKind, toDB+"ingressDeny: [{fromEndpoints: [{}]}]}") + "---\n" + np("{podSelector: {}, ingress: [{}]}"), "a/web", "a/db", "1", Denied, "denies"},
		{"what either kind allows is allowed", in("{fromEntities: [world]}") + "---\n" + np("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"), "a/web", "a/db", "1", Allowed, ""},
		{"a range holds its end", in("{toPorts: [{ports: [{port: '5000', endPort: 5432, protocol: TCP}]}]}"), "a/web", "a/db", "5432", Allowed, ""},
		{"port 0 is every port of a protocol", in("{toPorts: [{ports: [{port: '0', protocol: UDP}]}]}"), "a/web", "a/db", "UDP/9", Allowed, ""},
		{"and of no other", in("{toPorts: [{ports: [{port: '0', protocol: UDP}]}]}"), "a/web", "a/db", "9", Denied, ""},
		{"a name is the pod's own at ingress", in("{toPorts: [{ports: [{port: sql}]}]}"), "a/web", "a/db", "5432", Allowed, ""},
		{"at egress it is one number for the cluster", cilium(cnpKind, "{endpointSelector: {}, egress: [{toEndpoints: [{}], toPorts: [{ports: [{port: grpc}]}]}]}"), "a/web", "a/db", "7000", Allowed, ""},
		{"which is not known if pods differ", cilium(cnpKind, "{endpointSelector: {}, egress: [{toEndpoints: [{}], toPorts: [{ports: [{port: http}]}]}]}"), "a/web", "a/db", "8080", Unknown, "different numbers"},
		{"messages without ports open none", in("{icmps: [{fields: [{type: 8}]}]}"), "a/web", "a/db", "1", Denied, ""},
		{"requests are told", in("{fromEndpoints: [{}], toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: GET, path: /api.*}]}}]}"), "a/web", "a/db", "80", Allowed, "for GET /api.* only"},
		{"unless another rule lets all through", in("{fromEndpoints: [{}], toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: GET}]}}]}, {fromEndpoints: [{}]}"), "a/web", "a/db", "80", Allowed, "let it through"},
		{"values of headers are not", in("{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{headers: ['X-Token: s3cret']}]}}]}"), "a/web", "a/db", "80", Allowed, "with header X-Token only"},
		{"Kafka", in("{toPorts: [{ports: [{port: '9092', protocol: TCP}], rules: {kafka: [{role: produce, topic: t}]}}]}"), "a/web", "a/db", "9092", Allowed, "for Kafka role produce topic t only"},
		{"names in TLS", in("{toPorts: [{ports: [{port: '443', protocol: TCP}], serverNames: [x.example.org]}]}"), "a/web", "a/db", "443", Allowed, "TLS to x.example.org"},
		{"proof of identity", in("{fromEndpoints: [{}], authentication: {mode: required}}"), "a/web", "a/db", "1", Allowed, "authentication: required"},
		{"every one of specs counts", "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\nspecs: [" + toDB + "ingress: [{fromEntities: [world]}]}, " + toDB + "ingress: [{fromEndpoints: [{}]}]}]\n", "a/web", "a/db", "1", Allowed, ""},
		{"a policy for nodes counts if the firewall is on", cilium(ccnpKind, "{nodeSelector: {}, ingress: [{fromEntities: [cluster]}]}"), "8.8.8.8", "a/far", "22", Unknown, "host firewall"},
		{"and lets through what it allows", cilium(ccnpKind, "{nodeSelector: {}, ingress: [{fromEntities: [world]}]}"), "8.8.8.8", "a/far", "22", Allowed, ""},
	}
}

// ciliumRefusedCases are policies that Cilium refuses or reads in more than one way.
func ciliumRefusedCases() (out []ciliumCase) {
	for _, c := range [][3]string{
		{"two forms of peers in a rule", toDB + "ingress: [{fromEndpoints: [{}], fromEntities: [world]}]}", "do not go together"},
		{"a field that is not known", toDB + "ingress: [{fromPods: [{}]}]}", "no field fromPods"},
		{"no selector at all", "{ingress: [{}]}", "one of endpointSelector and nodeSelector"},
		{"a port that is not a string", toDB + "ingress: [{toPorts: [{ports: [{port: 80}]}]}]}", "not a string"},
		{"a namespaced policy for nodes", "{nodeSelector: {}, ingress: [{}]}", "nodeSelector is for"},
		{"an entity that is not known", toDB + "ingress: [{fromEntities: [moon]}]}", "no entity moon"},
		{"rules on requests in a denial", toDB + "ingressDeny: [{toPorts: [{ports: [{port: '80'}], rules: {http: [{}]}}]}]}", "no field rules"},
		{"an empty list of peers", toDB + "ingress: [{fromEndpoints: []}]}", "differs between the versions"},
		{"ports without ports", toDB + "ingress: [{toPorts: [{}]}]}", "differs between the versions"},
	} {
		out = append(out, ciliumCase{c[0], cilium(cnpKind, c[1]), "a/web", "a/db", "80", Unknown, c[2]})
	}
	return out
}

func TestCilium(t *testing.T) {
	cases := append(ciliumPeersCases(), ciliumRuleCases()...)
	for _, c := range append(cases, ciliumRefusedCases()...) {
		t.Run(c.name, func(t *testing.T) {
			m := modelOf(t, ciliumBase+c.policies, Options{Complete: true})
			p, err := ParsePort(c.port)
			if err != nil {
				t.Fatal(err)
			}
			a := m.Can(peerOf(c.from), peerOf(c.to), p)
			if a.Verdict != c.want || !strings.Contains(a.Reason, c.reason) {
				t.Errorf("%s -> %s %s: %s (%s), want %s (%s)", c.from, c.to, c.port, a.Verdict, a.Reason, c.want, c.reason)
			}
			if strings.Contains(a.Reason, "s3cret") {
				t.Error("the value of a header is shown")
			}
		})
	}
}
