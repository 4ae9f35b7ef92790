// Package hunt holds the rules of bartizan hunt, one file each, in folders by service. A rule judges what a service
// answered, an object of the kind of the service (internal/hunt says how it looks), and its parameter "ask" lists the
// requests that it needs. Rules on what manifests and clusters say are in the folders beside this one.
package hunt

import (
	"embed"
	"fmt"
	"io/fs"
	"path"

	"github.com/bartizan-dev/bartizan/rule"
)

//go:embed */*.rule
var files embed.FS

// Rules parses every rule of hunting, in the order of folders and files. An error means that the program was built from
// a faulty rule file, which the tests of this package would have shown.
func Rules() ([]*rule.Rule, error) {
	var all []*rule.Rule
	err := fs.WalkDir(files, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".rule" {
			return err
		}
		text, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		r, err := rule.Parse("rules/hunt/"+file, string(text))
		if err != nil {
			return err
		}
		all = append(all, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load the rules of hunting: %w", err)
	}
	return all, nil
}
