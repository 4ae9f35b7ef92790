// Package detect runs detections on events and says what they found: Falco's rules and ours, which also count, compare
// and wait over windows of time. It is pure: events come with their time, and alerts go to the caller. It also says what
// an audit policy must record for rules to work, and which rules cannot work under a policy.
//
// It reads no files and sends nothing: internal/source/audit brings events, internal/watch drives it. To judge objects
// rather than events use internal/engine.
//
// # The way of an event
//
// New writes rules of ours down as Falco rules (compose.go) and makes one plan of all conditions, so that fields are found
// and macros judged once for all of them (set.go). A Runner gives each record to that plan; what matched is told, or goes
// into the window of its rule (runner.go, watch.go): a track per key (keys.go) holds the facts that are kept of events.
// Save and Restore carry what is remembered over a restart (state.go).
//
// docs/detections.md says how detections are written and lists the built-in ones.
package detect
