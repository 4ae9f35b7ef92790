package detect

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/falco"
)

// Level is how much an audit policy has recorded of a request.
type Level int8

// The levels, each with what the one before has.
const (
	LevelNone Level = iota
	LevelMetadata
	LevelRequest
	LevelResponse
)

var levelNames = [...]string{"None", "Metadata", "Request", "RequestResponse"}

// String is the level as a policy names it.
func (l Level) String() string { return levelNames[min(max(int(l), 0), len(levelNames)-1)] }

func parseLevel(s string) (Level, bool) {
	i := slices.Index(levelNames[:], s)
	return Level(max(i, 0)), i >= 0
}

// The stages of a request.
const (
	stageReceived = "RequestReceived"
	stageStarted  = "ResponseStarted"
	stageComplete = "ResponseComplete"
	stagePanic    = "Panic"
)

func allStages() []string { return []string{stageReceived, stageStarted, stageComplete, stagePanic} }

// need is what must be recorded for a condition: which requests, in which stages, and how much of them. A nil list
// stands for all.
type need struct {
	rule *Rule
	cond *falco.Rule
	// level is that at which the condition can be judged in whole, least that at which it can hold at all.
	level, least Level
	stages       []string
	verbs        []string
	resources    []string
	subs         []string // subresources; nil for all, and for the object itself
	object       bool     // only requests about the object itself, not a subresource
	namespaces   []string
	users        []string
	groups       []string
	urls         bool // only requests that are about no resource
	some         bool // only requests that are about a resource
}

// needs are what the conditions of a rule need.
func (d *Rule) needs() []need {
	var all []need
	for _, c := range d.Conditions {
		n := need{rule: d, cond: c, stages: allStages()}
		for _, u := range c.Fields {
			n.level = max(n.level, levelOf(u))
		}
		n.level = max(n.level, LevelMetadata)
		n.least = n.leastLevel()
		values := func(field string) []string {
			v, ok := c.Values(field)
			if !ok {
				return nil
			}
			return v
		}
		if s := values("ka.stage"); s != nil {
			n.stages = s
		}
		n.verbs, n.resources, n.subs = values("ka.verb"), values("ka.target.resource"), values("ka.target.subresource")
		n.namespaces, n.users, n.groups = values("ka.target.namespace"), values("ka.user.name"), values("ka.user.groups")
		n.object = c.Lacks("ka.target.subresource")
		n.urls = c.Lacks("ka.target.resource")
		n.some = n.resources != nil || n.subs != nil || n.namespaces != nil
		all = append(all, n)
	}
	return all
}

// levelOf is the level at which a field is recorded.
func levelOf(u falco.FieldUse) Level {
	if _, pointer, ok := strings.Cut(u.Name, ".value["); ok {
		switch {
		case strings.HasPrefix(pointer, "/requestObject"):
			return LevelRequest
		case strings.HasPrefix(pointer, "/responseObject"):
			return LevelResponse
		}
	}
	l, _ := parseLevel(u.Needs)
	return l
}

// leastLevel is the lowest level at which the condition can hold.
func (n *need) leastLevel() Level {
	levels := map[string]Level{}
	for _, u := range n.cond.Fields {
		levels[u.Name] = levelOf(u)
	}
	for l := LevelMetadata; l < n.level; l++ {
		if n.cond.Reachable(func(field string) bool { return levels[field] > l }) {
			return l
		}
	}
	return n.level
}
