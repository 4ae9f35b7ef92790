package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Audit is what detections are on: the records of the API server's audit log. Their Find is a condition in Falco's
// language, their Message an output in it.
const Audit = "Audit"

// Detects says whether the rule is a detection: it judges events, not objects.
func (r *Rule) Detects() bool { return slices.Contains(r.On, Audit) }

// Over makes a detection of several events: those of the same key within a window of time. Exactly one of Count,
// Distinct, Then, Absent and First is set.
type Over struct {
	By     []string      // the fields whose values make the key; events that lack one share the empty value
	Within time.Duration // the window's length
	Count  int           // at least so many events
	// Distinct is the field of which the events must have at least AtLeast different values.
	Distinct string
	AtLeast  int
	// Then are the steps that must follow the event that Find matches, in this order unless AnyOrder is set; Gap bounds
	// the time between one step and the next.
	Then     []OverStep
	AnyOrder bool
	Gap      time.Duration
	// Absent is what must follow; the detection is that it does not.
	Absent *OverStep
	// First is the field whose value is new for the key, which has been known for Learn. UpTo cuts values where it
	// first stands. AtMost bounds the values kept for a key.
	First  string
	UpTo   string
	Learn  time.Duration
	AtMost int
	// Memory bounds the keys that are remembered; the longest unseen is forgotten first, and counted.
	Memory int
}

// OverStep is a further condition of an Over, with its own fields for the key where they differ.
type OverStep struct {
	Find string
	By   []string
}

// The bounds of an Over where the rule gives none, and the most that it may give.
const (
	DefaultMemory = 10_000
	maxMemory     = 1_000_000
	defaultAtMost = 64
	maxAtMost     = 10_000
	maxCount      = 100_000
	maxSteps      = 16
	maxWithin     = 366 * 24 * time.Hour
)

// detectionFields reads each field of a detection's header.
var detectionFields = map[string]func(*header, tree.Node){
	"id":         headerFields["id"],
	"title":      headerFields["title"],
	"why":        headerFields["why"],
	"on":         headerFields["on"],
	"references": headerFields["references"],
	"message":    headerFields["message"],
	"severity":   (*header).severity,
	"maps":       (*header).maps,
	"over":       (*header).over,
	"find": func(h *header, n tree.Node) {
		headerFields["find"](h, n)
		h.rule.Line, _ = n.Pos()
		if start, _ := n.Span(); start < len(n.Doc().Source()) && strings.ContainsRune("|>", rune(n.Doc().Source()[start])) {
			h.rule.Line++
		}
	},
}

// detects says whether a header is a detection's.
func detects(root tree.Node) bool {
	for n := range root.Items() {
		if start, end := n.KeySpan(); n.Doc().Source()[start:end] == "on" {
			return n.Text() == Audit || n.Kind() == tree.List && n.Index(0).Text() == Audit
		}
	}
	return false
}

func (h *header) over(n tree.Node) {
	if n.Kind() != tree.Map {
		h.fail(n, "over is a %s, not a map: see docs/detections.md", n.Kind())
		return
	}
	o := &Over{Memory: DefaultMemory}
	h.rule.Over = o
	kinds := 0
	for f := range n.Items() {
		read, ok := overFields[f.Key()]
		if !ok {
			h.fail(f, "over: unknown field %q: see docs/detections.md for the fields", f.Key())
			return
		}
		read(h, o, f)
		switch f.Key() {
		case "count", "distinct", "then", "absent", "first":
			kinds++
		}
	}
	switch {
	case kinds != 1:
		h.fail(n, "over has %d of count, distinct, then, absent and first: give exactly one", kinds)
	case o.Within == 0 && o.First == "":
		h.fail(n, "over: within is missing: say how long the window is, as 10m")
	case (o.AnyOrder || o.Gap != 0) && len(o.Then) == 0:
		h.fail(n, "over: anyOrder and gap belong to then")
	case o.AnyOrder && o.Gap != 0:
		h.fail(n, "over: gap is the time between steps in order: without an order there is only within")
	}
}

// overFields reads each field of over.
var overFields = map[string]func(*header, *Over, tree.Node){
	"by":       func(h *header, o *Over, n tree.Node) { o.By = h.texts(n) },
	"within":   func(h *header, o *Over, n tree.Node) { o.Within = h.duration(n) },
	"gap":      func(h *header, o *Over, n tree.Node) { o.Gap = h.duration(n) },
	"count":    func(h *header, o *Over, n tree.Node) { o.Count = h.number(n, 1, maxCount) },
	"memory":   func(h *header, o *Over, n tree.Node) { o.Memory = h.number(n, 1, maxMemory) },
	"anyOrder": func(_ *header, o *Over, n tree.Node) { o.AnyOrder, _ = n.Bool() },
	"distinct": func(h *header, o *Over, n tree.Node) {
		h.only(n, "field", "atLeast")
		o.Distinct, o.AtLeast = h.text(n.Get("field")), h.number(n.Get("atLeast"), 2, maxCount)
	},
	"first": func(h *header, o *Over, n tree.Node) {
		h.only(n, "field", "upTo", "learn", "atMost")
		o.First, o.Learn, o.AtMost = h.text(n.Get("field")), h.duration(n.Get("learn")), defaultAtMost
		o.UpTo = n.Get("upTo").Text()
		if n.Get("atMost").Exists() {
			o.AtMost = h.number(n.Get("atMost"), 1, maxAtMost)
		}
	},
	"absent": func(h *header, o *Over, n tree.Node) {
		s := h.step(n)
		o.Absent = &s
	},
	"then": func(h *header, o *Over, n tree.Node) {
		if n.Kind() != tree.List {
			h.fail(n, "over: then is a %s, not a list of steps", n.Kind())
			return
		}
		for s := range n.Items() {
			o.Then = append(o.Then, h.step(s))
		}
		if len(o.Then) == 0 || len(o.Then) > maxSteps {
			h.fail(n, "over: then has %d steps: give 1 to %d", len(o.Then), maxSteps)
		}
	},
}

// only refuses other keys.
func (h *header) only(n tree.Node, keys ...string) {
	if n.Kind() != tree.Map {
		h.fail(n, "over: %s is a %s, not a map with %s", n.Key(), n.Kind(), strings.Join(keys, ", "))
		return
	}
	for f := range n.Items() {
		if !slices.Contains(keys, f.Key()) {
			h.fail(f, "over: %s: unknown field %q: it has %s", n.Key(), f.Key(), strings.Join(keys, ", "))
		}
	}
}

// step is a condition, by itself or with by.
func (h *header) step(n tree.Node) OverStep {
	if n.Kind() != tree.Map {
		return OverStep{Find: h.text(n)}
	}
	h.only(n, "find", "by")
	s := OverStep{Find: h.text(n.Get("find"))}
	if by := n.Get("by"); by.Exists() {
		s.By = h.texts(by)
		if h.rule.Over != nil && len(h.rule.Over.By) != len(s.By) {
			h.fail(by, "over: a step's by has %d fields, that of over %d: write by above, with as many", len(s.By), len(h.rule.Over.By))
		}
	}
	return s
}

func (h *header) number(n tree.Node, least, most int) int {
	i, ok := n.Int()
	if !ok || i < int64(least) || i > int64(most) {
		h.fail(n, "over: %s must be a number from %d to %d", n.Key(), least, most)
		return least
	}
	return int(i)
}

// duration reads "30s", "10m", "24h" or "7d".
func (h *header) duration(n tree.Node) time.Duration {
	text := n.Text()
	d, err := parseDuration(text)
	if err != nil || d <= 0 || d > maxWithin {
		h.fail(n, "over: %s is %q: write a time such as 30s, 10m, 24h or 7d, at most a year", n.Key(), text)
		return time.Second
	}
	return d
}

func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days, "%d", &n); err != nil || fmt.Sprint(n) != days || n > 1000 {
			return 0, fmt.Errorf("%q is no number of days", days)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(text)
}

// checkDetection checks what a detection owes.
func (h *header) checkDetection(root tree.Node) {
	if len(h.rule.On) != 1 {
		h.fail(root, "a detection is on %s alone", Audit)
	}
	if h.rule.Message == "" {
		h.fail(root, "message is missing: say what happened, with fields such as %%ka.user.name")
	}
}
