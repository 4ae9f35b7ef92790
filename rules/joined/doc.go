// Package joined holds the rules that judge an object by others: who really holds a right, over all bindings and
// aggregated roles, and what network policies together let through. They ask rule.Pass.Joined, which internal/joined
// makes once in a run; a rule on one object alone belongs in a folder beside this one.
package joined
