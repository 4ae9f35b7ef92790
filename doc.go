// Package bartizan holds the words that every other package speaks: what exists (Entity), what happened
// (Event), all of it together (World), what follows from what (Edge), what a rule says of it (Finding) and
// what can be done about it (Change); and the ports Source, Sink and Responder. It uses the standard library
// only and does nothing itself. To run rules see internal/engine, to write one see rule and docs/rules.md.
//
// A manifest becomes a line of SARIF in these files:
//
//	cmd/bartizan/scan.go                flags become a request
//	internal/scan/scan.go               the run: read, judge, triage, write
//	internal/source/manifest/manifest.go  files become documents
//	internal/kube/object.go             documents become objects
//	internal/engine/engine.go           rules judge objects
//	internal/engine/judge.go            a hit becomes a finding with its line
//	internal/triage/triage.go           findings are put in order
//	internal/sink/sarif.go              findings become SARIF
package bartizan
