package falco

import (
	"net/url"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// put takes a JSON value as a field's text.
func put(f *frame, j event.Value, v *Value) bool {
	if !j.Exists() {
		return false
	}
	v.Text = cString(f.text.Of(j))
	return true
}

func add(f *frame, j event.Value, v *Value) {
	if j.Exists() {
		v.List = append(v.List, cString(f.text.Of(j)))
	}
}

func known(k event.Key) extractor {
	return func(f *frame, _ *argument, v *Value) bool { return put(f, f.audit.Get(k), v) }
}

func valueAt(k event.Key, keys ...string) extractor {
	return func(f *frame, _ *argument, v *Value) bool { return put(f, f.audit.Get(k).At(keys...), v) }
}

func annotation(key string) extractor { return valueAt(event.Annotations, key) }

func spec(keys ...string) extractor {
	return func(f *frame, _ *argument, v *Value) bool { return put(f, f.audit.Spec().At(keys...), v) }
}

func always(s string) extractor {
	return func(_ *frame, _ *argument, v *Value) bool { v.Text = s; return true }
}

func missing(*frame, *argument, *Value) bool { return false }

// all takes each item of an array as a text.
func all(f *frame, list event.Value, v *Value) bool {
	for j := range list.Items() {
		add(f, j, v)
	}
	return len(v.List) > 0
}

func strs(k event.Key) extractor {
	return func(f *frame, _ *argument, v *Value) bool { return all(f, f.audit.Get(k), v) }
}

func specList(keys ...string) extractor {
	return func(f *frame, _ *argument, v *Value) bool { return all(f, f.audit.Spec().At(keys...), v) }
}

// visit calls do for the items of an array, or for the one that the argument picks.
func visit(list event.Value, a *argument, do func(event.Value)) {
	if a.index >= 0 {
		if j := list.Index(a.index); j.Exists() {
			do(j)
		}
		return
	}
	for j := range list.Items() {
		do(j)
	}
}

// each takes one value of each item of a list in the pod's spec.
func each(list string, keys ...string) extractor {
	return func(f *frame, a *argument, v *Value) bool {
		visit(f.audit.Spec().Get(list), a, func(j event.Value) { add(f, j.At(keys...), v) })
		return len(v.List) > 0
	}
}

func sourceIPs(f *frame, a *argument, v *Value) bool {
	visit(f.audit.Get(event.SourceIPs), a, func(j event.Value) { add(f, j, v) })
	return len(v.List) > 0
}

func servicePorts(f *frame, a *argument, v *Value) bool {
	visit(f.audit.Spec().Get("ports"), a, func(j event.Value) { add(f, j, v) })
	return len(v.List) > 0
}

func roleRules(key string) extractor {
	return func(f *frame, a *argument, v *Value) bool {
		visit(f.audit.Get(event.RequestRules), a, func(j event.Value) { all(f, j.Get(key), v) })
		return len(v.List) > 0
	}
}

func volumeTypes(f *frame, a *argument, v *Value) bool {
	visit(f.audit.Spec().Get("volumes"), a, func(j event.Value) {
		for k := range j.Members() {
			if k != "name" {
				v.List = append(v.List, k)
			}
		}
	})
	return len(v.List) > 0
}

func subjects(kind string, namespaced bool) extractor {
	return func(f *frame, _ *argument, v *Value) bool {
		for j := range f.audit.Get(event.RequestSubjects).Items() {
			t := &f.text
			if t.Of(j.Get("kind")) != kind || !j.Get("name").Exists() {
				continue
			}
			name := t.Of(j.Get("name"))
			if namespaced {
				name = t.Join(t.Of(j.Get("namespace")), ":", name)
			}
			v.List = append(v.List, cString(name))
		}
		return len(v.List) > 0
	}
}

func mountsPath(f *frame, a *argument, v *Value) bool {
	prefix, isPrefix := strings.CutSuffix(a.key, "*")
	volumes := f.audit.Spec().Get("volumes")
	if !volumes.Exists() {
		return false
	}
	v.Text = "false"
	for j := range volumes.Items() {
		p := j.At("hostPath", "path")
		if !p.Exists() {
			continue
		}
		if s := f.text.Of(p); s == a.key || isPrefix && strings.HasPrefix(s, prefix) {
			v.Text = "true"
		}
	}
	return true
}

func anyPrivileged(f *frame, _ *argument, v *Value) bool {
	list := f.audit.Spec().Get("containers")
	if !list.Exists() {
		return false
	}
	v.Text = "false"
	for j := range list.Items() {
		if j.At("securityContext", "privileged").Raw() == "true" {
			v.Text = "true"
		}
	}
	return true
}

func uriParam(f *frame, a *argument, v *Value) bool {
	j := f.audit.Get(event.RequestURI)
	if !j.Exists() {
		return false
	}
	_, query, ok := strings.Cut(f.text.Of(j), "?")
	if !ok {
		return false
	}
	query, _, _ = strings.Cut(query, "#")
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		if key, err := url.QueryUnescape(key); err != nil || key != a.key {
			continue
		}
		value, err := url.QueryUnescape(value)
		if err != nil {
			continue
		}
		v.Text = cString(value)
		return true
	}
	return false
}

func podName(f *frame, _ *argument, v *Value) bool {
	if f.text.Of(f.audit.Get(event.Resource)) != "pods" {
		return false
	}
	return put(f, f.audit.Get(event.Name), v) || put(f, f.audit.Get(event.ResponseObject).At("metadata", "name"), v)
}

func clusterName(f *frame, _ *argument, v *Value) bool {
	if put(f, f.audit.Get(event.Annotations).Get("cluster_name"), v) {
		return true
	}
	v.Text = f.place
	return f.place != ""
}

func pointed(f *frame, a *argument, v *Value) bool {
	if len(a.pointer) > 0 {
		if k, ok := topLevel(a.pointer[0]); ok {
			return put(f, f.audit.Get(k).Lookup(a.pointer[1:]), v)
		}
	}
	return put(f, f.audit.Root().Lookup(a.pointer), v)
}

// topLevel are the members of a record that need not be looked for again.
func topLevel(name string) (event.Key, bool) {
	switch name {
	case "requestObject":
		return event.RequestObject, true
	case "responseObject":
		return event.ResponseObject, true
	case "sourceIPs":
		return event.SourceIPs, true
	case "impersonatedUser":
		return event.ImpersonatedUser, true
	case "annotations":
		return event.Annotations, true
	case "responseStatus":
		return event.ResponseStatus, true
	}
	return 0, false
}

func wholeRecord(f *frame, _ *argument, v *Value) bool { return put(f, f.audit.Root(), v) }

func eventNumber(f *frame, _ *argument, v *Value) bool {
	v.Num = f.number
	return true
}

func rawTimeNumber(f *frame, _ *argument, v *Value) bool {
	v.Num = uint64(f.when().UnixNano())
	return !f.when().IsZero()
}

func rawSeconds(f *frame, _ *argument, v *Value) bool {
	v.Num = uint64(f.when().Unix())
	return !f.when().IsZero()
}

// rawTime is there for every event, and never 0 for lack of a time: rule files say always and never with it.
func rawTime(f *frame, _ *argument, v *Value) bool {
	if t := f.when(); t.IsZero() {
		v.Text = "-1"
	} else {
		v.Text = f.text.Number(t.UnixNano())
	}
	return true
}

func layout(f *frame, v *Value, layout string) bool {
	v.Text = f.when().UTC().Format(layout)
	return !f.when().IsZero()
}

func timeOfDay(f *frame, _ *argument, v *Value) bool { return layout(f, v, "15:04:05.000000000") }
func isoTime(f *frame, _ *argument, v *Value) bool {
	return layout(f, v, "2006-01-02T15:04:05.000000000+0000")
}
func dateTime(f *frame, _ *argument, v *Value) bool {
	return layout(f, v, "2006-01-02 15:04:05.000000000")
}

func summary(f *frame, _ *argument, v *Value) bool {
	a := f.audit
	t := &f.text
	v.Text = t.Join(t.Of(a.Get(event.UserName)), " ", t.Of(a.Get(event.Verb)), " ", t.Of(a.Get(event.Resource)), " ",
		t.Of(a.Get(event.Namespace)), "/", t.Of(a.Get(event.Name)))
	return true
}
