// Package policy evaluates users' own ValidatingAdmissionPolicies offline, with the API server's semantics: its
// CEL environment, cost limits and validator decide, this package reads the policies, finds what they match and
// turns the decisions into findings. It is pure: the caller gives it the texts. Bartizan's own rules are no
// business of it (internal/engine); to write those as policies for a cluster, see internal/export.
//
// # What stands in for the API server
//
// Every object is judged as if somebody created it: operation CREATE, oldObject null, and as user a placeholder
// without privileges (Placeholder). Built-in kinds are put into the API's own types, so that quantities are
// strings and structs that are always there are there, and the defaults that policies ask for most are filled in
// (defaults.go). A namespace that was not
// read has only the label kubernetes.io/metadata.name. An expression that asks the authorizer has no verdict.
package policy
