package export

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// operations is the expression of the patch that takes the steps of a fix for each fault. Steps from the
// object's root are taken once. Faults are mended from the last to the first, so that removing an item of a list
// moves none that is still to be removed.
func operations(fix []rule.Op, faults string) (string, error) {
	each := stepper{base: place{"at.v", "at.p"}, made: map[string]bool{}}
	once := stepper{base: place{"object", "''"}, made: map[string]bool{}}
	for _, op := range fix {
		s, path := &each, op.Path
		if rest, root := strings.CutPrefix(op.Path, "/"); root {
			s, path = &once, rest
		}
		if err := s.take(op, path); err != nil {
			return "", err
		}
	}
	var parts []string
	if len(each.out) > 0 {
		parts = append(parts, fmt.Sprintf("%s.reverse().map(at,\n    %s).flatten()", faults, strings.Join(each.out, "\n    + ")))
	}
	if len(once.out) > 0 {
		parts = append(parts, fmt.Sprintf("(%s.size() == 0 ? [] :\n    %s)", faults, strings.Join(once.out, "\n    + ")))
	}
	return strings.Join(parts, "\n  + "), nil
}

// stepper writes the operations that start from one place.
type stepper struct {
	base place
	made map[string]bool // parents that an operation has made for sure
	out  []string
}

func (s *stepper) add(format string, args ...any) {
	s.out = append(s.out, fmt.Sprintf(format, args...))
}

// take writes the operations of one step.
func (s *stepper) take(op rule.Op, path string) error {
	var parts []string
	if path != "" {
		parts = strings.Split(path, "/")
	}
	for _, p := range parts {
		if p == "" || p == "-" || p[0] >= '0' && p[0] <= '9' {
			return fmt.Errorf("its fix names an item of a list by its place (%s)", op.Path)
		}
	}
	pointer := s.pointer(parts)
	switch op.Op {
	case "remove":
		if len(parts) == 0 {
			s.add("[JSONPatch{op: 'remove', path: %s}]", pointer)
			return nil
		}
		s.add("(%s.hasValue() ? [JSONPatch{op: 'remove', path: %s}] : [])", s.value(parts), pointer)
	case "set":
		if len(parts) == 0 {
			s.add("[JSONPatch{op: 'replace', path: %s, value: %s}]", pointer, literal(op.Value))
			return nil
		}
		s.parents(parts[:len(parts)-1])
		s.add("[JSONPatch{op: 'add', path: %s, value: %s}]", pointer, literal(op.Value))
	case "append":
		if len(parts) == 0 {
			s.add("(%s in %s ? [] : [JSONPatch{op: 'add', path: %s, value: %s}])",
				literal(op.Value), s.base.value, appendPath(pointer, "/-"), literal(op.Value))
			return nil
		}
		s.parents(parts[:len(parts)-1])
		s.ensure(parts, "[]")
		s.add("(%s in %s.orValue([]) ? [] : [JSONPatch{op: 'add', path: %s, value: %s}])",
			literal(op.Value), s.value(parts), appendPath(pointer, "/-"), literal(op.Value))
	default:
		return fmt.Errorf("its fix has a step %q that is unknown here", op.Op)
	}
	return nil
}

// parents makes the maps on the way that are missing.
func (s *stepper) parents(parts []string) {
	for i := range parts {
		s.ensure(parts[:i+1], "{}")
	}
}

func (s *stepper) ensure(parts []string, empty string) {
	key := strings.Join(parts, "/")
	if s.made[key] {
		return
	}
	s.made[key] = true
	s.add("(%s.hasValue() ? [] : [JSONPatch{op: 'add', path: %s, value: %s}])", s.value(parts), s.pointer(parts), empty)
}

// value is the expression for what stands at a path, an optional.
func (s *stepper) value(parts []string) string {
	out := s.base.value
	for _, p := range parts {
		out += "[?" + quote(strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")) + "]"
	}
	return out
}

func (s *stepper) pointer(parts []string) string {
	if len(parts) == 0 {
		return s.base.path
	}
	return appendPath(s.base.path, "/"+strings.Join(parts, "/"))
}
