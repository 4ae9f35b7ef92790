package attack

import (
	"iter"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// running visits the containers whose image is one of some programs, by the last parts of its name.
func running(a *rule.Attack, images ...string) iter.Seq2[*rule.Pod, *rule.Container] {
	return func(yield func(*rule.Pod, *rule.Container) bool) {
		for p, c := range a.Containers() {
			name, _ := repository(c.Image)
			is := slices.ContainsFunc(images, func(i string) bool { return name == i || strings.HasSuffix(name, "/"+i) })
			if is && !yield(p, c) {
				return
			}
		}
	}
}

// writeRights are the verbs that put something into an object: create in a namespace, or update and patch of those there.
func writeRights(group, resource string, cluster bool) []rule.Right {
	var out []rule.Right
	for _, verb := range []string{"create", "patch", "update"} {
		out = append(out, rule.Right{Verb: verb, Group: group, Resource: resource, Cluster: cluster})
	}
	return out
}

// asController reports that whoever may write objects of a kind acts with the rights of the controller that follows them;
// in is the only namespace in which it does, "" for all.
func asController(a *rule.Attack, p *rule.Pod, c *rule.Container, rights []rule.Right, in, text string, more int) {
	for _, right := range rights {
		for scope, held := range a.Holding(right) {
			if in != "" && scope.Namespace != "" && scope.Namespace != in {
				continue
			}
			a.Step(rule.Step{
				From: append([]bartizan.Ref{}, held...), To: p.Account, Text: text, More: more, Why: p.Why(c.Node.Get("image")),
			})
		}
	}
}
