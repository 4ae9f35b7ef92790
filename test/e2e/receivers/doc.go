// Package receivers holds tests, and no code: what bartizan watch sends is decoded by the types and parsers of those that
// receive it (Alertmanager's API, OpenTelemetry's protocol, a parser of RFC 5424), strictly. It starts no cluster.
// Falcosidekick is no module that can be had; its rules for what it takes are written down in the test.
package receivers
