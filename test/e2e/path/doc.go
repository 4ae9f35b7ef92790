// Package path holds the end-to-end tests of `bartizan path` on a live cluster, and no code: an escalation is planted in
// a real API server, the product finds it, and the patches that it proposes end it there.
package path
