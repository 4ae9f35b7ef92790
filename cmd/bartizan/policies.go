package main

import (
	"github.com/bartizan-dev/bartizan/internal/policy"
	"github.com/bartizan-dev/bartizan/internal/scan"
)

// addPolicies makes judgements of users' admission policies.
func (s *ruleSet) addPolicies(files []scan.RuleFile) error {
	if len(files) == 0 {
		return nil
	}
	texts := make([]policy.File, len(files))
	for i, f := range files {
		texts[i] = policy.File{Name: f.Name, Text: f.Text}
	}
	set, err := policy.Load(texts, s.target)
	if err != nil {
		return err
	}
	s.policies = append(s.policies, set)
	s.own = append(s.own, set.Rules()...)
	return nil
}
