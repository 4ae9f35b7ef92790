package falco

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// reader turns a file's items into definitions.
type reader struct {
	*collection
	file string
}

func (r *reader) at(n tree.Node) place {
	line, column := n.Pos()
	return place{r.file, line, column}
}

func (r *reader) keyAt(n tree.Node) place {
	line, column := n.KeyPos()
	return place{r.file, line, column}
}

func (r *reader) document(root tree.Node) {
	switch root.Kind() {
	case tree.Invalid, tree.Null:
		return
	case tree.List:
	default:
		r.rep.errorAt(r.at(root), "not-a-list", "", "", "begin each item with \"- rule:\", \"- macro:\" or \"- list:\"",
			"a rule file is a list of items, this is a %s", root.Kind())
		return
	}
	for n := range root.Items() {
		if r.next >= maxItems {
			r.rep.errorAt(r.at(n), "too-many", "", "", "", "more than %d items", maxItems)
			return
		}
		if n.Kind() == tree.Null {
			continue
		}
		if n.Kind() != tree.Map {
			r.rep.errorAt(r.at(n), "not-an-item", "", n.Text(), "begin it with rule:, macro: or list:", "an item is a map, this is a %s", n.Kind())
			continue
		}
		r.item(n)
	}
}

func (r *reader) item(n tree.Node) {
	switch {
	case n.Get("required_engine_version").Exists():
		r.engine(n)
	case n.Get("required_plugin_versions").Exists():
		r.plugins(n.Get("required_plugin_versions"))
	case n.Get("list").Exists():
		r.list(n)
	case n.Get("macro").Exists():
		r.macro(n)
	case n.Get("rule").Exists():
		r.rule(n)
	default:
		key := n.First().Key()
		r.rep.warnAt(r.at(n), "unknown-item", "", key, didYouMean(key, []string{"rule", "macro", "list", "required_engine_version", "required_plugin_versions"}),
			"unknown item %s is passed over", quoted(key))
	}
}

// unknownKeys warns of keys that mean nothing.
func (r *reader) unknownKeys(n tree.Node, item string, known ...string) {
	for c := range n.Items() {
		if !slices.Contains(known, c.Key()) {
			r.rep.warnAt(r.keyAt(c), "unknown-key", item, c.Key(), didYouMean(c.Key(), known), "unknown key %s is passed over", quoted(c.Key()))
		}
	}
}

// scalar is the text under a key. ok is false, and the fault reported, if it is not a text or is missing although it is
// required; an optional one that is missing is nil.
func (r *reader) scalar(n tree.Node, key, item string, required bool) (o *origin, ok bool) {
	v := n.Get(key)
	switch {
	case !v.Exists():
		if required {
			r.rep.errorAt(r.at(n), "missing-key", item, key, "", "key %s is missing", key)
		}
		return nil, !required
	case v.Kind() == tree.Null:
		r.rep.errorAt(r.keyAt(v), "empty-value", item, key, "", "key %s has no value", key)
		return nil, false
	case v.Kind() == tree.Map || v.Kind() == tree.List:
		r.rep.errorAt(r.at(v), "not-a-scalar", item, key, "", "the value of %s is a %s, not a text", key, v.Kind())
		return nil, false
	case v.Text() == "":
		r.rep.errorAt(r.at(v), "empty-value", item, key, "", "the value of %s is empty", key)
		return nil, false
	}
	return &origin{file: r.file, node: v, text: v.Text()}, true
}

// boolean is the truth under a key, or def.
func (r *reader) boolean(n tree.Node, key, item string, def bool) (value, ok bool) {
	o, ok := r.scalar(n, key, item, false)
	if !ok || o == nil {
		return def, ok
	}
	switch strings.ToLower(o.text) {
	case "true", "yes", "on", "y":
		return true, true
	case "false", "no", "off", "n":
		return false, true
	}
	r.rep.errorAt(o.place(0), "not-a-bool", item, o.text, "write true or false", "the value of %s is %s, not a truth", key, quoted(o.text))
	return false, false
}

func (r *reader) engine(n tree.Node) {
	r.unknownKeys(n, "", "required_engine_version")
	o, ok := r.scalar(n, "required_engine_version", "", true)
	if !ok {
		return
	}
	v, ok := engineVersion(o.text)
	switch {
	case !ok:
		r.rep.errorAt(o.place(0), "bad-version", "", o.text, "write a number or x.y.z", "required_engine_version %s is no version", quoted(o.text))
	case !r.options.Engine.serves(v):
		r.rep.errorAt(o.place(0), "engine-version", "", o.text, "use an older edition of the file",
			"the rules require engine version %s, this is %s", v, r.options.Engine)
	}
}

// requirement is one plugin and its version.
type requirement struct {
	name    string
	version Version
}

func (r *reader) plugins(n tree.Node) {
	if n.Kind() != tree.List {
		r.rep.errorAt(r.at(n), "not-a-list", "", "", "", "required_plugin_versions is a %s, not a list", n.Kind())
		return
	}
	for p := range n.Items() {
		req, ok := r.requirement(p, "alternatives")
		if !ok {
			continue
		}
		all := []requirement{req}
		alts := p.Get("alternatives")
		if alts.Exists() && alts.Kind() != tree.List {
			r.rep.errorAt(r.at(alts), "not-a-list", "", "", "", "alternatives is a %s, not a list", alts.Kind())
			continue
		}
		for a := range alts.Items() {
			req, ok := r.requirement(a)
			if !ok {
				return
			}
			if slices.ContainsFunc(all, func(x requirement) bool { return x.name == req.name }) {
				r.rep.errorAt(r.at(a), "bad-version", "", req.name, "", "plugin %s is required twice", req.name)
				return
			}
			all = append(all, req)
		}
		r.meets(p, all)
	}
}

func (r *reader) requirement(n tree.Node, more ...string) (req requirement, ok bool) {
	if n.Kind() != tree.Map {
		r.rep.errorAt(r.at(n), "not-a-map", "", n.Text(), "write name: and version:", "a plugin requirement is a map, this is a %s", n.Kind())
		return req, false
	}
	r.unknownKeys(n, "", append(more, "name", "version")...)
	name, ok := r.scalar(n, "name", "", true)
	if !ok {
		return req, false
	}
	version, ok := r.scalar(n, "version", "", true)
	if !ok {
		return req, false
	}
	v, ok := ParseVersion(version.text)
	if !ok {
		r.rep.errorAt(version.place(0), "bad-version", "", version.text, "write x.y.z", "version %s of plugin %s is no version", quoted(version.text), name.text)
	}
	return requirement{name.text, v}, ok
}

// meets checks that one of the alternatives is built in.
func (r *reader) meets(n tree.Node, all []requirement) {
	have := ""
	for _, req := range all {
		v, known := r.options.Plugins[req.name]
		if known && v.serves(req.version) {
			return
		}
		if known && have == "" {
			have = ", this is " + v.String()
		}
	}
	r.rep.errorAt(r.at(n), "plugin-version", "", all[0].name, "its fields are not there, so that its rules cannot run",
		"the rules require plugin %s %s%s", all[0].name, all[0].version, have)
}

// override reads append and override. what says which keys are appended to and which replaced.
func (r *reader) override(n tree.Node, item string, appendable, replaceable []string) (what map[string]string, appends, ok bool) {
	appends, ok = r.boolean(n, "append", item, false)
	if !ok {
		return nil, false, false
	}
	if appends {
		r.rep.warnAt(r.keyAt(n.Get("append")), "deprecated", item, "append", "use override: {"+appendable[0]+": append}", "append is deprecated")
	}
	o := n.Get("override")
	if !o.Exists() {
		return nil, appends, true
	}
	if o.Kind() != tree.Map {
		r.rep.errorAt(r.at(o), "not-a-map", item, "override", "write override: {KEY: append|replace}", "override is a %s, not a map", o.Kind())
		return nil, false, false
	}
	what = map[string]string{}
	for c := range o.Items() {
		add, replace := slices.Contains(appendable, c.Key()), slices.Contains(replaceable, c.Key())
		switch how := c.Text(); {
		case how == "append" && !add:
			r.rep.errorAt(r.keyAt(c), "override", item, c.Key(), didYouMean(c.Key(), appendable), "%s cannot be appended to", quoted(c.Key()))
			return nil, false, false
		case how == "replace" && !replace:
			r.rep.errorAt(r.keyAt(c), "override", item, c.Key(), didYouMean(c.Key(), replaceable), "%s cannot be replaced", quoted(c.Key()))
			return nil, false, false
		case how != "append" && how != "replace":
			r.rep.errorAt(r.at(c), "override", item, how, "write append or replace", "override of %s says %s", c.Key(), quoted(how))
			return nil, false, false
		default:
			what[c.Key()] = how
		}
	}
	if appends && len(what) > 0 {
		r.rep.errorAt(r.keyAt(o), "override", item, "append", "leave append out", "append and override are both given")
		return nil, false, false
	}
	return what, appends, true
}

func quoted(s string) string { return "\"" + excerpt(s) + "\"" }
