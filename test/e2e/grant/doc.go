// Package grant holds the end-to-end tests of internal/grant and `bartizan grant`, and no code: upstream's own
// authorizers, its escalation checks and a real API server are asked the same questions, and must give the same
// answers.
package grant
