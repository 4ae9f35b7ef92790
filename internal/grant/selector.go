package grant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// selector is a label selector.
type selector struct {
	key, value   string // one of matchLabels, for finding candidates quickly; "" if there is none
	requirements []requirement
}

type requirement struct {
	key, operator string
	values        []string
}

// newSelector reads a label selector as the API server does; an empty one matches everything.
func newSelector(n tree.Node) (s selector, err error) {
	labels := n.Get("matchLabels")
	if k := labels.Kind(); k != tree.Map && k != tree.Invalid && k != tree.Null {
		return s, fmt.Errorf("matchLabels is a %s, not a map", k)
	}
	for c := labels.First(); c.Exists(); c = c.Next() {
		if c.Kind() != tree.String && c.Kind() != tree.Null {
			return s, fmt.Errorf("matchLabels.%s is a %s, not a string: put it in quotes", c.Key(), c.Kind())
		}
		if s.key == "" {
			s.key, s.value = c.Key(), c.Str()
		}
		s.requirements = append(s.requirements, requirement{c.Key(), "In", []string{c.Str()}})
	}
	list := n.Get("matchExpressions")
	if k := list.Kind(); k != tree.List && k != tree.Invalid && k != tree.Null {
		return s, fmt.Errorf("matchExpressions is a %s, not a list", k)
	}
	for c := list.First(); c.Exists(); c = c.Next() {
		r := requirement{key: c.Get("key").Str(), operator: c.Get("operator").Str()}
		for v := c.Get("values").First(); v.Exists(); v = v.Next() {
			if v.Kind() != tree.String {
				return s, fmt.Errorf("a value of matchExpressions is a %s, not a string: put it in quotes", v.Kind())
			}
			r.values = append(r.values, v.Text())
		}
		if err := r.check(); err != nil {
			return s, err
		}
		s.requirements = append(s.requirements, r)
	}
	return s, nil
}

func (r *requirement) check() error {
	if r.key == "" {
		return errors.New("an item of matchExpressions has no key")
	}
	switch r.operator {
	case "In", "NotIn":
		if len(r.values) == 0 {
			return fmt.Errorf("operator %s needs values", r.operator)
		}
	case "Exists", "DoesNotExist":
		if len(r.values) > 0 {
			return fmt.Errorf("operator %s takes no values", r.operator)
		}
	default:
		return fmt.Errorf("operator %q is not In, NotIn, Exists or DoesNotExist", r.operator)
	}
	return nil
}

func (s *selector) matches(labels map[string]string) bool {
	for i := range s.requirements {
		if !s.requirements[i].matches(labels) {
			return false
		}
	}
	return true
}

func (r *requirement) matches(labels map[string]string) bool {
	v, ok := labels[r.key]
	switch r.operator {
	case "In":
		return ok && slices.Contains(r.values, v)
	case "NotIn":
		return !ok || !slices.Contains(r.values, v)
	case "Exists":
		return ok
	default:
		return !ok
	}
}

// labelsOf reads labels.
func labelsOf(n tree.Node) map[string]string {
	if n.Len() == 0 {
		return nil
	}
	out := make(map[string]string, n.Len())
	for c := n.First(); c.Exists(); c = c.Next() {
		out[c.Key()] = c.Text()
	}
	return out
}
