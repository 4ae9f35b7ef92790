package path

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Severity is how bad a path is, from what it leads to and how likely it is.
func (p *Path) Severity() bartizan.Severity {
	switch {
	case p.Score >= 9:
		return bartizan.Critical
	case p.Score >= 5:
		return bartizan.High
	case p.Score >= 1:
		return bartizan.Medium
	}
	return bartizan.Low
}

// Likelihood says in a word how likely it is that somebody who begins a path succeeds.
func (p *Path) Likelihood() string {
	switch {
	case p.Cost == 0:
		return "certain"
	case p.Cost <= 3:
		return "likely"
	case p.Cost <= 7:
		return "possible"
	}
	return "unlikely"
}

// Words names a thing that an attacker may hold, in a sentence.
func Words(r bartizan.Ref) string { return words(r) }

// shortKinds are other names for kinds, as users write them.
var shortKinds = map[string]bartizan.Kind{
	"sa": "ServiceAccount", "serviceaccount": "ServiceAccount", "user": "User", "group": "Group", "node": "Node", "no": "Node",
	"secret": "Secret", "pod": "Pod", "po": "Pod", "deploy": "Deployment", "deployment": "Deployment", "ds": "DaemonSet",
	"daemonset": "DaemonSet", "sts": "StatefulSet", "statefulset": "StatefulSet", "job": "Job", "cronjob": "CronJob", "cj": "CronJob",
	"rs": "ReplicaSet", "replicaset": "ReplicaSet", "cloud": rule.KindCloud,
}

// Resolve finds what a user names: NAMESPACE/NAME for a workload, or KIND/NAMESPACE/NAME or KIND/NAME for anything
// else. A Secret need not have been read to be named.
func (g *Graph) Resolve(text string) ([]bartizan.Ref, error) {
	parts := strings.Split(text, "/")
	kind, known := shortKinds[strings.ToLower(parts[0])]
	if !known {
		for _, r := range g.refs {
			if strings.EqualFold(string(r.Kind), parts[0]) {
				kind, known = r.Kind, true
			}
		}
	}
	var want bartizan.Ref
	switch {
	case known && (kind == "User" || kind == "Group" || kind == rule.KindCloud) && len(parts) > 1:
		want = bartizan.Ref{Kind: kind, Name: strings.Join(parts[1:], "/")}
	case known && len(parts) == 3:
		want = bartizan.Ref{Kind: kind, Namespace: parts[1], Name: parts[2]}
	case known && len(parts) == 2 && kind == "Node":
		want = bartizan.Ref{Kind: kind, Name: parts[1]}
	case len(parts) == 2:
		return g.workload(parts[0], parts[1], text)
	default:
		return nil, fmt.Errorf("%q names nothing: write NAMESPACE/NAME for a workload, or KIND/NAMESPACE/NAME, as in secret/shop/db", text)
	}
	if class, ok := g.facts.byName[want]; ok {
		want = class
	}
	if _, ok := g.find(want); !ok && kind != "Secret" {
		return nil, fmt.Errorf("%s was not read%s", want, g.similar(want))
	}
	return []bartizan.Ref{want}, nil
}

// workload finds the workloads of a name.
func (g *Graph) workload(namespace, name, text string) (out []bartizan.Ref, err error) {
	for _, p := range g.facts.pods {
		if p.Ref.Namespace == namespace && p.Ref.Name == name && !slices.Contains(out, p.Ref) {
			out = append(out, p.Ref)
		}
	}
	if class, ok := g.facts.byName[bartizan.Ref{Kind: "Pod", Namespace: namespace, Name: name}]; ok && len(out) == 0 {
		out = append(out, class)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no workload %s was read%s", text, g.similar(bartizan.Ref{Namespace: namespace, Name: name}))
	}
	return out, nil
}

// similar proposes things of the same name or namespace.
func (g *Graph) similar(want bartizan.Ref) string {
	var found []string
	for _, r := range g.refs {
		if (want.Kind == "" && g.isPod(r) || r.Kind == want.Kind) && r.Name != rule.Every && (r.Name == want.Name || r.Namespace == want.Namespace && len(found) < 3) {
			found = append(found, r.String())
		}
	}
	if len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return "; did you mean " + strings.Join(found[:min(len(found), 3)], ", or ") + "?"
}

func (g *Graph) isPod(r bartizan.Ref) bool {
	return slices.ContainsFunc(g.facts.pods, func(p *rule.Pod) bool { return p.Ref == r })
}
