// Package detect runs detections on events and says what they found: Falco's rules and ours, which also count, compare
// and wait over windows of time. It is pure: events come with their time, and alerts go to the caller.
//
// It reads no files and sends nothing: internal/source/audit brings events, internal/watch drives it.
package detect
