package falco

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// containerField is a field that every list of containers has.
type containerField struct {
	name, doc string
	get       func(f *frame, list event.Value, a *argument, v *Value) bool
}

func (c containerField) field(list string) Field {
	get := c.get
	return Field{"ka.req.pod." + list + "." + c.name, StringType, true, MayIndex, request, c.doc + " of the " + list + " of the pod sent",
		func(f *frame, a *argument, v *Value) bool { return get(f, f.audit.Spec().Get(list), a, v) }}
}

func inEach(keys ...string) func(*frame, event.Value, *argument, *Value) bool {
	return func(f *frame, list event.Value, a *argument, v *Value) bool {
		visit(list, a, func(j event.Value) { add(f, j.At(keys...), v) })
		return len(v.List) > 0
	}
}

// names are the containers' names.
func names(f *frame, list event.Value, a *argument, v *Value) bool {
	whole := true
	visit(list, a, func(j event.Value) {
		whole = whole && j.Get("name").Exists()
		add(f, j.Get("name"), v)
	})
	return whole && len(v.List) > 0
}

// joined is a list of words for each container that has it, with blanks between the words.
func joined(key string) func(*frame, event.Value, *argument, *Value) bool {
	return func(f *frame, list event.Value, a *argument, v *Value) bool {
		whole := true
		visit(list, a, func(j event.Value) {
			words := j.Get(key)
			if !words.Exists() {
				return
			}
			var texts []string
			for w := range words.Items() {
				whole = whole && w.Kind() == event.String
				texts = append(texts, f.text.Of(w))
			}
			v.List = append(v.List, cString(strings.Join(texts, " ")))
		})
		return whole && len(v.List) > 0
	}
}

// images are the images of all containers. If one of them has none, the event counts as having no such field, so that
// a list of allowed images does not allow it.
func images(repository bool) func(*frame, event.Value, *argument, *Value) bool {
	return func(f *frame, list event.Value, a *argument, v *Value) bool {
		whole := true
		visit(list, a, func(j event.Value) {
			image := j.Get("image")
			if !image.Exists() {
				whole = false
				return
			}
			s := cString(f.text.Of(image))
			if repository {
				s = withoutTag(s)
			}
			v.List = append(v.List, s)
		})
		return whole && len(v.List) > 0
	}
}

// withoutTag is an image's name without digest and tag. The port of a registry stays.
func withoutTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image
}

func firstImage(repository bool) extractor {
	get := images(repository)
	return func(f *frame, _ *argument, v *Value) bool {
		if !get(f, f.audit.Spec().Get("containers"), &argument{index: 0}, v) {
			return false
		}
		v.Text, v.List = v.List[0], v.List[:0]
		return true
	}
}

func hostPorts(f *frame, list event.Value, a *argument, v *Value) bool {
	visit(list, a, func(j event.Value) {
		for p := range j.Get("ports").Items() {
			if h := p.Get("hostPort"); h.Exists() {
				add(f, h, v)
			} else {
				add(f, p.Get("containerPort"), v)
			}
		}
	})
	return len(v.List) > 0
}

// effective is a setting of the security context that counts for each container.
func effective(key string) func(*frame, event.Value, *argument, *Value) bool {
	return func(f *frame, list event.Value, a *argument, v *Value) bool {
		pods := "0"
		if j := f.audit.Spec().At("securityContext", key); j.Exists() {
			pods = f.text.Of(j)
		}
		visit(list, a, func(j event.Value) {
			if own := j.At("securityContext", key); own.Exists() {
				add(f, own, v)
			} else {
				v.List = append(v.List, pods)
			}
		})
		return len(v.List) > 0
	}
}

func addedCapabilities(f *frame, list event.Value, a *argument, v *Value) bool {
	visit(list, a, func(j event.Value) { all(f, j.At("securityContext", "capabilities", "add"), v) })
	return len(v.List) > 0
}
