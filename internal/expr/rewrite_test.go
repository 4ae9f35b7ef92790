package expr_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/expr"
)

// TestRewrite checks that only free variables are renamed, and all else is left as it is.
func TestRewrite(t *testing.T) {
	rename := func(s string) (string, bool) { return "variables." + s, slices.Contains(variables, s) }
	for src, want := range map[string]string{
		"things.filter(x, x.things == s)":         "variables.things.filter(x, x.things == variables.s)",
		"things.map(things, things)":              "variables.things.map(things, things)",
		"object.things + has(object.num)":         "variables.object.things + has(variables.object.num)",
		"'things' + s // things":                  "'things' + variables.s // things",
		"{'things': things}[s].things":            "{'things': variables.things}[variables.s].things",
		"things.all(i, v, i > num && v[?s] == v)": "variables.things.all(i, v, i > variables.num && v[?variables.s] == v)",
		"  s\n+ /**/ s":                           "",
		"  s\n\t+ ( s )  ":                        "  variables.s\n\t+ ( variables.s )  ",
		"b'bytes' == things":                      "b'bytes' == variables.things",
		"Object{things: things}":                  "Object{things: variables.things}",
		"things.sortBy(s, s)":                     "variables.things.sortBy(s, s)",
		"[1].map(s, .s + s)":                      "[1].map(s, .variables.s + s)",
		"optional.of(s).optMap(v, v + s)":         "optional.of(variables.s).optMap(v, v + variables.s)",
	} {
		got, err := expr.Rewrite(src, rename)
		if want == "" {
			if err == nil {
				t.Errorf("Rewrite(%s) = %s, want an error", src, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("Rewrite(%s) = %s, %v; want %s", src, got, err, want)
		}
	}
}

func TestFree(t *testing.T) {
	for src, want := range map[string][]string{
		"things.filter(x, x == s) + [type(num) == string]": {"num", "s", "things"},
		"optional.none().or(sets.contains([], a))":         {"a"},
		"ip.isCanonical(ip) && ip.family() == 4":           {"ip"},
		"type(x) == net.IP || net.x":                       {"net", "x"},
		"a.b.c(d).all(e, e == d && f)":                     {"a", "d", "f"},
		"1 + 2":                                            nil,
		"timestamp(object.x) < b'' ":                       {"object"},
	} {
		got, err := expr.Free(src)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Free(%s) = %v, %v; want %v", src, got, err, want)
		}
	}
}
