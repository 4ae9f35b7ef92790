package export

import (
	"fmt"

	"github.com/google/cel-go/common/types"
)

// dynamicDepth is how many lists in lists of unknown type are looked into. No kind of the API holds more; what
// lies deeper counts as a fault, so that nothing passes unseen.
const dynamicDepth = 3

// faultless is the condition that an expression of some type found nothing, as internal/engine reads what a
// rule finds: a bare boolean says it itself; lists and optionals hold faults, at any depth; any other value is
// one. levels is how deep the lists are, where that is known better than by the type.
func faultless(x string, t *types.Type, levels int) string {
	switch {
	case t.Kind() == types.BoolKind:
		return "!" + x
	case levels == anyLevel || levels == 1:
		return x + ".size() == 0"
	case levels > 1:
		item := fmt.Sprintf("faults%d", levels)
		return fmt.Sprintf("%s.all(%s, %s)", x, item, faultless(item, types.DynType, levels-1))
	case t.Kind() == types.DynKind:
		return fmt.Sprintf("type(%s) == bool ? !dyn(%s) : %s", x, x, empty(x, t, dynamicDepth))
	}
	return empty(x, t, dynamicDepth)
}

// empty is the condition that a value holds no fault. dyn() is for the API server's second look at the types, in
// which it takes them from the schema of each kind and would warn of a string that is asked whether it is a list.
func empty(x string, t *types.Type, depth int) string {
	item := fmt.Sprintf("fault%d", dynamicDepth-depth+1)
	switch {
	case t.TypeName() == types.OptionalType.TypeName():
		inner := empty(x+".value()", t.Parameters()[0], depth)
		if inner == "false" {
			return "!" + x + ".hasValue()"
		}
		return fmt.Sprintf("(!%s.hasValue() || %s)", x, inner)
	case t.Kind() == types.ListKind:
		inner := empty(item, t.Parameters()[0], depth-1)
		if inner == "false" {
			return x + ".size() == 0"
		}
		return fmt.Sprintf("%s.all(%s, %s)", x, item, inner)
	case t.Kind() != types.DynKind && t.Kind() != types.TypeParamKind:
		return "false"
	case depth <= 0:
		return fmt.Sprintf("type(%s) == list && dyn(%s).size() == 0", x, x)
	}
	inner := empty(item, types.DynType, depth-1)
	return fmt.Sprintf("type(%s) == list && dyn(%s).all(%s, %s)", x, x, item, inner)
}
