package export

import (
	"errors"

	"github.com/bartizan-dev/bartizan/rule"
)

// Mutating makes a MutatingAdmissionPolicy of a rule's fix and its binding.
func Mutating(r *rule.Rule, c Config) (*Policy, error) {
	return nil, failure(r, errors.New("not yet"))
}
