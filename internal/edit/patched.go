package edit

import (
	"fmt"
	"strconv"
	"strings"
)

// patched is what an operation makes of a value; maps and lists on the way are changed in place.
func patched(v any, op Op) (any, error) {
	if op.Path == "" {
		return op.Value, nil
	}
	part, rest, deeper := strings.Cut(op.Path[1:], "/")
	part = unescape(part)
	inner := Op{op.Op, "/" + rest, op.Value}
	switch x := v.(type) {
	case map[string]any:
		old, ok := x[part]
		if deeper && ok {
			next, err := patched(old, inner)
			x[part] = next
			return x, err
		}
		if deeper || !ok && op.Op != "add" {
			break
		}
		if op.Op == "remove" {
			delete(x, part)
		} else {
			x[part] = op.Value
		}
		return x, nil
	case []any:
		return patchedList(x, part, deeper, inner, op)
	}
	return nil, fmt.Errorf("%s %s: there is no %q to go through", op.Op, op.Path, part)
}

func patchedList(x []any, part string, deeper bool, inner, op Op) (any, error) {
	if part == "-" && op.Op == "add" && !deeper {
		return append(x, op.Value), nil
	}
	i, err := strconv.Atoi(part)
	if err != nil || i < 0 || i >= len(x) {
		return nil, fmt.Errorf("%s %s: the list has no item %s", op.Op, op.Path, part)
	}
	switch {
	case deeper:
		x[i], err = patched(x[i], inner)
		return x, err
	case op.Op == "remove":
		return append(x[:i:i], x[i+1:]...), nil
	case op.Op == "replace":
		x[i] = op.Value
		return x, nil
	}
	return append(x[:i:i], append([]any{op.Value}, x[i:]...)...), nil
}
