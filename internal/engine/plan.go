package engine

import (
	"fmt"
	"strings"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/expr"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// plan is a rule made ready for a target version.
type plan struct {
	rule    *rule.Rule
	index   int
	at      []string
	message template
	config  Config
	values  map[string]any // of the rule's parameters
	params  expr.Value     // the same as an expression sees them
	source  string
	scope   *scope

	hintSafe, hintUnsafe *bartizan.Change // shared by all findings, for FixHints

	once sync.Once
	find *program
	when *program
	mend *program // FixWhen
	safe *program // SafeWhen
	err  error
}

// newPlan makes a rule ready, but for its expressions; nil if the rule does not exist in the target version.
func newPlan(r *rule.Rule, config Config, s *scope) (*plan, error) {
	p := &plan{rule: r, config: config, scope: s}
	if r.Check == nil {
		find, ok := r.Find(config.Version)
		if !ok {
			return nil, nil
		}
		p.source = find
	}
	if r.At != "" {
		p.at = strings.Split(r.At, "/")
		for i, part := range p.at {
			p.at[i] = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		}
	}
	text := r.Message
	if text == "" {
		text = r.Title
	}
	var err error
	if p.message, err = parseTemplate(text); err != nil {
		return nil, &rule.Error{File: r.File, Reason: err.Error()}
	}
	params := map[string]any{}
	for _, q := range r.Params {
		v := q.Default
		if set, ok := config.Params[r.ID+"."+q.Name]; ok {
			v = set
		}
		params[q.Name] = v
	}
	p.hintSafe = &bartizan.Change{Reason: r.Title}
	p.hintUnsafe = &bartizan.Change{Reason: r.Title, Unsafe: r.Unsafe}
	p.values, p.params = params, expr.OfAny(params)
	return p, nil
}

// compile compiles the rule's expressions, once.
func (p *plan) compile() error {
	p.once.Do(func() {
		if p.rule.Check != nil {
			return
		}
		for _, e := range []struct {
			field, src string
			to         **program
		}{
			{"find", p.source, &p.find}, {"when", p.rule.When, &p.when},
			{"fixWhen", p.rule.FixWhen, &p.mend}, {"safeWhen", p.rule.SafeWhen, &p.safe},
		} {
			if e.src != "" && p.err == nil {
				*e.to, p.err = p.expression(e.field, e.src)
			}
		}
	})
	return p.err
}

func (p *plan) expression(field, src string) (*program, error) {
	prog, err := p.scope.compile(src)
	if err != nil {
		return nil, &rule.Error{File: p.rule.File, Reason: fmt.Sprintf("%s: %s: %v", p.rule.ID, field, err)}
	}
	return prog, nil
}

// hits finds the faults of an object, or of one pod template in it, into j.hits. It says whether the rule
// applies at all; an error means that it could not be evaluated.
func (p *plan) hits(j *judge, o *kube.Object, base tree.Node) (applies bool, err error) {
	if p.rule.Check != nil {
		return p.check(j, o), nil
	}
	j.frame.params(p)
	if p.when != nil {
		applies, err := j.frame.truth(p.when)
		if err != nil || !applies {
			return false, err
		}
	}
	j.hits, err = j.frame.hits(p.find, base, j.hits)
	return true, err
}

// check runs a rule written in Go. It says whether the rule could judge the object.
func (p *plan) check(j *judge, o *kube.Object) (applies bool) {
	pass := &rule.Pass{
		Rule: p.rule, World: j.world, Entity: o.Entity(), Version: p.config.Version,
		Param:   func(name string) any { return p.values[name] },
		Shared:  j.share,
		Abstain: func() { applies = false },
		Report: func(h rule.Hit) {
			n := o.Root.Lookup(h.Path)
			if !n.Exists() {
				n = o.Root
			}
			j.hits = append(j.hits, hit{node: n, message: h.Message, value: h.Value, fix: h.Fix, why: h.Why})
		},
	}
	if len(p.rule.Needs) > 0 {
		pass.Joined = j.engine.joined
	}
	applies = true
	p.rule.Check(pass)
	return applies || len(j.hits) > 0
}
