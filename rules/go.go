package rules

import "github.com/bartizan-dev/bartizan/rule"

func goRules() []*rule.Rule { return nil }
