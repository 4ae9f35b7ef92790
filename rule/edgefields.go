package rule

import "github.com/bartizan-dev/bartizan/internal/tree"

// edgeFields reads each field of an edge's header.
var edgeFields = map[string]func(*header, tree.Node){
	"id":         headerFields["id"],
	"title":      headerFields["title"],
	"why":        headerFields["why"],
	"references": headerFields["references"],
	"maps":       (*header).maps,
	"certainty":  func(h *header, n tree.Node) { h.rule.Certainty = Certainty(h.text(n)) },
	"detect":     func(h *header, n tree.Node) { h.rule.Detect = h.text(n) },
	"mitigate":   func(h *header, n tree.Node) { h.rule.Mitigate = h.text(n) },
	"givesRoles": func(h *header, n tree.Node) {
		v, ok := n.Bool()
		if !ok {
			h.fail(n, "givesRoles must be true or false")
		}
		h.rule.GivesRoles = v
	},
	"cost": func(h *header, n tree.Node) {
		cost, ok := n.Int()
		if !ok || cost < 0 || cost > MaxCost {
			h.fail(n, "cost must be a number from 0 (always succeeds) to %d", MaxCost)
		}
		h.rule.Cost = int(cost)
	},
}

func (h *header) checkEdge(root tree.Node) {
	r := h.rule
	for _, f := range []struct{ name, value string }{{"detect", r.Detect}, {"mitigate", r.Mitigate}} {
		if f.value == "" {
			h.fail(root, "%s is missing", f.name)
		}
	}
	switch r.Certainty {
	case Certain, Likely, Conditional:
	default:
		h.fail(root.Get("certainty"), "certainty must be %s, %s or %s", Certain, Likely, Conditional)
	}
	if !root.Get("cost").Exists() {
		h.fail(root, "cost is missing: 0 for what always succeeds, 3 for one time in two, up to %d", MaxCost)
	}
}
