// Package export holds the end-to-end tests of `bartizan rule export`, and no code: the exported policies are applied to
// a real API server, whose verdicts must be those of `bartizan scan` and whose patches must mend what the scan found.
package export
