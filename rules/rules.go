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
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

//go:generate go run ./gen

//go:embed */*.rule audit/library.yaml
var files embed.FS

// detections is the folder of rules that judge events.
const detections = "audit/"

// Builtin parses every built-in rule, ordered by id. An error means that the program was built from a faulty
// rule file, which the tests of this package would have shown.
func Builtin() ([]*rule.Rule, error) {
	all, err := parsed(false)
	return sorted(append(goRules(), all...)), err
}

// Detections parses every built-in detection, ordered by id.
func Detections() ([]*rule.Rule, error) {
	all, err := parsed(true)
	return sorted(all), err
}

// Library is the name and text of the macros and lists, in Falco's language, that detections are written with.
func Library() (file, text string) {
	data, err := files.ReadFile(detections + "library.yaml")
	if err != nil {
		panic(err) // it is part of the program
	}
	return "rules/" + detections + "library.yaml", string(data)
}

func sorted(all []*rule.Rule) []*rule.Rule {
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	return all
}

// parsed parses the rule files, either those of detections or all others.
func parsed(events bool) (all []*rule.Rule, err error) {
	err = fs.WalkDir(files, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".rule" || strings.HasPrefix(file, detections) != events {
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
	return all, nil
}
