// Package credential recognises credentials in text: tokens by their format, values that stand under a name
// such as DB_PASSWORD, private keys, URLs with a password in them, password hashes, and whole files of
// credentials. It reads a text once and says what stands where, never the value itself. It knows nothing of
// Kubernetes: which places to look at and what to say of them is the business of rules/secret above it.
package credential
