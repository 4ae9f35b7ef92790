package house

import (
	"go/ast"
	"regexp"
	"sort"
	"strings"
	"testing"
)

type call struct{ name, at string }

// calls lists the calls of package functions in a file, as "package.Function".
func calls(s source) []call {
	var all []call
	ast.Inspect(s.file, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok {
					all = append(all, call{x.Name + "." + sel.Sel.Name, s.pos(c.Pos())})
				}
			}
		}
		return true
	})
	return all
}

func TestPackageComments(t *testing.T) {
	has := map[string][]string{}
	all := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		all[s.dir] = true
		if s.file.Doc != nil && len(s.file.Doc.Text()) > 0 {
			has[s.dir] = append(has[s.dir], s.path)
		}
	}
	for dir := range all {
		if n := len(has[dir]); n != 1 {
			t.Errorf("package %s has %d package comments %v: it must have one that says what it is for", dir, n, has[dir])
		}
	}
}

func TestExportedAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.generated || s.file.Name.Name == "main" {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s: %s is exported and has no comment", s.pos(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				checkGenDecl(t, s, d)
			}
		}
	}
}

func checkGenDecl(t *testing.T, s source, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
				t.Errorf("%s: %s is exported and has no comment", s.pos(spec.Pos()), spec.Name.Name)
			}
		case *ast.ValueSpec:
			if spec.Names[0].IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				t.Errorf("%s: %s is exported and has no comment", s.pos(spec.Pos()), spec.Names[0].Name)
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	x := d.Recv.List[0].Type
	for {
		switch y := x.(type) {
		case *ast.StarExpr:
			x = y.X
		case *ast.IndexExpr:
			x = y.X
		case *ast.Ident:
			return y.IsExported()
		default:
			return true
		}
	}
}

func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init() hides work from the reader: call it from main", s.pos(f.Pos()))
			}
		}
	}
}

func TestPackageNames(t *testing.T) {
	bad := regexp.MustCompile(`^(util|utils|common|helper|helpers|manager|misc|shared)$`)
	for _, s := range sources(t) {
		if bad.MatchString(s.file.Name.Name) {
			t.Errorf("%s: package %s says nothing: name it for what it does", s.path, s.file.Name.Name)
		}
	}
}

func TestInterfacesAreSmall(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok && i.Methods.NumFields() > 5 {
				t.Errorf("%s: interface with %d methods, at most 5", s.pos(i.Pos()), i.Methods.NumFields())
			}
			return true
		})
	}
}

func TestFunctionLength(t *testing.T) {
	var lengths []int
	for _, s := range sources(t) {
		if s.test || s.generated {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			n := s.fset.Position(f.Body.Rbrace).Line - s.fset.Position(f.Pos()).Line + 1
			lengths = append(lengths, n)
			if n > 80 {
				t.Errorf("%s: %s has %d lines, at most 80: split it by decision", s.pos(f.Pos()), f.Name.Name, n)
			}
		}
	}
	if p := percentile(lengths, 95); p > 45 {
		t.Errorf("95 of 100 functions are at most %d lines long; the house wants 45", p)
	}
}

func TestFileLength(t *testing.T) {
	var lengths []int
	for _, s := range sources(t) {
		if s.test || s.generated || isTable(s) {
			continue
		}
		lengths = append(lengths, s.lines)
		if s.lines > 500 {
			t.Errorf("%s has %d lines: split it by subject", s.path, s.lines)
		}
	}
	if p := percentile(lengths, 50); p > 160 {
		t.Errorf("half of the files are longer than %d lines; the house wants 120, and fails at 160", p)
	}
	if p := percentile(lengths, 95); p > 350 {
		t.Errorf("95 of 100 files are at most %d lines long; the house wants 350", p)
	}
}

// isTable says whether a file is mostly one composite literal: a large table is fine, a large decision is not.
func isTable(s source) bool {
	table := 0
	for _, d := range s.file.Decls {
		if g, ok := d.(*ast.GenDecl); ok {
			table += s.fset.Position(g.End()).Line - s.fset.Position(g.Pos()).Line
		}
	}
	return table*2 > s.lines
}

func percentile(n []int, p int) int {
	sort.Ints(n)
	return n[(len(n)-1)*p/100]
}

func TestMocksStayInTests(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				for _, spec := range g.Specs {
					if ts, ok := spec.(*ast.TypeSpec); ok && strings.Contains(strings.ToLower(ts.Name.Name), "mock") {
						t.Errorf("%s: %s: mocks stand in _test.go files", s.pos(ts.Pos()), ts.Name.Name)
					}
				}
			}
		}
	}
}
