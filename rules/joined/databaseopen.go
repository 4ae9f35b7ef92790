package joined

import (
	"fmt"
	"slices"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// DatabaseOpen finds databases that pods of every namespace reach.
var DatabaseOpen = rule.Go(`
id: network-database-open
title: Pods of every namespace reach a database
severity: medium
on: Workload
needs: policies
maps: {cis-1.12: 5.3.2, nsa-cisa: [network-policies, namespace-separation], attack: [T1046, T1190], ms-matrix: MS-TA9034}
why: |
  Databases and caches are made for a trusted network, and several ask for no password by default. Policies were
  written for this namespace, and still every pod of every other namespace opens the port, so that whoever takes
  over any of them is at the data. Let in the pods that use it.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/from-all.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{namespaceSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  containers:
    - name: main
      image: app
      ports:
        - containerPort: 5432 # FINDING
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec:
  containers: [{name: main, image: app}]
-- fail/unselected.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  containers:
    - name: main
      image: app
      ports:
        - containerPort: 6379 # FINDING
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec:
  containers: [{name: main, image: app}]
-- pass/own-namespace.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{podSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 5432}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec:
  containers: [{name: main, image: app}]
-- pass/one-namespace.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: one}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 5432}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec:
  containers: [{name: main, image: app}]
-- pass/no-policies.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: elsewhere}
spec:
  podSelector: {}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 5432}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec:
  containers: [{name: main, image: app}]
-- pass/alone.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 5432}]}]
-- pass/web.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{namespaceSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(func(p *rule.Pass, o *kube.Object) { judgeOpen(p, o, databases) }))

// databases are the ports of databases and caches, with their names.
var databases = map[int]string{
	1433: "SQL Server", 1521: "Oracle", 3306: "MySQL", 5432: "PostgreSQL", 5984: "CouchDB", 6379: "Redis", 7000: "Cassandra",
	9042: "Cassandra", 9200: "Elasticsearch", 9300: "Elasticsearch", 11211: "Memcached", 26257: "CockroachDB", 27017: "MongoDB",
	28015: "RethinkDB",
}

// enoughNamespaces is how many other namespaces must have been read for "every namespace" to mean something.
const enoughNamespaces = 2

// judgeOpen reports declared ports of a list that the pods of every other namespace reach, where policies speak for the
// namespace or all was read.
func judgeOpen(p *rule.Pass, o *kube.Object, list map[int]string) {
	judged := false
	for c := range p.Joined.Classes(object{o}) {
		if c.HostNetwork || !p.Joined.Complete && !p.Joined.Policies.Governed(c.Ref.Namespace) {
			continue
		}
		for _, d := range declared(c) {
			if list[d.port] == "" {
				continue
			}
			open, closed, why := p.Joined.Policies.Peers(c, d.port)
			if len(open)+len(closed) < enoughNamespaces {
				continue
			}
			judged = true
			if len(closed) == 0 {
				p.Report(rule.Hit{
					Path: path(d.at, o), Why: why,
					Message: fmt.Sprintf("pods of all %d other namespaces reach port %d (%s)", len(open), d.port, list[d.port]),
				})
			}
		}
	}
	if !judged {
		p.Abstain()
	}
}

// declaredPort is a port that a container says it listens on.
type declaredPort struct {
	port int
	at   tree.Node
}

func declared(c *rule.Pod) (out []declaredPort) {
	for i := range c.Containers {
		for n := range c.Containers[i].Node.Get("ports").Items() {
			number, ok := n.Get("containerPort").Int()
			protocol := n.Get("protocol").Text()
			known := slices.ContainsFunc(out, func(d declaredPort) bool { return d.port == int(number) })
			if ok && (protocol == "" || protocol == "TCP") && !known {
				out = append(out, declaredPort{int(number), n.Get("containerPort")})
			}
		}
	}
	return out
}
