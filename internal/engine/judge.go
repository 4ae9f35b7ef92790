package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/expr"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// hit is one place where a rule found its subject wanting.
type hit struct {
	node    tree.Node // the value found; for a whole object what paths start from
	text    string    // the value found, where the expression made it
	made    bool      // the value is the expression's own: nothing can be mended from there
	message string    // of a Go rule
	value   string    // of a Go rule
	fix     []rule.Op
	why     []bartizan.Evidence // in other objects
}

// judge judges objects one after the other; each worker has its own.
type judge struct {
	engine *Engine
	world  bartizan.World
	counts []Count
	frame  *frame
	same   *interner
	hits   []hit
	out    batch
	failed []string // rules that could not be evaluated on the object at hand
	reason string   // of the first of them
	at     tree.Node
	shared map[any]any // what rules in Go made of the object at hand for one another
}

func newJudge(e *Engine, w bartizan.World, counts []Count) *judge {
	return &judge{engine: e, world: w, counts: counts, frame: newFrame(e.scope), same: newInterner(), shared: map[any]any{}}
}

// share is rule.Pass.Shared.
func (j *judge) share(key any, make func() any) any {
	made, ok := j.shared[key]
	if !ok {
		made = make()
		j.shared[key] = made
	}
	return made
}

func (j *judge) chunk(objects []*kube.Object) batch {
	j.out = batch{}
	for _, o := range objects {
		j.object(o)
	}
	return j.out
}

func (j *judge) object(o *kube.Object) {
	j.failed, j.reason, j.at = j.failed[:0], "", tree.Node{}
	clear(j.shared)
	j.frame.object(o, j.world)
	for _, p := range j.engine.plansFor(o) {
		j.rule(p, o, o.Root)
	}
	for _, w := range o.Workloads {
		j.frame.workload(w)
		for _, p := range j.engine.workload {
			j.rule(p, o, w.Pod)
		}
	}
	if len(j.failed) > 0 {
		j.out.gaps = append(j.out.gaps, j.gap(o))
	}
}

// gap says which rules could not be evaluated on an object.
func (j *judge) gap(o *kube.Object) bartizan.Gap {
	slices.Sort(j.failed)
	ids := slices.Compact(j.failed)
	shown := strings.Join(ids[:min(len(ids), 3)], ", ")
	if n := len(ids) - 3; n > 0 {
		shown = fmt.Sprintf("%s and %d more rules", shown, n)
	}
	return bartizan.Gap{
		Origin: o.Place(o.Root),
		Reason: fmt.Sprintf("%s: %s could not be evaluated: %s; a field is probably of the wrong type", o.Ref, shown, j.reason),
	}
}

// rule judges one object, or one pod template in it, by one rule.
func (j *judge) rule(p *plan, o *kube.Object, base tree.Node) {
	count := &j.counts[p.index]
	if err := p.compile(); err != nil {
		j.out.err = err
		return
	}
	j.hits = j.hits[:0]
	applies, err := p.hits(j, o, base)
	switch {
	case err != nil:
		count.NotEvaluated++
		j.failed = append(j.failed, p.rule.ID)
		if j.reason == "" {
			j.reason = err.Error()
		}
	case !applies:
	case len(j.hits) == 0:
		count.Passed++
	default:
		count.Failed++
		for _, h := range j.hits {
			j.out.findings = append(j.out.findings, j.finding(p, o, h))
		}
	}
}

func (j *judge) finding(p *plan, o *kube.Object, h hit) bartizan.Finding {
	f := bartizan.Finding{
		Rule: p.rule.ID, Subject: o.Ref, Verdict: bartizan.Fail, Severity: p.rule.Severity,
		Message: h.message,
	}
	if h.message == "" {
		f.Message = p.message.fill(o, h)
	}
	at := h.node
	for _, part := range p.at {
		next := child(at, part)
		if !next.Exists() {
			break
		}
		at = next
	}
	value := h.value
	switch {
	case p.rule.Redact:
		value = ""
	case value == "" && h.text != "":
		value = shorten(h.text)
	case value == "":
		value = shorten(oneLine(at))
	}
	f.Message = j.same.text(f.Message)
	f.Evidence = []bartizan.Evidence{{Path: j.same.text(pathIn(o, at)), Value: j.same.text(value), Origin: o.Place(at)}}
	f.Evidence = append(f.Evidence, h.why...)
	if j.engine.config.Fixes != NoFixes && !h.made {
		f.Fix = j.fix(p, o, h)
	}
	return f
}

// fix makes the Change for a hit; nil where the rule has none for it.
func (j *judge) fix(p *plan, o *kube.Object, h hit) *bartizan.Change {
	ops := h.fix
	if ops == nil {
		ops = p.rule.Fix
	}
	if len(ops) == 0 || p.mend != nil && !j.about(p.mend, h) {
		return nil
	}
	safe := p.rule.Unsafe == "" || p.safe != nil && j.about(p.safe, h)
	if j.engine.config.Fixes == FixHints {
		if safe {
			return p.hintSafe
		}
		return p.hintUnsafe
	}
	c := change(p.rule, o, h.node, ops)
	if c == nil {
		return nil
	}
	c.Do, c.Undo = j.same.patch(c.Do), j.same.patch(c.Undo)
	if safe {
		c.Unsafe = ""
	}
	return c
}

// about evaluates a condition on a hit; an error counts as false.
func (j *judge) about(condition *program, h hit) bool {
	j.frame.Set(varHit, expr.Of(h.node))
	ok, err := j.frame.truth(condition)
	j.frame.Reset(varHit)
	return ok && err == nil
}

// oneLine is what evidence shows of a value: a scalar's text, nothing for maps and lists, which would be too
// much and might hold secrets that the rule does not speak of.
func oneLine(n tree.Node) string {
	if n.Kind() == tree.Map || n.Kind() == tree.List {
		return ""
	}
	line, _, _ := strings.Cut(n.Text(), "\n")
	return line
}

// Evidence points at a value of an object, as the engine's own findings do.
func Evidence(o *kube.Object, at tree.Node) bartizan.Evidence {
	return bartizan.Evidence{Path: pathIn(o, at), Value: shorten(oneLine(at)), Origin: o.Place(at)}
}
