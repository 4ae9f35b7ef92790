// Package secret holds the rules on credentials that stand where they can be read: in variables, arguments,
// ConfigMaps, annotations and manifests. What a credential is, the package credential below knows; here it
// is said which places a rule looks at and what a find there means. A rule never shows what it found.
package secret
