package credential

import "strings"

// Class is the sort of a find.
type Class uint8

// The classes. Each find has one, so that rules can share the finds of a text among them.
const (
	Token          Class = iota + 1 // a credential of a known format
	Named                           // a value whose name says that it is a credential
	Weak                            // the same, and the value is a well-known default
	Placeholder                     // the same, and the value only holds the place of one
	PrivateKey                      // a private key
	URL                             // a URL or data source name with a password
	Hash                            // the hash of a password
	ServiceAccount                  // a token of a Kubernetes service account
	Kubeconfig                      // a kubeconfig with credentials in it
	Registry                        // a container registry's login (.dockerconfigjson)
)

// Found is one credential in a text. It never holds the credential.
type Found struct {
	Class  Class
	What   string // "GitLab access token", "password"
	Name   string // the name it stands under in the text; "" if none
	Offset int    // where it stands in the text, in bytes
}

// Syntax is what the text is, as far as its surroundings say.
type Syntax uint8

// The syntaxes. Settings covers .env, properties, INI, JSON, YAML, TOML and connection strings.
const (
	Settings Syntax = iota
	Shell           // a command line: a flag's value may follow after a space
	Code            // a program: only quoted values that look random count as named credentials
	Prose           // no settings: only formats count, not names
)

// maxText bounds, in bytes, how much of one text is read. An object in etcd has at most 1.5 MiB.
const maxText = 4 << 20

// Find reads a text once and yields the credentials in it, in order, until yield says no.
func Find(text string, syntax Syntax, yield func(Found) bool) {
	if len(text) < 4 {
		return
	}
	if len(text) > maxText {
		text = text[:maxText]
	}
	first := hint(text)
	if first < 0 {
		return
	}
	s := scanner{text: text, syntax: syntax, yield: yield}
	s.wholeFile()
	for i := first; i+1 < len(text) && !s.done; {
		b := pairs[uint16(text[i])<<8|uint16(text[i+1])]
		if b == 0 {
			i++
			continue
		}
		i = max(i+1, s.at(buckets[b], i))
	}
}

// Any says whether a text is worth reading: it holds a literal that may begin a credential. It allocates
// nothing, and is false for nearly every text.
func Any(text string) bool { return hint(text) >= 0 }

// hint is where the first literal stands that may begin a credential; -1 if there is none.
func hint(text string) int {
	at := strings.IndexByte(text, '@') >= 0
	for i := 0; i+1 < len(text); i++ {
		b := pairs[uint16(text[i])<<8|uint16(text[i+1])]
		if b == 0 {
			continue
		}
		for k := range buckets[b] {
			t := &buckets[b][k]
			if len(text)-i >= len(t.literal) && (at || t.literal != "://") && t.matches(text[i:i+len(t.literal)]) {
				return i
			}
		}
	}
	if strings.Contains(text, `"auths"`) {
		return 0
	}
	return -1
}

// scanner reads one text.
type scanner struct {
	text   string
	syntax Syntax
	yield  func(Found) bool
	named  int  // up to here the names have been judged
	quiet  bool // the text as a whole was reported: names in it say nothing new
	done   bool
}

func (s *scanner) report(f Found) {
	if !s.done && !s.yield(f) {
		s.done = true
	}
}

// at tries the triggers that begin with the two bytes at i. It returns where to go on.
func (s *scanner) at(bucket []trigger, i int) (next int) {
	for k := range bucket {
		t := &bucket[k]
		if len(s.text)-i < len(t.literal) || !t.matches(s.text[i:i+len(t.literal)]) {
			continue
		}
		if end := t.found(s, i); end > i {
			return end
		}
	}
	return i
}

// trigger is a literal that may begin a credential, and what to do where it stands. found returns where the
// credential ends, 0 if there is none.
type trigger struct {
	literal string
	fold    bool // letters match in either case; the literal is in lower case
	found   func(s *scanner, at int) (end int)
}

func (t *trigger) matches(text string) bool {
	if !t.fold {
		return text == t.literal
	}
	for i := range len(text) {
		if lower(text[i]) != t.literal[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// triggers are all literals that the scanner looks out for.
func triggers() []trigger {
	all := []trigger{
		{literal: "://", found: (*scanner).url},
		{literal: "@tcp(", found: (*scanner).dataSource},
		{literal: "@unix(", found: (*scanner).dataSource},
		{literal: "-----BEGIN ", found: (*scanner).pem},
		{literal: "LS0tLS1CRUdJTi", found: (*scanner).encodedPEM},
		{literal: "eyJ", found: (*scanner).jwt},
		{literal: "basic ", fold: true, found: (*scanner).basic},
		{literal: "bearer ", fold: true, found: (*scanner).bearer},
		{literal: ".atlasv1.", found: (*scanner).terraform},
		{literal: "Q~", found: (*scanner).azureClient},
		{literal: ":AA", found: (*scanner).telegram},
		{literal: "-us", found: (*scanner).mailchimp},
	}
	for _, stem := range stems {
		all = append(all, trigger{literal: stem, fold: true, found: (*scanner).name})
	}
	for _, h := range hashes {
		all = append(all, trigger{literal: h.prefix, found: h.find})
	}
	for _, f := range formats {
		all = append(all, trigger{literal: f.prefix, found: f.find})
	}
	return all
}

// pairs leads from two bytes to the bucket of the triggers that begin with them; 0 is none.
var pairs, buckets = index(triggers())

func index(all []trigger) (pairs [1 << 16]uint16, buckets [][]trigger) {
	buckets = make([][]trigger, 1)
	for _, t := range all {
		for _, pair := range beginnings(t) {
			if pairs[pair] == 0 {
				pairs[pair] = uint16(len(buckets))
				buckets = append(buckets, nil)
			}
			buckets[pairs[pair]] = append(buckets[pairs[pair]], t)
		}
	}
	return pairs, buckets
}

// beginnings are the two bytes that a trigger begins with, in either case where case does not count.
func beginnings(t trigger) []uint16 {
	first, second := []byte{t.literal[0]}, []byte{t.literal[1]}
	if t.fold {
		first, second = bothCases(t.literal[0]), bothCases(t.literal[1])
	}
	var all []uint16
	for _, a := range first {
		for _, b := range second {
			all = append(all, uint16(a)<<8|uint16(b))
		}
	}
	return all
}

func bothCases(c byte) []byte {
	if 'a' <= c && c <= 'z' {
		return []byte{c, c - 'a' + 'A'}
	}
	return []byte{c}
}
