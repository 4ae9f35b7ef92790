// Package export turns rules into admission policies that the API server evaluates by itself, with no webhook
// that can fail: a ValidatingAdmissionPolicy of a rule's test (Validating), a MutatingAdmissionPolicy of its
// fix (Mutating), each with its binding and, where the rule has parameters, a ConfigMap. Every expression is
// compiled as the API server would compile it; a rule that no policy can state exactly gives an error that
// says why, never a policy that judges otherwise. It applies nothing and reads nothing: cmd/bartizan chooses
// the rules and writes the objects. Policies of others are read by internal/policy.
package export

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/expr"
	"github.com/bartizan-dev/bartizan/rule"
)

// Config is what the policies depend on besides the rules.
type Config struct {
	Version           rule.Version   // the Kubernetes version of the cluster; zero means rule.Latest
	Actions           []string       // what a binding does: Deny, Warn, Audit; none means Deny
	ExcludeNamespaces []string       // whose objects no policy judges
	Namespace         string         // of the ConfigMaps with parameters
	Unsafe            bool           // export fixes that need knowledge of the application, too
	Params            map[string]any // "RULE.name" -> value, instead of the rule's default
}

// Policy is what one rule became.
type Policy struct {
	Objects []Object // in the order in which they should be applied
	Notes   []string // what of the rule the policy does not cover, and why
	Params  bool     // a ConfigMap in Config.Namespace is among the objects
}

// DefaultNamespace holds the parameters unless the caller says otherwise.
const DefaultNamespace = "bartizan-system"

// The first versions that serve the policies as stable API.
var (
	validatingSince = rule.Version{Major: 1, Minor: 30}
	mutatingSince   = rule.Version{Major: 1, Minor: 36}
)

func (c Config) complete() Config {
	if c.Version == (rule.Version{}) {
		c.Version = rule.Latest
	}
	if len(c.Actions) == 0 {
		c.Actions = []string{"Deny"}
	}
	if c.Namespace == "" {
		c.Namespace = DefaultNamespace
	}
	return c
}

// source is a rule with what its test needs.
type source struct {
	rule   *rule.Rule
	config Config
	find   string // for the target version
	free   map[string]bool
}

// read finds the expression of a rule for the target version.
func read(r *rule.Rule, c Config) (*source, error) {
	if len(r.Needs) > 0 {
		return nil, fmt.Errorf("it is written in Go and judges an object by others, of which an admission policy sees none; bartizan scan runs it")
	}
	if r.Check != nil {
		return nil, fmt.Errorf("its test is written in Go, which an admission policy cannot run")
	}
	find, ok := r.Find(c.Version)
	if !ok {
		return nil, fmt.Errorf("its requirement does not exist in Kubernetes %s", c.Version)
	}
	s := &source{rule: r, config: c, find: strings.TrimSpace(find), free: map[string]bool{}}
	for _, src := range []string{s.find, r.When} {
		if src == "" {
			continue
		}
		names, err := expr.Free(src)
		if err != nil {
			return nil, fmt.Errorf("read its expression: %w", err)
		}
		for _, n := range names {
			s.free[n] = true
		}
	}
	return s, nil
}

// name is the name of the policy and its binding.
func (s *source) name() string { return "bartizan-" + s.rule.ID }

// failure says which rule could not be exported.
func failure(r *rule.Rule, err error) error {
	return fmt.Errorf("export rule %s: %w", r.ID, err)
}
