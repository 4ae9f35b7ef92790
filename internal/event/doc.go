// Package event holds the payloads of events: what an audit record of the API server says, as far as a rule
// asks for it. Audit keeps the record's JSON text and finds values in it on demand, so that a record which
// interests no rule costs one pass over its bytes and no memory. It knows no rules and reads no files: see
// internal/falco for the rules, internal/source/audit for files and webhooks. Do not use it to build or change
// events.
//
// # What a record means
//
// Text that encoding/json refuses is refused here. Escapes are resolved; a byte that is not UTF-8 and half of a
// surrogate pair become U+FFFD, as in Kubernetes. Keys match in their exact case. Of a repeated key the last one
// counts, as in the object that the API server made of it. Nesting is bounded by MaxDepth and size by MaxBytes;
// what exceeds them is an error and never a shorter event.
package event
