package export

import (
	"fmt"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/parser"
)

// parse reads an expression into its tree with macros left as calls, so that it can be taken apart and written
// again.
func parse(src string) (*ast.AST, error) {
	p, err := parser.NewParser(parser.EnableOptionalSyntax(true))
	if err != nil {
		return nil, fmt.Errorf("set up the parser: %w", err)
	}
	tree, issues := p.Parse(common.NewTextSource(src))
	if len(issues.GetErrors()) > 0 {
		return nil, fmt.Errorf("parse %q: %s", src, issues.ToDisplayString())
	}
	return tree, nil
}

// text writes a part of an expression again.
func text(e ast.Expr) (string, error) {
	s, err := parser.Unparse(e, nil)
	if err != nil {
		return "", fmt.Errorf("write a part of an expression: %w", err)
	}
	return s, nil
}
