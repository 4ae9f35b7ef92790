package rule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Error says what is wrong with a rule file, and where.
type Error struct {
	File   string
	Line   int
	Reason string
}

// Error is "FILE:LINE: REASON".
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// Parse reads a .rule file (docs/rules.md). It checks everything but the expressions, which the engine
// compiles; the error is an *Error.
func Parse(file, text string) (*Rule, error) {
	r, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	if len(r.Variants) == 0 {
		return nil, &Error{file, 0, "find is missing: say what the rule looks for, or give variants"}
	}
	return r, nil
}

// Go declares a rule whose test is a Go function. The text is a .rule file without find; it is part of the
// program, so a fault in it panics, and every test of the rule's package shows it.
func Go(text string, check func(*Pass)) *Rule {
	r, err := parse("Go rule", text)
	if err != nil {
		panic(err)
	}
	if len(r.Variants) > 0 {
		panic(&Error{r.ID, 0, "a Go rule has no find"})
	}
	r.Check = check
	return r
}

func parse(file, text string) (*Rule, error) { return parseAs(file, text, false) }

// parseAs reads a rule, or an edge, which has other fields.
func parseAs(file, text string, edge bool) (*Rule, error) {
	r := &Rule{File: file, Group: Security}
	head := text
	if i := strings.Index(text, "\n-- "); i >= 0 {
		head, r.archive = text[:i+1], text[i+1:]
	}
	for doc, err := range tree.Parse(head, tree.DefaultLimits()) {
		if err != nil {
			line := 0
			var syntax *tree.SyntaxError
			if errors.As(err, &syntax) {
				line = syntax.Line
			}
			return nil, &Error{file, line, err.Error()}
		}
		for _, dup := range doc.Duplicates {
			return nil, &Error{file, dup.Line, fmt.Sprintf("%s is written twice (first on line %d)", dup.Key, dup.First)}
		}
		h := header{rule: r, file: file, edge: edge}
		h.read(doc.Root())
		if h.err != nil {
			return nil, h.err
		}
		return r, nil
	}
	return nil, &Error{file, 0, "the header is empty: a rule file begins with YAML, see docs/rules.md"}
}

// header reads the YAML header into a rule; the first fault is kept.
type header struct {
	rule *Rule
	file string
	edge bool
	err  error
}

func (h *header) fail(n tree.Node, format string, args ...any) {
	if h.err == nil {
		line, _ := n.KeyPos()
		h.err = &Error{h.file, line, fmt.Sprintf(format, args...)}
	}
}

func (h *header) read(root tree.Node) {
	if root.Kind() != tree.Map {
		h.fail(root, "the header is a %s, not a map: see docs/rules.md", root.Kind())
		return
	}
	detection := !h.edge && detects(root)
	for n := range root.Items() {
		// The key as written: to YAML 1.1 a bare "on" is the boolean true.
		start, end := n.KeySpan()
		key := n.Doc().Source()[start:end]
		read, ok := headerFields[key]
		if h.edge {
			read, ok = edgeFields[key]
		} else if detection {
			read, ok = detectionFields[key]
		}
		if !ok {
			h.fail(n, "unknown field %q: see docs/rules.md for the fields", key)
			return
		}
		read(h, n)
	}
	h.check(root)
	if detection {
		h.checkDetection(root)
	}
}

// headerFields reads each field of the header.
var headerFields = map[string]func(*header, tree.Node){
	"id":         func(h *header, n tree.Node) { h.rule.ID = h.text(n) },
	"title":      func(h *header, n tree.Node) { h.rule.Title = h.text(n) },
	"group":      func(h *header, n tree.Node) { h.rule.Group = h.text(n) },
	"why":        func(h *header, n tree.Node) { h.rule.Why = h.text(n) },
	"when":       func(h *header, n tree.Node) { h.rule.When = h.text(n) },
	"at":         func(h *header, n tree.Node) { h.rule.At = h.text(n) },
	"safeWhen":   func(h *header, n tree.Node) { h.rule.SafeWhen = h.text(n) },
	"fixWhen":    func(h *header, n tree.Node) { h.rule.FixWhen = h.text(n) },
	"message":    func(h *header, n tree.Node) { h.rule.Message = h.text(n) },
	"unsafe":     func(h *header, n tree.Node) { h.rule.Unsafe = h.text(n) },
	"on":         func(h *header, n tree.Node) { h.rule.On = h.texts(n) },
	"needs":      (*header).needs,
	"references": func(h *header, n tree.Node) { h.rule.References = h.texts(n) },
	"find":       func(h *header, n tree.Node) { h.rule.Variants = append(h.rule.Variants, Variant{Find: h.text(n)}) },
	"severity":   (*header).severity,
	"maps":       (*header).maps,
	"params":     (*header).params,
	"variants":   (*header).variants,
	"fix":        (*header).fix,
	"redact": func(h *header, n tree.Node) {
		v, ok := n.Bool()
		if !ok {
			h.fail(n, "redact must be true or false")
		}
		h.rule.Redact = v
	},
}

func (h *header) check(root tree.Node) {
	r := h.rule
	for _, f := range []struct{ name, value string }{{"id", r.ID}, {"title", r.Title}, {"why", r.Why}} {
		if f.value == "" {
			h.fail(root, "%s is missing", f.name)
		}
	}
	if !validID(r.ID) {
		h.fail(root.Get("id"), "id %q must be lower-case words joined by dashes", r.ID)
	}
	if h.edge {
		h.checkEdge(root)
		return
	}
	if len(r.On) == 0 {
		h.fail(root, "on is missing: name the kinds that the rule judges, or Workload")
	}
	if !root.Get("severity").Exists() {
		h.fail(root, "severity is missing")
	}
	if root.Get("find").Exists() && root.Get("variants").Exists() {
		h.fail(root.Get("find"), "a rule has find or variants, not both")
	}
	if r.SafeWhen != "" && r.Unsafe == "" {
		h.fail(root.Get("safeWhen"), "safeWhen makes an exception from unsafe, but there is none")
	}
	if r.Unsafe != "" && len(r.Fix) == 0 {
		h.fail(root.Get("unsafe"), "unsafe speaks of a fix, but there is none")
	}
}

func validID(id string) bool {
	for _, word := range strings.Split(id, "-") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}

func (h *header) text(n tree.Node) string {
	switch n.Kind() {
	case tree.Map, tree.List, tree.Null:
		h.fail(n, "%s is a %s, not a text", n.Key(), n.Kind())
		return ""
	}
	return strings.TrimSpace(n.Text())
}

func (h *header) texts(n tree.Node) []string {
	if n.Kind() != tree.List {
		return []string{h.text(n)}
	}
	var all []string
	for item := range n.Items() {
		all = append(all, h.text(item))
	}
	return all
}

func (h *header) severity(n tree.Node) {
	s, err := bartizan.ParseSeverity(h.text(n))
	if err != nil {
		h.fail(n, "%v", err)
	}
	h.rule.Severity = s
}

func (h *header) maps(n tree.Node) {
	for framework := range n.Items() {
		for _, control := range h.texts(framework) {
			h.rule.Maps = append(h.rule.Maps, Mapping{framework.Key(), control})
		}
	}
}

func (h *header) params(n tree.Node) {
	for p := range n.Items() {
		param := Param{Name: p.Key()}
		value := p
		if p.Kind() == tree.Map {
			value, param.Doc = p.Get("default"), p.Get("doc").Str()
		}
		switch value.Kind() {
		case tree.List:
			param.Default = h.texts(value)
		case tree.String, tree.Bool, tree.Int:
			param.Default = value.Any()
		default:
			h.fail(p, "parameter %s must be a text, a number, true, false or a list of texts", p.Key())
		}
		h.rule.Params = append(h.rule.Params, param)
	}
}

func (h *header) variants(n tree.Node) {
	if n.Kind() != tree.List {
		h.fail(n, "variants is a %s, not a list", n.Kind())
	}
	for item := range n.Items() {
		since, err := ParseVersion(item.Get("since").Text())
		if err != nil {
			h.fail(item, "variant: since: %v", err)
		}
		gone, _ := item.Get("gone").Bool()
		v := Variant{Since: since, Find: strings.TrimSpace(item.Get("find").Text()), Gone: gone}
		if (v.Find == "") != gone {
			h.fail(item, "a variant has either find or gone: true")
		}
		if k := len(h.rule.Variants); k > 0 && !h.rule.Variants[k-1].Since.Less(since) {
			h.fail(item, "variants must be in order of their since")
		}
		h.rule.Variants = append(h.rule.Variants, v)
	}
}

func (h *header) fix(n tree.Node) {
	if n.Kind() != tree.List {
		h.fail(n, "fix is a %s, not a list of steps", n.Kind())
	}
	for item := range n.Items() {
		op := Op{Op: item.Get("op").Text(), Path: item.Get("path").Text(), Value: item.Get("value").Any()}
		switch op.Op {
		case "set", "append":
			if !item.Get("value").Exists() {
				h.fail(item, "fix: %s needs a value", op.Op)
			}
		case "remove":
		default:
			h.fail(item, "fix: op %q is unknown: use set, remove or append", op.Op)
		}
		h.rule.Fix = append(h.rule.Fix, op)
	}
}
