package policy

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	apicel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// maxExpression bounds the text of an expression, in bytes. The API server stores policies of up to 1.5 MB.
const maxExpression = 256 << 10

// environments makes compilers. Setting one up is what compiling costs most, so policies without variables
// share one.
type environments struct {
	base func() *environment.EnvSet
	bare func() (*cel.CompositedCompiler, error)
}

func newEnvironments(target rule.Version) *environments {
	if target == (rule.Version{}) {
		target = rule.Latest
	}
	base := sync.OnceValue(func() *environment.EnvSet {
		return environment.MustBaseEnvSet(version.MajorMinor(uint(target.Major), uint(target.Minor)))
	})
	return &environments{base: base, bare: sync.OnceValues(func() (*cel.CompositedCompiler, error) {
		return cel.NewCompositedCompiler(base())
	})}
}

// compile makes the policy's validator; what fails is in fault. It does so once.
func (d *definition) compile(env *environments) *bartizan.Gap {
	d.once.Do(func() {
		defer func() {
			if p := recover(); p != nil {
				d.fault = d.gap(d.node, "cel-go cannot compile it: %v; write it another way", p)
			}
		}()
		d.fault = d.build(env)
	})
	return d.fault
}

// gap says that the policy could not be used.
func (d *definition) gap(n tree.Node, format string, args ...any) *bartizan.Gap {
	if !n.Exists() {
		n = d.object.Root
	}
	at := d.object.Origin
	at.Line, at.Column = n.Pos()
	return &bartizan.Gap{Origin: at, Reason: fmt.Sprintf("policy %s was not evaluated: ", d.Name) + fmt.Sprintf(format, args...)}
}

func (d *definition) build(env *environments) *bartizan.Gap {
	written := d.expressions()
	for _, w := range written {
		if len(w.source) > maxExpression {
			return d.gap(w.node, "%s.%s has %d bytes, more than %d", w.where, w.field, len(w.source), maxExpression)
		}
	}
	compiler, err := env.bare()
	if len(d.Spec.Variables) > 0 {
		compiler, err = cel.NewCompositedCompiler(env.base())
	}
	if err != nil {
		return d.gap(d.node, "setting up CEL: %v", err)
	}
	opts := cel.OptionalVariableDeclarations{HasParams: d.Spec.ParamKind != nil, HasAuthorizer: true}
	noAuthorizer := cel.OptionalVariableDeclarations{HasParams: opts.HasParams}
	const mode = environment.NewExpressions
	b := &builder{d: d, written: written}
	for i := range d.Spec.Variables {
		v := &d.Spec.Variables[i]
		b.check(compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, opts, mode).Error)
	}
	var conditions, validations, messages, annotations []cel.ExpressionAccessor
	for i := range d.Spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&d.Spec.MatchConditions[i]))
	}
	for _, v := range d.Spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: v.Expression, Message: v.Message, Reason: v.Reason})
		if v.MessageExpression == "" {
			messages = append(messages, nil)
			continue
		}
		messages = append(messages, &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression})
	}
	for _, a := range d.Spec.AuditAnnotations {
		annotations = append(annotations, &validating.AuditAnnotationCondition{Key: a.Key, ValueExpression: a.ValueExpression})
	}
	condition := func(list []cel.ExpressionAccessor, o cel.OptionalVariableDeclarations) cel.ConditionEvaluator {
		results := make([]cel.CompilationResult, len(list))
		for i, a := range list {
			if a == nil {
				b.check(nil)
				continue
			}
			results[i] = compiler.CompileCELExpression(a, o, mode)
			b.check(results[i].Error)
		}
		return compiler.CompileCondition(list, o, mode)
	}
	var matcher matchconditions.Matcher
	if len(conditions) > 0 {
		matcher = matchconditions.NewMatcher(condition(conditions, opts), d.Spec.FailurePolicy, "policy", "validate", d.Name)
	}
	checks, texts := condition(validations, opts), condition(messages, noAuthorizer)
	d.validator = validating.NewValidator(checks, matcher, condition(annotations, opts), texts, d.Spec.FailurePolicy, nil)
	if b.fault == nil {
		d.paths = fieldPaths(d.Spec.Validations, d.Spec.Variables)
	}
	return b.fault
}

// builder goes along the expressions as they are compiled and keeps the first fault.
type builder struct {
	d       *definition
	written []written
	next    int
	fault   *bartizan.Gap
}

func (b *builder) check(err *apicel.Error) {
	w := b.written[b.next]
	b.next++
	if err == nil || b.fault != nil {
		return
	}
	g := b.d.gap(w.node, "%s.%s: %s", w.where, w.field, oneLine(err.Detail))
	var issues *apicel.CompilationError
	if errors.As(err, &issues) && issues.Issues != nil && len(issues.Issues.Errors()) > 0 {
		first := issues.Issues.Errors()[0]
		g.Reason = fmt.Sprintf("policy %s was not evaluated: %s.%s: %s", b.d.Name, w.where, w.field, oneLine(first.Message))
		g.Origin.Line, g.Origin.Column = placeIn(w.node, first.Location.Line(), first.Location.Column())
	}
	b.fault = g
}

// placeIn turns a line (from 1) and column (from 0) in an expression into a place in the file, where the
// scalar's style allows.
func placeIn(n tree.Node, line, column int) (int, int) {
	startLine, startColumn := n.Pos()
	start, end := n.Span()
	src := n.Doc().Source()[start:end]
	switch {
	case src == "":
		return startLine, startColumn
	case src[0] == '|': // the text begins on the next line, indented alike
		lines := strings.Split(src, "\n")
		if line >= len(lines) {
			return startLine, startColumn
		}
		first := lines[1]
		indent := len(first) - len(strings.TrimLeft(first, " "))
		return startLine + line, indent + column + 1
	case src[0] == '>' || line > 1 || strings.Contains(src, "\n"):
		return startLine, startColumn
	case src[0] == '"' || src[0] == '\'':
		return startLine, startColumn + 1 + column
	}
	return startLine, startColumn + column
}

// oneLine keeps a message to its first line, without what only repeats the expression.
func oneLine(s string) string {
	s = strings.TrimPrefix(s, "compilation failed: ")
	if first, _, more := strings.Cut(s, "\n"); more {
		s = first
	}
	return s
}
