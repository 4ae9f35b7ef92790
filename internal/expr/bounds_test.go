package expr_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/expr"
)

// TestHostileSyntax checks that no expression is too much for the parser.
func TestHostileSyntax(t *testing.T) {
	scope := expr.NewScope("a")
	for name, src := range map[string]string{
		"brackets":   strings.Repeat("(", 50_000),
		"lists":      strings.Repeat("[", 90_000),
		"maps":       strings.Repeat("{1:", 30_000),
		"not":        strings.Repeat("!", 99_000) + "a",
		"minus":      strings.Repeat("-", 99_000) + "a",
		"fields":     "a" + strings.Repeat(".a", 49_000),
		"indexes":    "a" + strings.Repeat("[0]", 33_000),
		"sum":        "a" + strings.Repeat("+a", 49_000),
		"power":      "a" + strings.Repeat("*a+a", 24_000),
		"ternary":    strings.Repeat("a?a:", 24_000) + "a",
		"macros":     strings.Repeat("a.all(a,", 12_000),
		"arguments":  "a.f(" + strings.Repeat("a,", 49_000) + "a)",
		"long":       strings.Repeat(" ", 100_001),
		"not a text": "'\xff'",
		"calls":      "a" + strings.Repeat(".f()", 24_000),
	} {
		start := time.Now()
		_, err := expr.Compile(src, scope)
		if err == nil && name != "not" && name != "minus" {
			t.Errorf("%s: compiled", name)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
	// A row of && or || is no deep tree.
	if _, err := expr.Compile("a"+strings.Repeat("&&a", 20_000), scope); err != nil {
		t.Error(err)
	}
}

// TestSteps checks that no expression runs for long, whatever it absorbs.
func TestSteps(t *testing.T) {
	scope := expr.NewScope("l", "text")
	f := expr.NewFrame(scope)
	items := make([]expr.Value, 3000)
	for i := range items {
		items[i] = expr.OfInt(int64(i))
	}
	f.Set(0, expr.OfList(items))
	f.Set(1, expr.OfString(strings.Repeat("ab", 1_000_000)))
	for _, src := range []string{
		"l.all(a, l.all(b, l.all(c, a + b + c >= 0)))",
		"l.all(a, l.all(b, l.all(c, a + b + c >= 0))) || true",
		"true || l.exists(a, l.exists(b, l.exists(c, false))) ? l.exists(a, l.exists(b, a == -1)) : false",
		"l.all(a, l == l)",
		"l.map(a, l.map(b, l)) == l.map(a, l.map(b, l))",
		"l.all(a, !(-1 in l))",
		"l.all(a, l.indexOf(-1) == -1)",
		"l.map(a, l.map(b, text)).map(t, t.join(''))",
		"l.map(a, text + text)",
		"l.all(a, text.contains('x') || true)",
		"l.all(a, text.matches('^(a|b)*c') || true)",
		"l.all(a, text.matches(string(a) + '(a|b)*c') || true)",
		"l.map(a, text.split(''))",
		"l.map(a, text.replace('a', text))",
		"l.map(a, l.distinct())",
		"sets.contains(l.map(a, l), l.map(a, l))",
		"l.map(a, l.sort())",
		"l.map(a, lists.range(1000000))",
		"l.transformMap(i, v, l).transformMap(k, v, l.transformMap(i, w, w)) == {}",
	} {
		p, err := expr.Compile(src, scope)
		if err != nil {
			t.Fatal(src, err)
		}
		start := time.Now()
		v := p.Eval(f)
		t.Logf("%s: %s", src, time.Since(start))
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%s: took %s", src, took)
		}
		if v.Err() == nil || !strings.Contains(v.Err().Error(), "too many steps") {
			t.Errorf("%s: gives %s %v", src, v.Kind(), v.Err())
		}
	}
}

// TestFrame checks that a defined variable is evaluated once, when it is needed, and with a budget of its own.
func TestFrame(t *testing.T) {
	scope := expr.NewScope("object", "other")
	for _, d := range [][2]string{{"bad", "object.missing + 1"}, {"names", "object.items.map(i, i.name)"}, {"twice", "names.map(n, n + n)"}} {
		if err := scope.Define(d[0], d[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := scope.Define("late", "later"); err == nil {
		t.Error("a variable was defined in terms of a later one")
	}
	f := expr.NewFrame(scope)
	f.Set(0, expr.Of(load(t, "items: [{name: a}, {name: b}]")))
	if got := show(f.Get(scope.Slot("twice"))); got != `list ["aa" "bb"]` {
		t.Error("before any program:", got)
	}
	p, err := expr.Compile("names.filter(n, twice.exists(t, t == n + n && names.size() == 2))", scope)
	if err != nil {
		t.Fatal(err)
	}
	if got := show(p.Eval(f)); got != `list ["a" "b"]` {
		t.Error(got)
	}
	f.Set(0, expr.Of(load(t, "items: [{name: c}]")))
	f.ResetDefined()
	if got := show(p.Eval(f)); got != `list []` {
		t.Error("after the reset:", got)
	}
	if err := f.Get(scope.Slot("bad")).Err(); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Error(err)
	}
	if err := f.Get(scope.Slot("other")).Err(); err == nil || !strings.Contains(err.Error(), "other has no value") {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	scope := expr.NewScope("a")
	var syntax *expr.SyntaxError
	for src, offset := range map[string]int{"a +": 3, "a + unknown": 4, "a b": 2, "a.matches('(')": 10, "[1, 'x": 4, "a.all(1, a)": 6} {
		if _, err := expr.Compile(src, scope); !errors.As(err, &syntax) || syntax.Offset != offset {
			t.Errorf("%s: %v, want an error at %d", src, err, offset)
		}
	}
	for _, src := range []string{"b'a'", "timestamp(a)", "a.format([])", "Object{}", "url(a)", "semver('1.0.0')", "format.dns1123Label()"} {
		if _, err := expr.Compile(src, scope); !errors.Is(err, expr.ErrUnsupported) {
			t.Errorf("%s: %v, want ErrUnsupported", src, err)
		}
	}
	f := expr.NewFrame(scope)
	f.Set(0, expr.Of(load(t, "{x: 1, l: [1]}")))
	for src, want := range map[string]string{
		"a.y":                 "no such key: y; test with has(), or read it with .?y and orValue()",
		"a.x.startsWith('a')": "no such overload: startsWith(int)",
		"a.l + 1":             "no such overload: _+_(list, int)",
		"a.x / 0":             "division by zero",
		"a.l[3]":              "no such key: 3",
	} {
		p, err := expr.Compile(src, scope)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Eval(f).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
}
