package expr_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/bartizan-dev/bartizan/internal/expr"
	"github.com/bartizan-dev/bartizan/internal/expr/celref"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// variables are those of every test here; a document gives their values, null if it does not.
var variables = []string{"object", "pod", "things", "s", "num", "b", "nothing", "opts"}

func load(t testing.TB, text string) tree.Node {
	t.Helper()
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		return doc.Root()
	}
	t.Fatal("no document")
	return tree.Node{}
}

func file(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func worldFile(t testing.TB) string { return file(t, "testdata/world.yaml") }

// both evaluates expressions by the planner and by cel-go in the API server's environment.
type both struct {
	scope *expr.Scope
	frame *expr.Frame
	env   *celref.Env
	vars  map[string]expr.Value
}

func newBoth(t testing.TB, world string) *both {
	t.Helper()
	b := &both{scope: expr.NewScope(variables...)}
	b.frame = expr.NewFrame(b.scope)
	var err error
	if b.env, err = celref.New(celref.Latest, variables); err != nil {
		t.Fatal(err)
	}
	b.world(t, world)
	return b
}

// world gives the variables the values of another document.
func (b *both) world(t testing.TB, text string) {
	t.Helper()
	root := load(t, text)
	b.vars = map[string]expr.Value{}
	for i, name := range variables {
		v := expr.Null
		if n := root.Get(name); n.Exists() {
			v = expr.Of(n)
		}
		b.frame.Set(i, v)
		b.vars[name] = v
	}
}

// planned gives the outcome of an expression: its type and value, "error", "rejected" or "unsupported".
func (b *both) planned(src string) string {
	p, err := expr.Compile(src, b.scope)
	switch {
	case errors.Is(err, expr.ErrUnsupported):
		return "unsupported"
	case err != nil:
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

// differ evaluates an expression by both; it says whether the outcomes differ, as they may not. The reference
// visits maps in random order: where its own outcomes differ, any is right.
func (b *both) differ(src string) (got, ref string, differ bool) {
	got, ref = b.planned(src), b.reference(src)
	for range 20 {
		if got == ref || got == "unsupported" || ref == "rejected" {
			return got, ref, false
		}
		if again := b.reference(src); again != ref {
			return got, ref, false
		}
	}
	return got, ref, true
}

// show writes a value with the types of all that it holds.
func show(v expr.Value) string {
	switch v.Kind() {
	case expr.KindError:
		return "error"
	case expr.KindNull:
		return "null"
	case expr.KindOptional:
		inner, ok := v.Unwrap()
		if !ok {
			return "none"
		}
		return "optional " + show(inner)
	case expr.KindQuantity:
		q := v.Any().(resource.Quantity)
		return "quantity " + q.String()
	case expr.KindList:
		items := []string{}
		v.Each(func(x expr.Value) bool { items = append(items, showItem(x)); return true })
		return "list [" + strings.Join(items, " ") + "]"
	case expr.KindMap:
		items := []string{}
		v.Each(func(k expr.Value) bool {
			x, _ := v.Entry(k)
			items = append(items, showItem(k)+":"+showItem(x))
			return true
		})
		slices.Sort(items)
		return "map {" + strings.Join(items, " ") + "}"
	}
	return fmt.Sprintf("%s %s", v.Kind(), v.Text())
}

// showItem leaves out what the common types are.
func showItem(v expr.Value) string {
	switch v.Kind() {
	case expr.KindString:
		return fmt.Sprintf("%q", v.Text())
	case expr.KindInt, expr.KindBool:
		return v.Text()
	case expr.KindList:
		return strings.TrimPrefix(show(v), "list ")
	case expr.KindMap:
		return strings.TrimPrefix(show(v), "map ")
	}
	return "(" + show(v) + ")"
}
