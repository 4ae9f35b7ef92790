package main

import (
	"github.com/bartizan-dev/bartizan/internal/policy"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/rule"
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
	policies, err := policy.Load(texts, s.target)
	if err != nil {
		return err
	}
	s.own = append(s.own, policies.Rules()...)
	s.written = policies
	return nil
}

// choosePolicies keeps the policies among the chosen rules.
func (s *ruleSet) choosePolicies(chosen []*rule.Rule) {
	if s.written == nil {
		return
	}
	ids := map[string]bool{}
	for _, r := range chosen {
		ids[r.ID] = true
	}
	s.written.Choose(func(r *rule.Rule) bool { return ids[r.ID] })
	if s.own = s.written.Rules(); len(s.own) > 0 {
		s.policies = append(s.policies, s.written)
	}
}
