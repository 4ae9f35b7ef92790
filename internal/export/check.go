package export

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/mutation"

	"github.com/bartizan-dev/bartizan/rule"
)

// checker compiles expressions as the API server of a version does.
type checker struct {
	env    *cel.Env
	target rule.Version
}

// newChecker makes the environment in which the API server compiles the expressions of a new policy: that of
// the version before its own, so that a rollback can still read what was stored.
func newChecker(target rule.Version) (*checker, error) {
	set := environment.MustBaseEnvSet(version.MajorMinor(uint(target.Major), uint(max(target.Minor-1, 0))))
	options := environment.VersionedOptions{IntroducedVersion: version.MajorMinor(1, 0)}
	for _, name := range []string{"object", "oldObject", "request", "params", "namespaceObject", "authorizer"} {
		options.EnvOptions = append(options.EnvOptions, cel.Variable(name, cel.DynType))
	}
	set, err := set.Extend(options)
	if err != nil {
		return nil, fmt.Errorf("set up the API server's expressions for Kubernetes %s: %w", target, err)
	}
	return &checker{set.NewExpressionsEnv(), target}, nil
}

// patches is the checker for the expression of a patch, which alone may make operations.
func (c *checker) patches() (*checker, error) {
	env, err := c.env.Extend(common.ResolverEnvOption(&mutation.DynamicTypeResolver{}))
	if err != nil {
		return nil, fmt.Errorf("set up the API server's expressions for patches: %w", err)
	}
	return &checker{env, c.target}, nil
}

// compile checks an expression and gives its type. The checker is known to panic on some expressions; the API
// server would, too.
func (c *checker) compile(src string) (t *types.Type, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the API server's compiler breaks down on %q: %v", src, p)
		}
	}()
	ast, issues := c.env.Compile(src)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("the API server of Kubernetes %s would not compile its expression: %w", c.target, err)
	}
	return ast.OutputType(), nil
}

// declare makes a variable of the policy known to the expressions that follow.
func (c *checker) declare(name, src string) (*types.Type, error) {
	t, err := c.compile(src)
	if err != nil {
		return nil, err
	}
	t = stored(t)
	env, err := c.env.Extend(cel.Variable("variables."+name, t))
	if err != nil {
		return nil, fmt.Errorf("declare variable %s: %w", name, err)
	}
	c.env = env
	return t, nil
}

// stored is the type that a variable has for the expressions that use it: the API server keeps scalars, lists
// and maps apart and calls the rest dynamic.
func stored(t *types.Type) *types.Type {
	switch t.Kind() {
	case types.BoolKind, types.IntKind, types.UintKind, types.DoubleKind, types.StringKind, types.BytesKind,
		types.NullTypeKind, types.DurationKind, types.TimestampKind:
		return t
	case types.ListKind:
		return types.NewListType(stored(t.Parameters()[0]))
	case types.MapKind:
		return types.NewMapType(stored(t.Parameters()[0]), stored(t.Parameters()[1]))
	}
	return types.DynType
}
