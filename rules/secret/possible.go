package secret

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// signs are, for the classes that have one, texts of which at least one stands in every document that holds
// a credential of the class. Searching the source for them is far cheaper than walking the object.
var signs = [...][]string{
	credential.PrivateKey:     {"-----BEGIN", "LS0tLS1CRUdJTi"},
	credential.URL:            {"@"},
	credential.Hash:           {"$", "{SHA}", "{SSHA}"},
	credential.ServiceAccount: {"eyJ"},
	credential.Kubeconfig:     {"users"},
	credential.Registry:       {"auths"},
}

// possible says whether an object may hold a credential of some classes. It is only ever wrong in saying yes.
func possible(o *kube.Object, classes classSet) bool {
	if o.Ref.Kind == "Secret" {
		return true // in base64 nothing shows
	}
	start, end := o.Root.Span()
	source := o.Root.Doc().Source()[start:end]
	for c := credential.Token; c <= credential.Registry; c++ {
		if !classes.has(c) {
			continue
		}
		if int(c) >= len(signs) || signs[c] == nil {
			return true
		}
		for _, sign := range signs[c] {
			if strings.Contains(source, sign) {
				return true
			}
		}
	}
	return disguised(o, source)
}

// disguised says that a text of the object may be written otherwise than it reads: with escapes, with a
// line broken inside a word, or by an alias of what stands in another item of the list.
func disguised(o *kube.Object, source string) bool {
	return o.Root.Parent().Exists() && strings.Contains(source, "*") ||
		strings.Contains(source, `\x`) || strings.Contains(source, `\u`) || strings.Contains(source, `\U`) || strings.Contains(source, "\\\n") || strings.Contains(source, "\\\r")
}
