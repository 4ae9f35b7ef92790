// Package rules holds the built-in rules, one file each, in folders by subject. A rule in the expression
// language is embedded by its folder; a rule in Go is an exported variable of type *rule.Rule that a small
// generator lists (go generate ./rules). Adding a rule is adding a file: see CONTRIBUTING.md.
package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"sort"

	"github.com/bartizan-dev/bartizan/rule"
)

//go:generate go run ./gen

//go:embed */*.rule
var files embed.FS

// Builtin parses every built-in rule, ordered by id. An error means that the program was built from a faulty
// rule file, which the tests of this package would have shown.
func Builtin() ([]*rule.Rule, error) {
	all := goRules()
	err := fs.WalkDir(files, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".rule" {
			return err
		}
		text, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		r, err := rule.Parse("rules/"+file, string(text))
		if err != nil {
			return err
		}
		all = append(all, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load built-in rules: %w", err)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	return all, nil
}
