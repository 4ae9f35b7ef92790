package expr_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestRandom compares both implementations on random expressions over random documents.
func TestRandom(t *testing.T) {
	b := newBoth(t, worldFile(t))
	count, seed := 4000, uint64(7)
	if os.Getenv("BARTIZAN_NIGHTLY") != "" {
		count, seed = 100_000, rand.Uint64()
	}
	t.Logf("seed %d", seed)
	g := &exprGen{r: rand.New(rand.NewPCG(seed, 11))}
	agreed := map[string]int{}
	world := worldFile(t)
	for i := range count {
		if i%40 == 20 {
			world = g.document()
			b.world(t, world)
		}
		g.bound = g.bound[:0]
		src := g.any(4)
		got, ref, differ := b.differ(src)
		switch {
		case got == "unsupported":
			t.Errorf("%s is outside the subset", src)
		case ref == "rejected":
			agreed["rejected"]++
		case differ:
			t.Errorf("%s\n  planner   %s\n  reference %s\nover\n%s", src, got, ref, world)
			if agreed["different"]++; agreed["different"] > 10 {
				t.FailNow()
			}
		case got == "error":
			agreed["error"]++
		default:
			agreed["value"]++
		}
	}
	t.Logf("%v", agreed)
	if agreed["value"] < count/8 || agreed["error"] < count/80 {
		t.Errorf("the generator has become too tame: %v", agreed)
	}
}

// exprGen writes random expressions that are mostly well typed, and small documents for them.
type exprGen struct {
	r     *rand.Rand
	bound []string
}

func (g *exprGen) pick(from ...string) string { return from[g.r.IntN(len(from))] }

// document gives the test's variables values that are often, but not always, what the expressions expect.
func (g *exprGen) document() string {
	var b strings.Builder
	for _, name := range variables {
		switch name {
		case "object", "pod", "opts":
			fmt.Fprintf(&b, "%s: %s\n", name, g.mapDoc(3))
		case "things":
			fmt.Fprintf(&b, "%s: %s\n", name, g.listDoc(2))
		default:
			fmt.Fprintf(&b, "%s: %s\n", name, g.scalarDoc())
		}
	}
	return b.String()
}

func (g *exprGen) scalarDoc() string {
	return g.pick("a", "web", "''", "1", "-3", "2.5", "0", "4.0", "true", "false", "null", "9223372036854775807", "1e3", `"1"`, "äb")
}

func (g *exprGen) valueDoc(d int) string {
	switch n := g.r.IntN(5); {
	case d > 0 && n == 0:
		return g.mapDoc(d - 1)
	case d > 0 && n == 1:
		return g.listDoc(d - 1)
	}
	return g.scalarDoc()
}

func (g *exprGen) mapDoc(d int) string {
	var entries []string
	for _, k := range []string{"name", "image", "flag", "items", "spec", "metadata", "containers", "args", "labels", "replicas", "ratio"} {
		switch {
		case g.r.IntN(5) < 2:
		case k == "items" || k == "containers" || k == "args":
			entries = append(entries, k+": "+g.listDoc(d-1))
		case d > 0 && (k == "spec" || k == "metadata" || k == "labels"):
			entries = append(entries, k+": "+g.mapDoc(d-1))
		default:
			entries = append(entries, k+": "+g.valueDoc(d-1))
		}
	}
	return "{" + strings.Join(entries, ", ") + "}"
}

func (g *exprGen) listDoc(d int) string {
	items := make([]string, g.r.IntN(4))
	for i := range items {
		if d > 0 && g.r.IntN(2) == 0 {
			items[i] = g.mapDoc(d - 1)
		} else {
			items[i] = g.valueDoc(d - 1)
		}
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func (g *exprGen) any(d int) string {
	switch g.r.IntN(7) {
	case 0, 1:
		return dyn(g.boolean(d))
	case 2:
		return dyn(g.str(d))
	case 3:
		return dyn(g.num(d))
	case 4:
		return g.opt(d)
	case 5:
		return g.construct(d)
	}
	return dyn(g.list(d))
}

// dyn hides the type of an expression from the checker, which otherwise refuses what does not fit, and fixes
// which overload of a function is called.
func dyn(src string) string { return "dyn(" + src + ")" }

// with writes a macro's body with a variable bound in it.
func (g *exprGen) with(body func() string) (name, src string) {
	name = g.pick("x", "y", "z")
	g.bound = append(g.bound, name)
	src = body()
	g.bound = g.bound[:len(g.bound)-1]
	return name, src
}

func (g *exprGen) construct(d int) string {
	switch g.r.IntN(4) {
	case 0:
		return "[" + g.any(d-1) + ", " + g.any(d-1) + "]"
	case 1:
		return "[?" + g.opt(d-1) + ", " + g.str(d-1) + "]"
	case 2:
		return "{'name': " + g.any(d-1) + ", " + g.pick("'b'", "1", "true", "2u", g.str(d-2)) + ": " + g.any(d-1) + "}"
	}
	return "{?'name': " + g.opt(d-1) + ", 'k': " + g.num(d-1) + "}"
}

func (g *exprGen) boolean(d int) string {
	if d <= 0 {
		return g.pick("true", "false", "b", "object.spec.flag", "has(object.spec.missing)", "has(object.spec.flag)", "object.missing", "pod.?flag.orValue(false)")
	}
	switch g.r.IntN(17) {
	case 0:
		return "(" + g.boolean(d-1) + g.pick(" && ", " || ") + g.boolean(d-1) + ")"
	case 1:
		return "(" + g.boolean(d-1) + g.pick(" && ", " || ") + g.boolean(d-1) + g.pick(" && ", " || ") + g.boolean(d-1) + ")"
	case 2:
		return "!" + g.boolean(d-1)
	case 3:
		return "(" + g.num(d-1) + g.pick(" < ", " <= ", " > ", " >= ", " == ", " != ") + dyn(g.num(d-1)) + ")"
	case 4:
		return "(" + g.str(d-1) + g.pick(" == ", " != ", " < ", " >= ") + dyn(g.str(d-1)) + ")"
	case 5:
		return g.str(d-1) + "." + g.pick("contains", "startsWith", "endsWith", "matches") + "(" + g.pick("'a'", "'web'", "'^w.*'", "''", "'^(?i)a?WEB$'", g.str(d-2)) + ")"
	case 6:
		over := g.list(d - 1)
		v, body := g.with(func() string { return g.boolean(d - 1) })
		return over + "." + g.pick("all", "exists", "exists_one") + "(" + v + ", " + body + ")"
	case 7:
		return "(" + g.any(d-1) + " in " + g.pick(g.list(d-1), g.mapping(d-1), "['a', 'web', '']", "[1, 2, 'a']", "[1.0, 4]") + ")"
	case 8:
		return "(" + g.boolean(d-1) + " ? " + dyn(g.boolean(d-1)) + " : " + g.boolean(d-1) + ")"
	case 9:
		return g.opt(d-1) + ".hasValue()"
	case 10:
		return "has(" + g.mapping(d-1) + "." + g.pick("name", "flag", "missing", "image", "spec.name") + ")"
	case 11:
		return "(type(" + g.any(d-1) + ")" + g.pick(" == ", " != ") + g.pick("string", "int", "list", "map", "type("+g.any(d-1)+")", "null_type") + ")"
	case 12:
		return "(" + g.any(d-1) + g.pick(" == ", " != ") + g.pick("null", "''", "0", "true", "[]") + ")"
	case 13:
		over := g.list(d - 1)
		v, body := g.with(func() string { return g.boolean(d - 1) })
		return over + "." + g.pick("all", "exists", "existsOne") + "(i, " + v + ", i " + g.pick("==", "!=") + " 0 || " + body + ")"
	case 14: // not alone: cel-go gives an optional rather than a bool for one that is a branch of ?:
		return "(true && has(" + g.mapping(d-1) + ".?spec." + g.pick("flag", "missing", "name") + "))"
	case 15:
		return g.pick("sets.contains(", "sets.intersects(", "sets.equivalent(") + dyn(g.list(d-1)) + ", " + dyn(g.list(d-1)) + ")"
	}
	return "(" + g.any(d-1) + g.pick(" == ", " != ") + g.any(d-1) + ")"
}

func (g *exprGen) str(d int) string {
	if len(g.bound) > 0 && g.r.IntN(4) == 0 {
		return g.bound[g.r.IntN(len(g.bound))] + g.pick("", ".name", ".image", ".?name.orValue('q')")
	}
	if d <= 0 {
		return g.pick("'a'", "'web'", "s", "object.metadata.name", "''", "object.spec.missing", "pod.containers[0].name", "'äö'")
	}
	switch g.r.IntN(7) {
	case 0:
		return "(" + dyn(g.str(d-1)) + " + " + g.str(d-1) + ")"
	case 1:
		return g.str(d-1) + "." + g.pick("lowerAscii()", "upperAscii()", "trim()", "replace('a', 'b')", "replace('', '-', 2)",
			"substring(0, 1)", "substring(1)", "charAt(0)", "charAt("+g.num(d-2)+")", "find('[a-c]+')", "substring("+g.num(d-2)+")")
	case 2:
		return "string(" + dyn(g.pick(g.num(d-1), g.boolean(d-1), g.str(d-1))) + ")"
	case 3:
		return g.mapping(d-1) + g.pick(".name", "['name']", ".?name.orValue('none')", "[?'image'].orValue('none')")
	case 4:
		return g.list(d-1) + ".join(" + g.pick("", "'-'", g.str(d-2)) + ")"
	case 5:
		return "strings.quote(" + g.str(d-1) + ")"
	}
	return "(" + g.boolean(d-1) + " ? " + dyn(g.str(d-1)) + " : " + g.str(d-1) + ")"
}

func (g *exprGen) num(d int) string {
	if d <= 0 {
		return g.pick("0", "1", "-3", "num", "2.5", "object.spec.replicas", "object.spec.ratio", "7u", "object.spec.name", "9223372036854775807")
	}
	switch g.r.IntN(7) {
	case 0:
		return "size(" + dyn(g.pick(g.list(d-1), g.str(d-1), g.mapping(d-1))) + ")"
	case 1:
		return "(" + dyn(g.num(d-1)) + g.pick(" + ", " - ", " * ", " / ", " % ") + dyn(g.num(d-1)) + ")"
	case 2:
		return g.pick("int", "uint", "double") + "(" + dyn(g.pick(g.num(d-1), g.str(d-1))) + ")"
	case 3:
		return dyn(g.list(d-1)) + "." + g.pick("sum()", "min()", "max()", "indexOf(1)", "lastIndexOf('a')")
	case 4:
		return "-" + g.num(d-1)
	case 5:
		return g.list(d-1) + g.pick("[0]", "[1]", "["+g.num(d-2)+"]", "[?0].orValue(1)", ".size()")
	}
	return dyn(g.str(d-1)) + g.pick(".indexOf('a')", ".lastIndexOf('b')", ".indexOf("+g.str(d-2)+", 1)", ".lastIndexOf('', 1)", ".size()")
}

func (g *exprGen) list(d int) string {
	if d <= 0 {
		return g.pick("things", "pod.containers", "[]", "[1, 2, 3]", "['a', 'web']", "object.spec.missing", "object.metadata.labels", "opts.items", "[1, 1.0, 1u]", "[3, 1, 2]",
			// cel-go panics where these are called on what is no list, and no || absorbs that.
			"[dyn(1), num, s, b, 1.0].distinct()", "[dyn(s), s].sort()")
	}
	switch g.r.IntN(10) {
	case 0:
		over := g.list(d - 1)
		v, body := g.with(func() string { return g.boolean(d - 1) })
		return over + ".filter(" + v + ", " + body + ")"
	case 1:
		over := g.list(d - 1)
		v, body := g.with(func() string { return g.any(d - 1) })
		return over + ".map(" + v + ", " + body + ")"
	case 2:
		over := g.list(d - 1)
		v, body := g.with(func() string { return g.boolean(d-1) + ", " + g.str(d-1) })
		return over + ".map(" + v + ", " + body + ")"
	case 3:
		return "(" + dyn(g.list(d-1)) + " + " + g.list(d-1) + ")"
	case 4:
		return g.mapping(d-1) + ".?" + g.pick("items", "args", "missing", "containers") + ".orValue([])"
	case 5:
		return dyn(g.list(d-1)) + "." + g.pick("flatten()", "flatten(2)", "reverse()", "slice(0, 1)", "slice(1, 2)")
	case 6:
		over := g.list(d - 1)
		v, body := g.with(func() string { return g.pick("", g.boolean(d-1)+", ") + g.any(d-1) })
		return over + "." + g.pick("transformList", "transformMap") + "(i, " + v + ", " + body + ")"
	case 7:
		return g.str(d-1) + ".findAll('[a-c]')"
	case 8:
		return "(" + g.boolean(d-1) + " ? " + dyn(g.list(d-1)) + " : " + g.list(d-1) + ")"
	}
	return g.str(d-1) + ".split(" + g.pick("'e'", "''", "'a', 2", g.str(d-2)) + ")"
}

func (g *exprGen) mapping(d int) string {
	if len(g.bound) > 0 && g.r.IntN(2) == 0 {
		return g.bound[g.r.IntN(len(g.bound))]
	}
	return g.pick("object", "object.spec", "object.metadata", "pod", "pod.containers[0]", "opts", "object.missing", "nothing", "s", "things", "{'name': s, 'flag': b}", "things[?0].orValue({})", "object[s]")
}

func (g *exprGen) opt(d int) string {
	base := g.mapping(d-1) + g.pick(".?name", ".?items", "[?'flag']", ".?missing.?deeper", ".?spec.flag", ".?containers[0].image", ".?containers[?0]", ".?spec[?s]", "[?num]")
	if d <= 0 {
		return base
	}
	switch g.r.IntN(8) {
	case 0:
		return base + ".or(" + g.mapping(d-1) + ".?name)"
	case 1:
		v, body := g.with(func() string { return g.any(d - 2) })
		return base + ".optMap(" + v + ", " + body + ")"
	case 2:
		v, body := g.with(func() string { return g.opt(d - 2) })
		return base + ".optFlatMap(" + v + ", " + body + ")"
	case 3:
		return g.pick("optional.of(", "optional.ofNonZeroValue(") + g.any(d-1) + ")"
	case 4:
		return g.list(d-1) + g.pick(".first()", ".last()", "[?1]")
	case 5:
		return "(" + g.boolean(d-1) + " ? " + dyn(g.opt(d-1)) + " : optional.none())"
	}
	return base
}
