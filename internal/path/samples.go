package path

import (
	"maps"
	"slices"

	"github.com/bartizan-dev/bartizan/rule"
)

// donor is what a pod that exists has and policies may ask for.
type donor struct {
	labels, annotations map[string]any
	image, account      string
}

// sample is a pod that somebody might create.
type sample struct {
	donor
	spec map[string]any
}

// maxDonors is of how many pods of a namespace, and of how many others, the looks are tried on.
const (
	maxDonors       = 8
	maxOthersDonors = 4
)

// donors are the looks to try: a pod without any, those of the namespace, and some of others.
func (g *guards) donors(namespace string) []donor {
	out := []donor{{image: "example.com/main@sha256:0000000000000000000000000000000000000000000000000000000000000000"}}
	add := func(p *rule.Pod, most int) {
		d := donor{labels: map[string]any{}, annotations: map[string]any{}, account: p.Account.Name}
		for l := range p.Meta.Get("labels").Items() {
			d.labels[l.Key()] = l.Text()
		}
		for a := range p.Meta.Get("annotations").Items() {
			d.annotations[a.Key()] = a.Text()
		}
		if len(p.Containers) == 0 || len(out) > most {
			return
		}
		d.image = p.Containers[0].Image
		if !slices.ContainsFunc(out, d.same) {
			out = append(out, d)
		}
	}
	for _, p := range g.pods.in(namespace) {
		add(p, maxDonors)
	}
	most := len(out) + maxOthersDonors - 1
	for p := range g.pods.All() {
		if p.Ref.Namespace != namespace && len(out) <= most {
			add(p, most)
		}
	}
	return out
}

func (d donor) same(o donor) bool {
	return d.image == o.image && d.account == o.account && maps.Equal(d.labels, o.labels) && maps.Equal(d.annotations, o.annotations)
}

// pods are the pods of a level with a donor's looks: blameless but for what makes them of the level. One of them is
// enough.
func (d donor) pods(level rule.Level) []sample {
	switch level {
	case rule.LevelRestricted:
		return []sample{d.pod(nil, map[string]any{"runAsNonRoot": true, "allowPrivilegeEscalation": false, "capabilities": drop()})}
	case rule.LevelBaseline:
		return []sample{
			d.pod(nil, map[string]any{"allowPrivilegeEscalation": false, "runAsUser": 0}),
			d.pod(nil, map[string]any{}),
		}
	}
	host := map[string]any{"volumes": []any{map[string]any{"name": "host", "hostPath": map[string]any{"path": "/"}}}}
	return []sample{
		d.pod(nil, map[string]any{"privileged": true}),
		d.pod(host, map[string]any{"allowPrivilegeEscalation": false, "capabilities": drop()}),
		d.pod(map[string]any{"hostPID": true}, map[string]any{"capabilities": map[string]any{"add": []any{"SYS_ADMIN", "SYS_PTRACE"}}}),
	}
}

// harmless are pods of lower levels.
func (d donor) harmless(level rule.Level) (out []sample) {
	if level == rule.LevelPrivileged {
		out = d.pods(rule.LevelBaseline)
	}
	if level != rule.LevelRestricted {
		out = append(out, d.pods(rule.LevelRestricted)...)
	}
	return out
}

func drop() map[string]any { return map[string]any{"drop": []any{"ALL"}} }

// pod is one pod: with limits, a read-only file system and a seccomp profile, as policies like to have it.
func (d donor) pod(more, security map[string]any) sample {
	security["readOnlyRootFilesystem"] = true
	sizes := map[string]any{"cpu": "10m", "memory": "16Mi"}
	c := map[string]any{
		"name": "main", "image": d.image, "securityContext": security, "resources": map[string]any{"requests": sizes, "limits": sizes},
		"imagePullPolicy": "Always",
	}
	if more["volumes"] != nil {
		c["volumeMounts"] = []any{map[string]any{"name": "host", "mountPath": "/host"}}
	}
	spec := map[string]any{
		"containers": []any{c}, "securityContext": map[string]any{"seccompProfile": map[string]any{"type": "RuntimeDefault"}},
		"automountServiceAccountToken": true, "restartPolicy": "Always",
	}
	if security["runAsNonRoot"] != nil {
		spec["securityContext"] = map[string]any{"runAsNonRoot": true, "seccompProfile": map[string]any{"type": "RuntimeDefault"}}
	}
	if d.account != "" {
		spec["serviceAccountName"] = d.account
	}
	maps.Copy(spec, more)
	return sample{d, spec}
}

// object is the pod as it would be created.
func (s sample) object(namespace string) map[string]any {
	meta := map[string]any{"name": "sample", "namespace": namespace}
	if len(s.labels) > 0 {
		meta["labels"] = s.labels
	}
	if len(s.annotations) > 0 {
		meta["annotations"] = s.annotations
	}
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": s.spec}
}
