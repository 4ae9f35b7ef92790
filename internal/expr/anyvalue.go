package expr

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
)

// OfAny is the value of what encoding/json decodes, of a list of strings, a quantity, an address or a CIDR.
func OfAny(v any) Value {
	switch v := v.(type) {
	case nil:
		return Null
	case bool:
		return OfBool(v)
	case int64:
		return OfInt(v)
	case float64:
		return OfFloat(v)
	case string:
		return OfString(v)
	case resource.Quantity:
		return of(KindQuantity, v)
	case netip.Addr:
		return of(KindIP, v)
	case netip.Prefix:
		return of(KindCIDR, v)
	case []string:
		return OfStrings(slices.Clone(v))
	case []any:
		items := make([]Value, len(v))
		for i, x := range v {
			items[i] = OfAny(x)
		}
		return OfList(items)
	case map[string]any:
		m := &mapping{}
		for k, x := range v {
			m.keys, m.values = append(m.keys, OfString(k)), append(m.values, OfAny(x))
		}
		return of(KindMap, m)
	}
	return OfError(fmt.Errorf("make a value of a %T: use a type that encoding/json decodes into", v))
}

// Any is the value that OfAny makes this one of; nil for what it makes of nothing.
func (v Value) Any() any {
	switch v.kind {
	case KindBool:
		return v.small != 0
	case KindInt:
		return v.int()
	case KindUint:
		return v.uint()
	case KindDouble:
		return v.float()
	case KindString:
		return v.text()
	case KindQuantity, KindIP, KindCIDR:
		return v.made.any
	case KindList:
		out := make([]any, 0, v.Len())
		for c := v.cursor(); c.next(); {
			out = append(out, c.item.Any())
		}
		return out
	case KindMap:
		out := make(map[string]any, v.Len())
		for c := v.cursor(); c.next(); {
			x, _ := v.Entry(c.item)
			out[c.item.Text()] = x.Any()
		}
		return out
	}
	return nil
}

// Text writes a scalar as string() does; "" for what is none.
func (v Value) Text() string {
	switch v.kind {
	case KindString, KindType:
		return v.text()
	case KindBool:
		return strconv.FormatBool(v.small != 0)
	case KindInt:
		return strconv.FormatInt(v.int(), 10)
	case KindUint:
		return strconv.FormatUint(v.uint(), 10)
	case KindDouble:
		return strconv.FormatFloat(v.float(), 'g', -1, 64)
	case KindNull:
		return "null"
	case KindIP, KindCIDR:
		return fmt.Sprint(v.made.any)
	}
	return ""
}
