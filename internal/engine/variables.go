package engine

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/expr"
	"github.com/bartizan-dev/bartizan/internal/expr/celref"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// The variables of rules (docs/rules.md). Pod and PodMeta are set from the normal form of a workload; the
// others are defined in terms of them, in words that an admission policy understands, too.
const (
	varObject = iota
	varNamespace
	varParams
	varPod
	varPodMeta
	varHit
)

// Definition is a variable defined in terms of others.
type Definition struct{ Name, Expression string }

// Definitions are the variables of workload rules that are made of pod.
func Definitions() []Definition {
	return []Definition{
		{"initContainers", "pod.?initContainers.orValue([])"},
		{"appContainers", "pod.?containers.orValue([])"},
		{"ephemeralContainers", "pod.?ephemeralContainers.orValue([])"},
		{"containers", "initContainers + appContainers + ephemeralContainers"},
		{"volumes", "pod.?volumes.orValue([])"},
		{"images", "containers.map(c, type(c.?image.orValue(null)) == string, c.image)"},
		{"commands", "containers.map(c, (" + listOrNone("command") + " + " + listOrNone("args") +
			" + " + listOrNone("lifecycle.?postStart.?exec.?command") + " + " + listOrNone("lifecycle.?preStop.?exec.?command") +
			").filter(a, type(a) == string))"},
		{"environment", "containers.map(c, " + listOrNone("env") + ".filter(e, type(e.?value.orValue(null)) == string))"},
	}
}

// listOrNone is a list in a container, or an empty one where the field is missing or is no list.
func listOrNone(path string) string {
	return "(type(c.?" + path + ".orValue(null)) == list ? c." + strings.ReplaceAll(path, "?", "") + " : [])"
}

// scope is the scope of all rules' expressions.
type scope struct {
	expr *expr.Scope
	once sync.Once
	ref  *celref.Env // for expressions outside the planned subset
	err  error
}

func newScope() (*scope, error) {
	s := &scope{expr: expr.NewScope("object", "namespaceObject", "params", "pod", "podMeta", "hit")}
	for _, d := range Definitions() {
		if err := s.expr.Define(d.Name, d.Expression); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// program is a compiled expression: planned, or for the reference.
type program struct {
	planned   *expr.Program
	reference *celref.Program
	slots     map[string]int // of the variables that the reference needs
}

func (s *scope) compile(src string) (*program, error) {
	planned, err := expr.Compile(src, s.expr)
	if err == nil {
		return &program{planned: planned}, nil
	}
	if !errors.Is(err, expr.ErrUnsupported) {
		return nil, err
	}
	ref, err := s.reference()
	if err != nil {
		return nil, err
	}
	p := &program{slots: map[string]int{}}
	if p.reference, err = ref.Compile(src); err != nil {
		return nil, err
	}
	names, err := expr.Free(src)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		p.slots[n] = s.expr.Slot(n)
	}
	return p, nil
}

// reference sets up the reference when it is first needed: it takes longer than most scans.
func (s *scope) reference() (*celref.Env, error) {
	s.once.Do(func() { s.ref, s.err = celref.New(rule.Latest.Minor, s.expr.Names()) })
	return s.ref, s.err
}

// check checks an expression's types.
func (s *scope) check(src string) error {
	ref, err := s.reference()
	if err != nil {
		return err
	}
	_, err = ref.Compile(src)
	return err
}

func (p *program) eval(f *frame) expr.Value {
	if p.planned != nil {
		return p.planned.Eval(f.Frame)
	}
	values := make(map[string]expr.Value, len(p.slots))
	for name, slot := range p.slots {
		if slot < 0 {
			continue // a name of the language
		}
		if values[name] = f.Get(slot); values[name].Err() != nil {
			return values[name]
		}
	}
	return p.reference.Eval(values)
}

// frame holds the variables for the object at hand.
type frame struct {
	*expr.Frame
	emptyMap expr.Value
}

func newFrame(s *scope) *frame {
	return &frame{expr.NewFrame(s.expr), expr.OfAny(map[string]any{})}
}

func (f *frame) object(o *kube.Object, w bartizan.World) {
	f.Set(varObject, expr.Of(o.Root))
	f.Set(varNamespace, expr.Null)
	if ns := o.Ref.Namespace; ns != "" {
		if e, ok := w.Get(bartizan.Ref{Kind: "Namespace", Name: ns}); ok {
			if found, ok := e.Value.(*kube.Object); ok {
				f.Set(varNamespace, expr.Of(found.Root))
			}
		}
	}
	f.Reset(varPod)
	f.Reset(varPodMeta)
	f.ResetDefined()
}

func (f *frame) workload(w kube.Workload) {
	f.Set(varPod, expr.Of(w.Pod))
	f.Set(varPodMeta, f.emptyMap)
	if w.Meta.Kind() == tree.Map {
		f.Set(varPodMeta, expr.Of(w.Meta))
	}
	f.ResetDefined()
}

func (f *frame) params(p *plan) { f.Set(varParams, p.params) }

// truth evaluates a condition.
func (f *frame) truth(p *program) (bool, error) {
	v := p.eval(f)
	if err := v.Err(); err != nil {
		return false, err
	}
	b, ok := v.Bool()
	if !ok {
		return false, fmt.Errorf("the condition gives a %s, not true or false", v.Kind())
	}
	return b, nil
}

// hits evaluates a find expression and appends what it found; base is what a bare true stands for.
func (f *frame) hits(p *program, base tree.Node, to []hit) ([]hit, error) {
	v := p.eval(f)
	if err := v.Err(); err != nil {
		return to, err
	}
	if b, ok := v.Bool(); ok {
		if b {
			to = append(to, hit{node: base})
		}
		return to, nil
	}
	return collect(v, base, to), nil
}

// collect flattens what an expression found into hits.
func collect(v expr.Value, base tree.Node, to []hit) []hit {
	switch v.Kind() {
	case expr.KindOptional:
		if inner, ok := v.Unwrap(); ok {
			return collect(inner, base, to)
		}
		return to
	case expr.KindList:
		v.Each(func(item expr.Value) bool {
			to = collect(item, base, to)
			return true
		})
		return to
	}
	if n := v.Node(); n.Exists() {
		return append(to, hit{node: n})
	}
	return append(to, hit{node: base, text: v.Text(), made: true})
}
