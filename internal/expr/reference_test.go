package expr_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bartizan-dev/bartizan/internal/expr"
	"github.com/bartizan-dev/bartizan/internal/expr/celref"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// variables are those of every test here; the document in testdata/world.yaml gives their values.
var variables = []string{"object", "pod", "things", "s", "num", "b", "nothing", "opts"}

func load(t testing.TB, text string) tree.Node {
	t.Helper()
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			t.Fatal(err)
		}
		return doc.Root()
	}
	t.Fatal("no document")
	return tree.Node{}
}

func worldFile(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/world.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type both struct {
	scope *expr.Scope
	frame *expr.Frame
	env   *celref.Env
	vars  map[string]expr.Value
}

func newBoth(t testing.TB, world string) *both {
	t.Helper()
	root := load(t, world)
	b := &both{scope: expr.NewScope(variables...), vars: map[string]expr.Value{}}
	b.frame = expr.NewFrame(b.scope)
	for i, name := range variables {
		v := expr.Null
		if n := root.Get(name); n.Exists() {
			v = expr.Of(n)
		}
		b.frame.Set(i, v)
		b.vars[name] = v
	}
	var err error
	if b.env, err = celref.New(36, variables); err != nil {
		t.Fatal(err)
	}
	return b
}

// outcome evaluates an expression by both implementations: a JSON-like text, "error", or "rejected".
func (b *both) planned(src string) string {
	p, err := expr.Compile(src, b.scope)
	if err != nil {
		if strings.Contains(err.Error(), expr.ErrUnsupported.Error()) {
			return "unsupported"
		}
		return "rejected"
	}
	return show(p.Eval(b.frame))
}

func (b *both) reference(src string) string {
	p, err := b.env.Compile(src)
	if err != nil {
		return "rejected"
	}
	return show(p.Eval(b.vars))
}

func show(v expr.Value) string {
	switch v.Kind() {
	case expr.KindError:
		return "error"
	case expr.KindNull:
		return "null"
	case expr.KindType:
		return "type " + v.Text()
	case expr.KindOptional:
		inner, ok := v.Unwrap()
		if !ok {
			return "none"
		}
		return "optional " + show(inner)
	}
	return fmt.Sprintf("%s %v", v.Kind(), v.Any())
}

// TestCases runs testdata/cases.txt, one expression a line: by the planner and by cel-go in the API server's
// environment, which must agree. A line "EXPRESSION ==> OUTCOME" pins the outcome, too.
func TestCases(t *testing.T) {
	b := newBoth(t, worldFile(t))
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, line := range strings.Split(string(text), "\n") {
		src, want, pinned := strings.Cut(line, " ==> ")
		src = strings.TrimSpace(src)
		if src == "" || src[0] == '#' {
			continue
		}
		n++
		got, ref := b.planned(src), b.reference(src)
		switch {
		case ref == "rejected":
			// The checker refuses what is of the wrong type whatever the variables hold; the planner
			// checks no types. What is no CEL at all both must refuse.
			if b.env.Parse(src) != nil && got != "rejected" {
				t.Errorf("cases.txt:%d: %s: planner gives %s for what does not parse", i+1, src, got)
			}
		case got == "unsupported":
			t.Errorf("cases.txt:%d: %s is outside the subset", i+1, src)
		case got != ref:
			t.Errorf("cases.txt:%d: %s: planner gives %s, reference %s", i+1, src, got, ref)
		}
		if pinned && strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("cases.txt:%d: %s: gives %s, want %s", i+1, src, got, want)
		}
	}
	if n < 200 {
		t.Errorf("only %d cases were run", n)
	}
}

// TestRandom compares both implementations on random expressions.
func TestRandom(t *testing.T) {
	b := newBoth(t, worldFile(t))
	count := 3000
	if os.Getenv("BARTIZAN_NIGHTLY") != "" {
		count = 200_000
	}
	g := &exprGen{r: rand.New(rand.NewPCG(7, 11))}
	agreed := map[string]int{}
	for range count {
		g.bound = g.bound[:0]
		src := g.any(4)
		got, ref := b.planned(src), b.reference(src)
		if ref == "rejected" || got == "unsupported" {
			agreed["skipped"]++
			continue
		}
		if got != ref {
			t.Errorf("%s\n  planner   %s\n  reference %s", src, got, ref)
			if agreed["different"]++; agreed["different"] > 20 {
				t.FailNow()
			}
			continue
		}
		if got == "error" {
			agreed["error"]++
		} else {
			agreed["value"]++
		}
	}
	t.Logf("%v", agreed)
	if agreed["value"] < count/5 || agreed["error"] < count/50 {
		t.Errorf("the generator has become too tame: %v", agreed)
	}
}

// exprGen writes random expressions that are mostly well typed.
type exprGen struct {
	r     *rand.Rand
	bound []string
}

func (g *exprGen) pick(from ...string) string { return from[g.r.IntN(len(from))] }

func (g *exprGen) any(d int) string {
	switch g.r.IntN(6) {
	case 0, 1:
		return g.boolean(d)
	case 2:
		return g.str(d)
	case 3:
		return g.num(d)
	case 4:
		return g.opt(d)
	}
	return g.list(d)
}

func (g *exprGen) boolean(d int) string {
	if d <= 0 {
		return g.pick("true", "false", "b", "object.spec.flag", "has(object.spec.missing)", "has(object.spec.flag)", "object.missing")
	}
	switch g.r.IntN(11) {
	case 0:
		return "(" + g.boolean(d-1) + g.pick(" && ", " || ") + g.boolean(d-1) + ")"
	case 1:
		return "!" + g.boolean(d-1)
	case 2:
		return "(" + g.num(d-1) + g.pick(" < ", " <= ", " > ", " >= ", " == ", " != ") + g.num(d-1) + ")"
	case 3:
		return "(" + g.str(d-1) + g.pick(" == ", " != ", " < ") + g.str(d-1) + ")"
	case 4:
		return g.str(d-1) + "." + g.pick("contains", "startsWith", "endsWith", "matches") + "('" + g.pick("a", "web", "^w.*", "") + "')"
	case 5:
		v := g.variable()
		over := g.list(d - 1)
		g.bound = append(g.bound, v)
		s := over + "." + g.pick("all", "exists", "exists_one") + "(" + v + ", " + g.boolean(d-1) + ")"
		g.bound = g.bound[:len(g.bound)-1]
		return s
	case 6:
		return "(" + g.any(d-1) + " in " + g.list(d-1) + ")"
	case 7:
		return "(" + g.boolean(d-1) + " ? " + g.boolean(d-1) + " : " + g.boolean(d-1) + ")"
	case 8:
		return g.opt(d-1) + ".hasValue()"
	case 9:
		return "has(" + g.mapping(d-1) + "." + g.pick("name", "flag", "missing", "image") + ")"
	}
	return "(" + g.any(d-1) + " == " + g.any(d-1) + ")"
}

func (g *exprGen) variable() string { return g.pick("x", "y", "z") }

func (g *exprGen) str(d int) string {
	if len(g.bound) > 0 && g.r.IntN(4) == 0 {
		return g.bound[g.r.IntN(len(g.bound))] + g.pick("", ".name", ".image")
	}
	if d <= 0 {
		return g.pick("'a'", "'web'", "s", "object.metadata.name", "''", "object.spec.missing", "pod.containers[0].name")
	}
	switch g.r.IntN(5) {
	case 0:
		return "(" + g.str(d-1) + " + " + g.str(d-1) + ")"
	case 1:
		return g.str(d-1) + "." + g.pick("lowerAscii()", "upperAscii()", "trim()", "replace('a', 'b')", "substring(0, 1)", "charAt(0)")
	case 2:
		return "string(" + g.pick(g.num(d-1), g.boolean(d-1)) + ")"
	case 3:
		return g.mapping(d-1) + g.pick(".name", "['name']", ".?name.orValue('none')", "[?'image'].orValue('none')")
	}
	return "(" + g.boolean(d-1) + " ? " + g.str(d-1) + " : " + g.str(d-1) + ")"
}

func (g *exprGen) num(d int) string {
	if d <= 0 {
		return g.pick("0", "1", "-3", "num", "2.5", "object.spec.replicas", "object.spec.ratio", "7u", "object.spec.name")
	}
	switch g.r.IntN(4) {
	case 0:
		return "size(" + g.pick(g.list(d-1), g.str(d-1)) + ")"
	case 1:
		return "(" + g.num(d-1) + g.pick(" + ", " - ", " * ", " / ", " % ") + g.num(d-1) + ")"
	case 2:
		return "int(" + g.num(d-1) + ")"
	}
	return g.str(d-1) + ".indexOf('a')"
}

func (g *exprGen) list(d int) string {
	if d <= 0 {
		return g.pick("things", "pod.containers", "[]", "[1, 2, 3]", "['a', 'web']", "object.spec.missing", "object.metadata.labels", "opts.items")
	}
	v := g.variable()
	switch g.r.IntN(6) {
	case 0:
		over := g.list(d - 1)
		g.bound = append(g.bound, v)
		s := over + ".filter(" + v + ", " + g.boolean(d-1) + ")"
		g.bound = g.bound[:len(g.bound)-1]
		return s
	case 1:
		over := g.list(d - 1)
		g.bound = append(g.bound, v)
		s := over + ".map(" + v + ", " + g.any(d-1) + ")"
		g.bound = g.bound[:len(g.bound)-1]
		return s
	case 2:
		over := g.list(d - 1)
		g.bound = append(g.bound, v)
		s := over + ".map(" + v + ", " + g.boolean(d-1) + ", " + g.str(d-1) + ")"
		g.bound = g.bound[:len(g.bound)-1]
		return s
	case 3:
		return "(" + g.list(d-1) + " + " + g.list(d-1) + ")"
	case 4:
		return g.mapping(d-1) + ".?" + g.pick("items", "args", "missing") + ".orValue([])"
	}
	return g.str(d-1) + ".split('e')"
}

func (g *exprGen) mapping(d int) string {
	if len(g.bound) > 0 && g.r.IntN(2) == 0 {
		return g.bound[g.r.IntN(len(g.bound))]
	}
	return g.pick("object", "object.spec", "object.metadata", "pod", "pod.containers[0]", "opts", "object.missing", "nothing", "s", "things")
}

func (g *exprGen) opt(d int) string {
	base := g.mapping(d-1) + g.pick(".?name", ".?items", "[?'flag']", ".?missing.?deeper", ".?spec.flag", ".?containers[0].image")
	switch g.r.IntN(4) {
	case 0:
		return base + ".or(" + g.mapping(d-1) + ".?name)"
	case 1:
		v := g.variable()
		g.bound = append(g.bound, v)
		s := base + ".optMap(" + v + ", " + g.any(d-2) + ")"
		g.bound = g.bound[:len(g.bound)-1]
		return s
	}
	return base
}

// TestRewrite checks that only free variables are renamed.
func TestRewrite(t *testing.T) {
	rename := func(s string) (string, bool) { return "variables." + s, slices.Contains(variables, s) }
	for src, want := range map[string]string{
		"things.filter(x, x.things == s)":         "variables.things.filter(x, x.things == variables.s)",
		"things.map(things, things)":              "variables.things.map(things, things)",
		"object.things + has(object.num)":         "variables.object.things + has(variables.object.num)",
		"'things' + s // things":                  "'things' + variables.s // things",
		"{'things': things}[s].things":            "{'things': variables.things}[variables.s].things",
		"things.all(i, v, i > num && v[?s] == v)": "variables.things.all(i, v, i > variables.num && v[?variables.s] == v)",
	} {
		got, err := expr.Rewrite(src, rename)
		if err != nil || got != want {
			t.Errorf("Rewrite(%s) = %s, %v; want %s", src, got, err, want)
		}
	}
	free, err := expr.Free("things.filter(x, x == s) + [type(num) == string]")
	if err != nil || !reflect.DeepEqual(free, []string{"num", "s", "things"}) {
		t.Errorf("Free gives %v, %v", free, err)
	}
}

// FuzzParse looks for panics and for expressions that only one of the parsers takes.
func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		src, _, _ := strings.Cut(line, " ==> ")
		f.Add(src)
	}
	b := newBoth(f, worldFile(f))
	f.Fuzz(func(t *testing.T, src string) {
		got := b.planned(src)
		if got == "unsupported" || len(src) > 500 || !utf8.ValidString(src) {
			return
		}
		ref := b.reference(src)
		if ref == "rejected" && (got == "rejected" || b.env.Parse(src) == nil) || got == ref {
			return
		}
		t.Errorf("%q: planner gives %s, reference %s", src, got, ref)
	})
}
