// Package celref evaluates the expression language with cel-go in the API server's own environment. It is the
// reference against which internal/expr is tested, the type checker of rules, and what evaluates, slowly,
// the expressions that internal/expr does not plan. Nothing is set up before the first Compile.
package celref

import (
	"fmt"
	"net/netip"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/version"
	apicel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/bartizan-dev/bartizan/internal/expr"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Env is the API server's environment for a Kubernetes version, with variables of dynamic type.
type Env struct{ env *cel.Env }

// New makes the environment of a Kubernetes minor version (1.minor) with variables.
func New(minor int, variables []string) (*Env, error) {
	set := environment.MustBaseEnvSet(version.MajorMinor(1, uint(minor)))
	options := make([]cel.EnvOption, len(variables))
	for i, name := range variables {
		options[i] = cel.Variable(name, cel.DynType)
	}
	set, err := set.Extend(environment.VersionedOptions{IntroducedVersion: version.MajorMinor(1, 0), EnvOptions: options})
	if err != nil {
		return nil, fmt.Errorf("set up CEL for Kubernetes 1.%d: %w", minor, err)
	}
	return &Env{set.StoredExpressionsEnv()}, nil
}

// Latest is the Kubernetes minor version whose environment Check uses.
const Latest = 37

// Check says what is wrong with an expression over variables of dynamic type in the environment of Kubernetes
// 1.Latest: its syntax, its types, its functions.
func Check(src string, variables []string) error {
	e, err := New(Latest, variables)
	if err != nil {
		return err
	}
	_, err = e.Compile(src)
	return err
}

// Program is a checked expression.
type Program struct {
	program cel.Program
	// Type is the type that the checker found, in CEL's words.
	Type string
}

// Compile parses and checks an expression as the API server does. cel-go panics on some expressions (an
// optional item in a list literal whose base has no known type, for one); that is an error here.
func (e *Env) Compile(src string) (p *Program, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			p, err = nil, fmt.Errorf("cel-go cannot compile it: %v; write it another way", fault)
		}
	}()
	ast, issues := e.env.Compile(src)
	if err := issues.Err(); err != nil {
		return nil, err
	}
	program, err := e.env.Program(ast)
	if err != nil {
		return nil, err
	}
	return &Program{program, ast.OutputType().String()}, nil
}

// Parse checks the syntax of an expression only.
func (e *Env) Parse(src string) error {
	_, issues := e.env.Parse(src)
	return issues.Err()
}

// Eval evaluates over variables. Maps and lists of the result that stand in a document keep their nodes;
// scalars do not.
func (p *Program) Eval(variables map[string]expr.Value) expr.Value {
	return p.EvalIn(Convert(variables))
}

// Variables are variables in the form that cel-go takes.
type Variables struct {
	converter
	native map[string]any
}

// Convert converts variables for several evaluations.
func Convert(variables map[string]expr.Value) Variables {
	v := Variables{converter{nodes: map[uintptr]tree.Node{}}, make(map[string]any, len(variables))}
	for name, x := range variables {
		v.native[name] = v.converter.native(x)
	}
	return v
}

// EvalIn is Eval over variables that are converted.
func (p *Program) EvalIn(v Variables) expr.Value {
	out, _, err := p.program.Eval(v.native)
	if err != nil {
		return expr.OfError(err)
	}
	return v.value(out)
}

// converter turns values into what cel-go takes and back.
type converter struct{ nodes map[uintptr]tree.Node }

func (c *converter) native(v expr.Value) any {
	switch v.Kind() {
	case expr.KindMap:
		m := make(map[string]any, v.Len())
		v.Each(func(k expr.Value) bool {
			x, _ := v.Entry(k)
			m[k.Text()] = c.native(x)
			return true
		})
		c.keep(reflect.ValueOf(m).Pointer(), v.Node())
		return m
	case expr.KindList:
		l := make([]any, 0, v.Len())
		v.Each(func(x expr.Value) bool {
			l = append(l, c.native(x))
			return true
		})
		if len(l) > 0 {
			c.keep(reflect.ValueOf(l).Pointer(), v.Node())
		}
		return l
	case expr.KindError:
		return types.NewErr("%v", v.Err())
	case expr.KindOptional:
		inner, ok := v.Unwrap()
		if !ok {
			return types.OptionalNone
		}
		return types.OptionalOf(types.DefaultTypeAdapter.NativeToValue(c.native(inner)))
	}
	switch made := v.Any().(type) {
	case resource.Quantity:
		return apicel.Quantity{Quantity: &made}
	case netip.Addr:
		return apicel.IP{Addr: made}
	case netip.Prefix:
		return apicel.CIDR{Prefix: made}
	default:
		return made
	}
}

func (c *converter) keep(at uintptr, n tree.Node) {
	if n.Exists() {
		c.nodes[at] = n
	}
}

func (c *converter) value(v ref.Val) expr.Value {
	switch v := v.(type) {
	case *types.Optional:
		if !v.HasValue() {
			return expr.None
		}
		return expr.Some(c.value(v.GetValue()))
	case types.Null:
		return expr.Null
	case types.Bool:
		return expr.OfBool(bool(v))
	case types.Int:
		return expr.OfInt(int64(v))
	case types.Uint:
		return expr.OfUint(uint64(v))
	case types.Double:
		return expr.OfFloat(float64(v))
	case types.String:
		return expr.OfString(string(v))
	case *types.Err:
		return expr.OfError(v)
	case traits.Mapper:
		return c.mapping(v)
	case traits.Lister:
		return c.list(v)
	case *types.Type:
		return expr.OfType(v.TypeName())
	}
	switch made := v.Value().(type) {
	case *resource.Quantity:
		return expr.OfAny(*made)
	case netip.Addr, netip.Prefix:
		return expr.OfAny(made)
	}
	return expr.OfError(fmt.Errorf("the expression gives a %s, which rules cannot use", v.Type().TypeName()))
}

func (c *converter) mapping(m traits.Mapper) expr.Value {
	if native, ok := m.Value().(map[string]any); ok {
		if n, known := c.nodes[reflect.ValueOf(native).Pointer()]; known {
			return expr.Of(n)
		}
	}
	var keys, values []expr.Value
	for it := m.Iterator(); it.HasNext() == types.True; {
		k := it.Next()
		keys, values = append(keys, c.value(k)), append(values, c.value(m.Get(k)))
	}
	return expr.OfMap(keys, values)
}

func (c *converter) list(l traits.Lister) expr.Value {
	if native, ok := l.Value().([]any); ok && len(native) > 0 {
		if n, known := c.nodes[reflect.ValueOf(native).Pointer()]; known {
			return expr.Of(n)
		}
	}
	var items []expr.Value
	for it := l.Iterator(); it.HasNext() == types.True; {
		items = append(items, c.value(it.Next()))
	}
	return expr.OfList(items)
}
