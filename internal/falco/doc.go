// Package falco reads Falco rule files and judges events by them: lists, macros and rules, local files on top, the
// condition language with its types, exceptions, overrides and output formats. It is for events; checks of objects
// are written in .rule files (package rule). It reads no files and knows no clock: the caller gives it text and
// events, and takes matches.
//
// # The way of a rule
//
// Load takes files in order and gives a Set. A file becomes items (read.go), items become definitions that later
// ones append to or override (collect.go), a condition is text in parts that know their places (script.go), the
// parser makes a tree of it (parse.go), lists are put in where they are named (lists.go), the checker resolves macros and
// fields and finds each comparison's type (check.go), the planner makes closures of what is left (plan.go), and a
// Runner runs them on events (run.go). Every fault is a Notice with file, line, column, item and token.
//
// # Where the events come from
//
// A Source is a table of fields: name, type, documentation and extractor in one line (audit_fields.go,
// syscall_fields.go). Audit events are internal/event.Audit values; any event can be given as a Record, a map from
// fields to values, which is how syscall rules are tested without a kernel.
//
// docs/falco.md says what is supported and where this differs from Falco.
package falco
