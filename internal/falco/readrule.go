package falco

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// The keys of a rule. What can be appended to, and what replaced, is part of the format.
func ruleKeys() []string {
	return []string{"rule", "condition", "output", "desc", "priority", "source", "enabled", "capture", "capture_duration", "warn_evttypes",
		"skip-if-unknown-filter", "tags", "exceptions", "override", "append"}
}

func appendableKeys() []string {
	return []string{"condition", "output", "desc", "tags", "exceptions"}
}

func replaceableKeys() []string {
	return append(appendableKeys(), "priority", "capture", "capture_duration", "enabled", "warn_evttypes", "skip-if-unknown-filter")
}

// update is what an item says about a rule: nil for what it does not say.
type update struct {
	cond, output, desc     *origin
	tags                   []string
	hasTags, hasExceptions bool
	exceptions             []*exception
	priority               *Priority
	enabled, warn, skip    *bool
	capture                *bool
	captureMillis          *int64
	source                 *origin
	at                     place
	name, item             string
}

func (r *reader) rule(n tree.Node) {
	name, ok := r.scalar(n, "rule", "rule", true)
	if !ok {
		return
	}
	item := `rule "` + excerpt(name.text) + `"`
	r.unknownKeys(n, item, ruleKeys()...)
	what, appends, ok := r.override(n, item, appendableKeys(), replaceableKeys())
	if !ok {
		r.spoil(name.text)
		return
	}
	base := update{at: r.at(n), name: name.text, item: item}
	switch {
	case len(what) > 0:
		if !r.overrideRule(n, base, what) {
			r.spoil(base.name)
		}
	case appends:
		u, ok := r.update(n, base, []string{"condition", "exceptions"}, true)
		if !ok {
			r.spoil(base.name)
			return
		}
		r.appendRule(u)
	case !n.Get("condition").Exists() && !n.Get("output").Exists() && !n.Get("desc").Exists() && !n.Get("priority").Exists():
		r.toggle(n, base)
	default:
		r.wholeRule(n, base)
	}
}

// overrideRule applies a rule item with an override map: each other key must have its entry.
func (r *reader) overrideRule(n tree.Node, base update, what map[string]string) bool {
	for c := range n.Items() {
		k := c.Key()
		if _, said := what[k]; !said && slices.Contains(replaceableKeys(), k) {
			r.rep.errorAt(r.keyAt(c), "override", base.item, k, "add "+k+": append or "+k+": replace to override", "key %s has no entry under override", k)
			return false
		}
	}
	for _, k := range slices.Sorted(maps.Keys(what)) {
		if !n.Get(k).Exists() {
			r.rep.errorAt(r.keyAt(n.Get("override").Get(k)), "override", base.item, k, "", "override names %s, but the item has no %s", k, k)
			return false
		}
	}
	for _, how := range []string{"append", "replace"} {
		var keys []string
		for k, h := range what {
			if h == how {
				keys = append(keys, k)
			}
		}
		if len(keys) == 0 {
			continue
		}
		u, ok := r.update(n, base, keys, how == "append")
		if !ok {
			return false
		}
		if how == "append" {
			r.appendRule(u)
		} else {
			r.replaceRule(u)
		}
	}
	return true
}

// toggle handles an item that has nothing but enabled.
func (r *reader) toggle(n tree.Node, base update) {
	e := n.Get("enabled")
	if !e.Exists() {
		r.rep.errorAt(base.at, "missing-key", base.item, "condition", "give condition, output, desc and priority, or enabled for a rule of an earlier file",
			"the rule has no condition, output, desc and priority")
		return
	}
	on, ok := r.boolean(n, "enabled", base.item, true)
	if !ok {
		r.spoil(base.name)
		return
	}
	r.rep.warnAt(r.keyAt(e), "deprecated", base.item, "enabled", "add override: {enabled: replace}", "enabled alone is deprecated")
	base.enabled = &on
	r.replaceRule(base)
}

func (r *reader) wholeRule(n tree.Node, base update) {
	u, ok := r.update(n, base, ruleKeys()[1:13], false)
	for _, k := range []string{"condition", "output", "desc", "priority"} {
		if !n.Get(k).Exists() {
			r.rep.errorAt(base.at, "missing-key", base.item, k, "", "key %s is missing", k)
			ok = false
		}
	}
	if !ok {
		r.spoil(base.name)
		r.defineBroken(u)
		return
	}
	r.defineRule(u)
}

// update reads the named keys of a rule item.
func (r *reader) update(n tree.Node, u update, keys []string, appends bool) (update, bool) {
	all := true
	for _, k := range ruleKeys() {
		if !slices.Contains(keys, k) || !n.Get(k).Exists() {
			continue
		}
		if !r.updateKey(n, &u, k, appends) {
			all = false
		}
	}
	return u, all
}

func (r *reader) updateKey(n tree.Node, u *update, k string, appends bool) (ok bool) {
	truth := func(p **bool) bool {
		v, ok := r.boolean(n, k, u.item, false)
		*p = &v
		return ok
	}
	switch k {
	case "condition":
		u.cond, ok = r.scalar(n, k, u.item, true)
	case "output":
		u.output, ok = r.scalar(n, k, u.item, true)
	case "desc":
		u.desc, ok = r.scalar(n, k, u.item, true)
	case "source":
		u.source, ok = r.scalar(n, k, u.item, true)
	case "priority":
		u.priority, ok = r.priority(n, u.item)
	case "enabled":
		ok = truth(&u.enabled)
	case "warn_evttypes":
		ok = truth(&u.warn)
	case "skip-if-unknown-filter":
		ok = truth(&u.skip)
	case "capture":
		ok = truth(&u.capture)
	case "capture_duration":
		u.captureMillis, ok = r.millis(n, u.item)
	case "tags":
		u.tags, ok = r.tags(n, u.item)
		u.hasTags = true
	case "exceptions":
		u.exceptions, ok = r.exceptions(n.Get(k), u.item, appends)
		u.hasExceptions = true
	}
	return ok
}

func (r *reader) priority(n tree.Node, item string) (*Priority, bool) {
	o, ok := r.scalar(n, "priority", item, true)
	if !ok {
		return nil, false
	}
	p, ok := ParsePriority(o.text)
	if !ok {
		r.rep.errorAt(o.place(0), "bad-priority", item, o.text, "use emergency, alert, critical, error, warning, notice, informational or debug",
			"%s is no priority", quoted(o.text))
	}
	return &p, ok
}

func (r *reader) millis(n tree.Node, item string) (*int64, bool) {
	o, ok := r.scalar(n, "capture_duration", item, true)
	if !ok {
		return nil, false
	}
	v, err := strconv.ParseInt(strings.TrimSpace(o.text), 10, 64)
	if err != nil || v < 0 {
		r.rep.errorAt(o.place(0), "not-a-number", item, o.text, "write milliseconds", "capture_duration %s is no number", quoted(o.text))
		return nil, false
	}
	return &v, true
}

func (r *reader) tags(n tree.Node, item string) ([]string, bool) {
	v := n.Get("tags")
	if v.Kind() != tree.List {
		r.rep.errorAt(r.at(v), "not-a-list", item, "tags", "write tags: [a, b]", "tags is a %s, not a list", v.Kind())
		return nil, false
	}
	var tags []string
	for t := range v.Items() {
		if k := t.Kind(); k == tree.Map || k == tree.List {
			r.rep.errorAt(r.at(t), "not-a-scalar", item, "tags", "", "a tag is a %s, not a text", k)
			return nil, false
		}
		tags = append(tags, t.Text())
	}
	return tags, true
}
