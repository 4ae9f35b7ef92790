package export

import (
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/bartizan-dev/bartizan/rule"
)

// podLists are the variables that hold lists of named things of a pod.
var podLists = []string{"containers", "initContainers", "appContainers", "ephemeralContainers", "volumes"}

// shaped knows how deep a find's lists are where types do not tell, from the way it is written: no kind of
// Kubernetes' own groups has lists whose items are lists, so a filter over a field gives a flat list.
type shaped struct{ ownKinds bool }

// levels is the depth of the lists that an expression gives, 0 where that is not known, anyLevel for a list
// that is always empty.
const anyLevel = -1

func (s shaped) levels(e ast.Expr) int {
	switch e.Kind() {
	case ast.ListKind:
		switch {
		case e.AsList().Size() == 0:
			return anyLevel
		case e.AsList().Size() == 1 && e.AsList().Elements()[0].Kind() == ast.IdentKind &&
			slices.Contains([]string{"pod", "object", "podMeta"}, e.AsList().Elements()[0].AsIdent()):
			return 1
		}
	case ast.IdentKind:
		if slices.Contains(podLists, e.AsIdent()) {
			return 1
		}
	case ast.SelectKind:
		if s.ownKinds {
			return 1
		}
	case ast.CallKind:
		return s.call(e.AsCall())
	}
	return 0
}

func (s shaped) call(c ast.CallExpr) int {
	args := c.Args()
	switch {
	case c.FunctionName() == operators.Conditional:
		return same(s.levels(args[1]), s.levels(args[2]))
	case c.FunctionName() == operators.Add:
		return same(s.levels(args[0]), s.levels(args[1]))
	case !c.IsMemberFunction():
		return 0
	case c.FunctionName() == "filter":
		return s.levels(c.Target())
	case c.FunctionName() == "map":
		body := args[len(args)-1]
		if inner := s.levels(body); inner > 0 && body.Kind() != ast.SelectKind {
			return inner + 1
		}
	}
	return 0
}

func same(a, b int) int {
	switch {
	case a == anyLevel:
		return b
	case b == anyLevel, a == b:
		return a
	}
	return 0
}

// ownKinds says whether every kind that the rule judges is of Kubernetes' own groups.
func ownKinds(r *rule.Rule) bool {
	return !slices.ContainsFunc(r.On, func(on string) bool {
		return on == rule.AnyKind || on == "CustomResourceDefinition" || strings.Contains(on, ".")
	})
}

// depth is how deep the lists are that the rule finds, 0 where that is not known.
func (s *source) depth() int {
	tree, err := parse(s.find)
	if err != nil {
		return 0
	}
	e := tree.Expr()
	if e.Kind() == ast.SelectKind {
		return 0 // a bare field may be a boolean
	}
	return shaped{ownKinds(s.rule)}.levels(e)
}

// namedFaults says whether every fault that an expression finds is a container or a volume of the pod.
func namedFaults(find string) bool {
	tree, err := parse(find)
	return err == nil && namedList(tree.Expr())
}

func namedList(e ast.Expr) bool {
	switch e.Kind() {
	case ast.ListKind:
		return e.AsList().Size() == 0
	case ast.IdentKind:
		return slices.Contains(podLists, e.AsIdent())
	case ast.CallKind:
		c := e.AsCall()
		switch {
		case c.FunctionName() == operators.Conditional:
			return namedList(c.Args()[1]) && namedList(c.Args()[2])
		case c.FunctionName() == operators.Add:
			return namedList(c.Args()[0]) && namedList(c.Args()[1])
		case c.IsMemberFunction() && c.FunctionName() == "filter" && len(c.Args()) == 2:
			return namedList(c.Target())
		}
	}
	return false
}
