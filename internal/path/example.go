package path

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
)

// Read makes a World of the text of manifests, for the examples of edges and for tests.
func Read(text string) (*world.World, []*kube.Object, error) {
	var objects []*kube.Object
	var entities []bartizan.Entity
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return nil, nil, fmt.Errorf("read the example: %w", err)
		}
		if !doc.Root().Exists() {
			continue
		}
		found, errs := kube.Decode(doc, bartizan.Origin{Source: "manifest", File: "example.yaml"})
		if len(errs) > 0 {
			return nil, nil, fmt.Errorf("read the example: %w", errs[0])
		}
		for _, o := range found {
			objects, entities = append(objects, o), append(entities, o.Entity())
		}
	}
	return world.New(entities), objects, nil
}

// Claim is one line of an example: whoever holds From can, or cannot, come to hold To.
type Claim struct {
	From, To bartizan.Ref
	Not      bool
	Line     int
}

// Example is the manifests of an edge's example and what they claim.
type Example struct {
	Text    string
	Claims  []Claim
	Pins    []int // lines to which evidence must point
	Version rule.Version
}

// ParseExample reads the comments of an example: "# EDGE A -> B", "# NO EDGE A -> B" and "# VERSION 1.34" on lines of
// their own, "# EVIDENCE" at the end of a line that evidence must point at.
func ParseExample(text string, version rule.Version) (Example, error) {
	x := Example{Text: text, Version: version}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasSuffix(line, "# EVIDENCE") {
			x.Pins = append(x.Pins, i+1)
		}
		if v, ok := strings.CutPrefix(line, "# VERSION "); ok {
			parsed, err := rule.ParseVersion(v)
			if err != nil {
				return x, fmt.Errorf("line %d: %w", i+1, err)
			}
			x.Version = parsed
		}
		rest, not := strings.CutPrefix(line, "# NO EDGE ")
		if !not {
			var ok bool
			if rest, ok = strings.CutPrefix(line, "# EDGE "); !ok {
				continue
			}
		}
		from, to, _ := strings.Cut(rest, "->")
		a, err := rule.ParseVertex(from)
		if err != nil {
			return x, fmt.Errorf("line %d: %w", i+1, err)
		}
		b, err := rule.ParseVertex(to)
		if err != nil {
			return x, fmt.Errorf("line %d: %w", i+1, err)
		}
		x.Claims = append(x.Claims, Claim{From: a, To: b, Not: not, Line: i + 1})
	}
	return x, nil
}
