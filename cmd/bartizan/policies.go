package main

import (
	"fmt"

	"github.com/bartizan-dev/bartizan/internal/scan"
)

// addPolicies makes judgements of users' admission policies.
func (s *ruleSet) addPolicies(files []scan.RuleFile) error {
	if len(files) > 0 {
		return fmt.Errorf("read rules: %s: admission policies are not read by this version", files[0].Name)
	}
	return nil
}
