package policy

import (
	"strconv"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// fieldPaths finds for each validation the fields of the object that it names: ["/spec/replicas"]. Variables
// stand for what they name.
func fieldPaths(validations []admission.Validation, variables []admission.Variable) [][]string {
	env, err := cel.NewEnv(cel.OptionalTypes())
	if err != nil {
		return nil
	}
	named := map[string][]string{}
	for _, v := range variables {
		named[v.Name] = pathsIn(env, v.Expression, named)
	}
	all := make([][]string, len(validations))
	for i, v := range validations {
		all[i] = pathsIn(env, v.Expression, named)
	}
	return all
}

// maxPaths bounds what is kept of one expression.
const maxPaths = 64

func pathsIn(env *cel.Env, source string, named map[string][]string) []string {
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		return nil
	}
	var paths []string
	ast.PreOrderVisit(parsed.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if len(paths) >= maxPaths {
			return
		}
		if e.Kind() == ast.SelectKind {
			s := e.AsSelect()
			if o := s.Operand(); o.Kind() == ast.IdentKind && o.AsIdent() == "variables" {
				paths = append(paths, named[s.FieldName()]...)
				return
			}
		}
		if p, ok := constantPath(e); ok && p != "" {
			paths = append(paths, p)
		}
	}))
	return paths[:min(len(paths), maxPaths)]
}

// constantPath is the JSON Pointer that a chain of selections and constant indexes from object leads to.
func constantPath(e ast.Expr) (string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return "", e.AsIdent() == "object"
	case ast.SelectKind:
		s := e.AsSelect()
		base, ok := constantPath(s.Operand())
		return base + "/" + escape(s.FieldName()), ok
	case ast.CallKind:
		c := e.AsCall()
		if len(c.Args()) != 2 || c.Args()[1].Kind() != ast.LiteralKind {
			return "", false
		}
		switch c.FunctionName() {
		case "_[_]", "_?._", "_[?_]":
		default:
			return "", false
		}
		base, ok := constantPath(c.Args()[0])
		switch key := c.Args()[1].AsLiteral().(type) {
		case types.String:
			return base + "/" + escape(string(key)), ok
		case types.Int:
			return base + "/" + strconv.FormatInt(int64(key), 10), ok
		}
	}
	return "", false
}

// deepest is the value of the longest of the paths that leads anywhere in the object; the root if none does.
func deepest(root tree.Node, paths []string) tree.Node {
	best, depth := root, 0
	for _, p := range paths {
		if n := root.Lookup(p); n.Exists() && len(p) > depth {
			best, depth = n, len(p)
		}
	}
	return best
}

// escape writes a key as a part of a JSON Pointer.
func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}
