package export

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/expr"
)

// A patch needs to know not only what a rule finds but where it stands. So the find is rewritten, step by step,
// into an expression that gives a list of {'v': value, 'p': JSON Pointer} in the same order.

// place is a value of the object with the expression for its JSON Pointer.
type place struct{ value, path string }

// placeDefinitions are the variables that locate a pod and its lists.
func placeDefinitions() []engine.Definition {
	at := func(prefix, suffix string) string {
		return fmt.Sprintf("object.kind == 'Pod' ? '%s'\n  : object.kind == 'PodTemplate' ? '/template%s'\n"+
			"  : object.kind == 'CronJob' ? '/spec/jobTemplate/spec/template%s'\n  : '/spec/template%s'", prefix, suffix, suffix, suffix)
	}
	list := func(name, field string) engine.Definition {
		return engine.Definition{Name: name + "At", Expression: items(place{name, appendPath("podPath", "/"+field)})}
	}
	return append(definitions(),
		engine.Definition{Name: "podPath", Expression: at("/spec", "/spec")},
		engine.Definition{Name: "podMetaPath", Expression: at("/metadata", "/metadata")},
		list("initContainers", "initContainers"), list("appContainers", "containers"),
		list("ephemeralContainers", "ephemeralContainers"), list("volumes", "volumes"),
		engine.Definition{Name: "containersAt", Expression: "initContainersAt + appContainersAt + ephemeralContainersAt"})
}

// items is the places of the items of a list.
func items(list place) string {
	return fmt.Sprintf("%s.transformList(index, item, {'v': dyn(item), 'p': dyn(%s + string(index))})", list.value, appendPath(list.path, "/"))
}

// one is a list of one place.
func one(p place) string { return fmt.Sprintf("[{'v': dyn(%s), 'p': dyn(%s)}]", p.value, p.path) }

// errMade says that a rule finds values that it makes itself.
var errMade = errors.New("what it finds has no place in the object that a patch could name")

// locator rewrites a find.
type locator struct {
	bound map[string]place
	depth int
}

func newLocator() locator {
	return locator{bound: map[string]place{
		"pod": {"pod", "podPath"}, "podMeta": {"podMeta", "podMetaPath"}, "object": {"object", "''"},
	}}
}

// with binds a variable of a macro.
func (l locator) with(name string, p place) locator {
	bound := make(map[string]place, len(l.bound)+1)
	for k, v := range l.bound {
		bound[k] = v
	}
	bound[name] = p
	return locator{bound, l.depth + 1}
}

// text writes an expression with the variables of macros replaced by what they stand for.
func (l locator) text(e ast.Expr) (string, error) {
	src, err := text(e)
	if err != nil {
		return "", err
	}
	return expr.Rewrite(src, func(name string) (string, bool) {
		p, ok := l.bound[name]
		return p.value, ok
	})
}

// list is the places of what an expression gives, which must be a list.
func (l locator) list(e ast.Expr) (string, error) {
	switch e.Kind() {
	case ast.IdentKind:
		if slices.Contains(podLists, e.AsIdent()) {
			return e.AsIdent() + "At", nil
		}
	case ast.ListKind:
		return l.literal(e.AsList())
	case ast.CallKind:
		c := e.AsCall()
		switch {
		case c.FunctionName() == operators.Add, c.FunctionName() == operators.Conditional:
			return l.choice(c)
		case c.IsMemberFunction() && c.FunctionName() == "filter" && len(c.Args()) == 2:
			return l.filter(c.Target(), c.Args()[0], c.Args()[1])
		case c.IsMemberFunction() && c.FunctionName() == "map":
			return l.transform(c)
		}
	}
	p, err := l.place(e)
	if err != nil {
		return "", err
	}
	return items(p), nil
}

func (l locator) choice(c ast.CallExpr) (string, error) {
	args := c.Args()
	a, err := l.list(args[len(args)-2])
	if err != nil {
		return "", err
	}
	b, err := l.list(args[len(args)-1])
	if err != nil || c.FunctionName() == operators.Add {
		return "(" + a + " + " + b + ")", err
	}
	condition, err := l.text(args[0])
	return fmt.Sprintf("(%s ? %s : %s)", condition, a, b), err
}

// literal is the places of the items of a list that is written out.
func (l locator) literal(list ast.ListExpr) (string, error) {
	if list.Size() == 0 {
		return "[]", nil
	}
	var parts []string
	for i, e := range list.Elements() {
		p, err := l.place(e)
		if err != nil {
			return "", err
		}
		part := found(p)
		if e.Kind() == ast.IdentKind {
			part = one(p)
		}
		if list.IsOptional(int32(i)) {
			part = fmt.Sprintf("(%s.hasValue() ? %s : [])", p.value, found(place{p.value + ".value()", p.path}))
		}
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return "(" + strings.Join(parts, " + ") + ")", nil
}

// found is the place of a value, or those of its items where it is a list, as the engine reads faults.
func found(p place) string {
	return fmt.Sprintf("(type(%s) == list ? %s : %s)", p.value, items(place{"dyn(" + p.value + ")", p.path}), one(p))
}

func (l locator) filter(target, variable, condition ast.Expr) (string, error) {
	src, err := l.list(target)
	if err != nil {
		return "", err
	}
	at := "at" + strconv.Itoa(l.depth+1)
	test, err := l.with(variable.AsIdent(), place{at + ".v", at + ".p"}).text(condition)
	return fmt.Sprintf("%s.filter(%s, %s)", src, at, test), err
}

// transform is the places of x.map(v, e) and x.map(v, condition, e).
func (l locator) transform(c ast.CallExpr) (string, error) {
	args := c.Args()
	if args[0].Kind() != ast.IdentKind {
		return "", errMade
	}
	if out, ok, err := l.keys(c); ok || err != nil {
		return out, err
	}
	src, err := l.list(c.Target())
	if err != nil {
		return "", err
	}
	if len(args) == 3 {
		if src, err = l.filter(c.Target(), args[0], args[1]); err != nil {
			return "", err
		}
	}
	at := "at" + strconv.Itoa(l.depth+1)
	inner := l.with(args[0].AsIdent(), place{at + ".v", at + ".p"})
	body := args[len(args)-1]
	var out string
	if p, why := inner.place(body); why == nil {
		out = found(p)
	} else if out, err = inner.list(body); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s.map(%s, %s).flatten()", src, at, out), nil
}

// keys is the places of the entries of a map: m.map(k, condition, m[k]).
func (l locator) keys(c ast.CallExpr) (out string, ok bool, err error) {
	args := c.Args()
	body := args[len(args)-1]
	if body.Kind() != ast.CallKind || body.AsCall().FunctionName() != operators.Index {
		return "", false, nil
	}
	index := body.AsCall().Args()
	if index[1].Kind() != ast.IdentKind || index[1].AsIdent() != args[0].AsIdent() {
		return "", false, nil
	}
	m, err := l.place(c.Target())
	if err != nil {
		return "", false, err
	}
	whole, err := l.text(index[0])
	if err != nil || whole != m.value {
		return "", false, err
	}
	key := args[0].AsIdent()
	src := m.value
	if len(args) == 3 {
		condition, err := l.text(args[1])
		if err != nil {
			return "", false, err
		}
		src = fmt.Sprintf("%s.filter(%s, %s)", src, key, condition)
	}
	entry := one(place{fmt.Sprintf("%s[%s]", m.value, key), fmt.Sprintf("%s + %s.replace('~', '~0').replace('/', '~1')", appendPath(m.path, "/"), key)})
	return fmt.Sprintf("%s.map(%s, %s).flatten()", src, key, entry), true, nil
}

// place is where an expression leads that picks one value of the object.
func (l locator) place(e ast.Expr) (place, error) {
	var from ast.Expr
	var step string
	switch e.Kind() {
	case ast.IdentKind:
		if p, ok := l.bound[e.AsIdent()]; ok {
			return p, nil
		}
		return place{}, errMade
	case ast.SelectKind:
		from, step = e.AsSelect().Operand(), e.AsSelect().FieldName()
	case ast.CallKind:
		c := e.AsCall()
		switch c.FunctionName() {
		case operators.OptSelect, operators.Index, operators.OptIndex:
			from = c.Args()[0]
			key, ok := c.Args()[1].AsLiteral().(types.String)
			if c.Args()[1].Kind() != ast.LiteralKind || !ok {
				return place{}, errMade
			}
			step = string(key)
		case "orValue":
			p, err := l.place(c.Target())
			if err != nil {
				return p, err
			}
			p.value, err = l.text(e)
			return p, err
		}
	}
	if from == nil {
		return place{}, errMade
	}
	p, err := l.place(from)
	if err != nil {
		return p, err
	}
	p.path = join(p.path, step)
	p.value, err = l.text(e)
	return p, err
}

// join adds a step to the expression of a JSON Pointer.
func join(path, step string) string {
	step = strings.ReplaceAll(strings.ReplaceAll(step, "~", "~0"), "/", "~1")
	return appendPath(path, "/"+step)
}

// appendPath adds text to the expression of a JSON Pointer, to its last literal if it ends in one.
func appendPath(path, text string) string {
	if strings.HasSuffix(path, "'") {
		return strings.TrimSuffix(path, "'") + strings.TrimPrefix(quote(text), "'")
	}
	return path + " + " + quote(text)
}
