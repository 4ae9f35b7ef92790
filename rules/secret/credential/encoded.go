package credential

import (
	"encoding/base64"
	"strings"
)

// pem finds a private key after "-----BEGIN ". Certificates and public keys pass.
func (s *scanner) pem(at int) (end int) {
	head := s.text[at:min(len(s.text), at+80)]
	label, _, ok := strings.Cut(head[len("-----BEGIN "):], "-----")
	if !ok || !strings.Contains(label, "PRIVATE KEY") {
		return 0
	}
	begin := at + len("-----BEGIN ") + len(label) + len("-----")
	if !keyBody(s.text[begin:min(len(s.text), begin+600)]) {
		return begin
	}
	s.report(Found{Class: PrivateKey, What: keyName(label, s.text[begin:min(len(s.text), begin+60)]), Offset: at})
	if n := strings.Index(s.text[begin:min(len(s.text), begin+16<<10)], "-----END "); n >= 0 {
		return begin + n
	}
	return begin
}

func keyName(label, after string) string {
	switch {
	case strings.HasPrefix(label, "ENCRYPTED") || strings.Contains(after, "ENCRYPTED"):
		return "encrypted private key"
	case strings.HasPrefix(label, "OPENSSH"):
		return "SSH private key"
	case strings.HasPrefix(label, "PGP"):
		return "PGP private key"
	}
	return "private key"
}

// keyBody says whether what follows the first line of a PEM block is a key, not "..." or "<your key>".
func keyBody(text string) bool {
	for len(text) > 0 {
		n := base64Std.run(text, 200)
		if n >= 40 {
			return entropy(text[:n]) > 3
		}
		if n == 0 {
			if text[0] == '<' || text[0] == '{' || text[0] == '$' {
				return false
			}
			n = 1
		}
		text = text[n:]
	}
	return false
}

// encodedPEM finds a private key in base64; "LS0tLS1CRUdJTi" is "-----BEGIN" so encoded.
func (s *scanner) encodedPEM(at int) (end int) {
	n := base64Std.run(s.text[at:], 1<<20)
	head, err := base64.StdEncoding.DecodeString(s.text[at : at+min(n, 64)/4*4])
	if err != nil || !strings.Contains(string(head), "PRIVATE KEY") || n < 120 {
		return at + n
	}
	s.report(Found{Class: PrivateKey, What: "private key in base64", Offset: at})
	return at + n
}

// jwt finds a JSON Web Token: three parts in base64, of which the first names an algorithm.
func (s *scanner) jwt(at int) (end int) {
	if at > 0 && (word[s.text[at-1]] || s.text[at-1] == '.') {
		return 0
	}
	n := dotted.run(s.text[at:], 16<<10)
	parts := strings.Split(s.text[at:at+n], ".")
	if len(parts) < 3 || len(parts[1]) < 12 || len(parts[2]) < 20 {
		return 0
	}
	head, err1 := base64.RawURLEncoding.DecodeString(parts[0])
	body, err2 := base64.RawURLEncoding.DecodeString(parts[1])
	if err1 != nil || err2 != nil || !strings.Contains(string(head), `"alg"`) || strings.Contains(string(body), "John Doe") {
		return 0
	}
	f := Found{Class: Token, What: "JSON Web Token", Offset: at}
	if strings.Contains(string(body), "serviceaccount") && strings.Contains(string(body), "kubernetes") {
		f.Class, f.What = ServiceAccount, "Kubernetes service account token"
	}
	s.report(f)
	return at + n
}

// basic finds "Basic " with a user and a password in base64.
func (s *scanner) basic(at int) (end int) {
	begin := at + len("basic ")
	n := base64Std.run(s.text[begin:], 400)
	if n < 6 || n%4 == 1 || at > 0 && alnum[s.text[at-1]] {
		return 0
	}
	plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s.text[begin:begin+n], "="))
	user, password, ok := strings.Cut(string(plain), ":")
	if err != nil || !ok || user == "" || !printable(string(plain)) || reference(password) || stands(password) {
		return 0
	}
	s.report(Found{Class: Token, What: "HTTP basic credentials", Offset: at})
	return begin + n
}

// bearer finds "Bearer " with a token that looks random; the token may also be of a known format.
func (s *scanner) bearer(at int) (end int) {
	begin := at + len("bearer ")
	n := dotted.run(s.text[begin:], 4096)
	value := s.text[begin : begin+n]
	if n < 20 || strings.HasPrefix(value, "eyJ") || !random(value) || idle(value) {
		return 0
	}
	s.report(Found{Class: Token, What: "HTTP bearer token", Offset: at})
	return begin + n
}

func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// hash is the hash of a password by how it begins.
type hash struct {
	prefix  string
	what    string
	letters *alphabet
	min     int
	dollars int // how many more "$" must follow
}

var hashLetters = letters("09AZaz..//++==$$,,--__")

var hashes = []hash{
	{"$2a$", "bcrypt hash", hashLetters, 56, 1}, {"$2b$", "bcrypt hash", hashLetters, 56, 1},
	{"$2y$", "bcrypt hash", hashLetters, 56, 1}, {"$apr1$", "Apache MD5 hash", hashLetters, 24, 1},
	{"$1$", "MD5 crypt hash", hashLetters, 24, 1}, {"$5$", "SHA-256 crypt hash", hashLetters, 44, 1},
	{"$6$", "SHA-512 crypt hash", hashLetters, 80, 1}, {"$y$", "yescrypt hash", hashLetters, 50, 2},
	{"$argon2", "Argon2 hash", hashLetters, 40, 3}, {"{SHA}", "SHA-1 hash", base64Std, 28, 0},
	{"{SSHA}", "salted SHA-1 hash", base64Std, 32, 0}, {"pbkdf2_sha256$", "PBKDF2 hash", hashLetters, 50, 2},
	{"SCRAM-SHA-256$", "SCRAM verifier", letters("09AZaz::$$++//=="), 80, 1},
}

func (h hash) find(s *scanner, at int) (end int) {
	begin := at + len(h.prefix)
	n := h.letters.run(s.text[begin:], 400)
	rest := s.text[begin : begin+n]
	if n < h.min || strings.Count(rest, "$") < h.dollars || idle(rest) {
		return 0
	}
	s.report(Found{Class: Hash, What: h.what, Offset: at})
	return begin + n
}

// wholeFile recognises files that are one credential as a whole.
func (s *scanner) wholeFile() {
	t := s.text
	if len(t) < 60 {
		return
	}
	if i := strings.Index(t, `"auths"`); i >= 0 && strings.Contains(t[i:], `"auth"`) && registryLogin(t[i:]) {
		s.quiet = true
		s.report(Found{Class: Registry, What: "container registry login", Offset: i})
		return
	}
	if (strings.Contains(t, "current-context") || strings.Contains(t, "kind: Config") || strings.Contains(t, `"Config"`)) &&
		strings.Contains(t, "clusters") && strings.Contains(t, "users") {
		if i := kubeconfigSecret(t); i >= 0 {
			s.quiet = true
			s.report(Found{Class: Kubeconfig, What: "kubeconfig with credentials", Offset: i})
		}
	}
}

// registryLogin says whether an "auth" in the text holds a user and a password.
func registryLogin(text string) bool {
	for range 1000 {
		i := strings.Index(text, `"auth"`)
		if i < 0 {
			break
		}
		text = text[i+len(`"auth"`):]
		_, after, ok := strings.Cut(text[:min(len(text), 4096)], `"`)
		value, _, closed := strings.Cut(after, `"`)
		if !ok || !closed {
			return false
		}
		plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
		_, password, ok := strings.Cut(string(plain), ":")
		if err == nil && ok && password != "" && !reference(password) && !stands(password) {
			return true
		}
	}
	return false
}

// kubeconfigSecret is where a kubeconfig's user holds a token, a password or a key; -1 if nowhere.
func kubeconfigSecret(text string) int {
	for _, field := range []string{"client-key-data", "token", "password"} {
		for i := 0; ; {
			n := strings.Index(text[i:], field)
			if n < 0 {
				break
			}
			i += n + len(field)
			after := strings.TrimLeft(text[i:min(len(text), i+200)], `"' `)
			if before := i - len(field); !strings.HasPrefix(after, ":") || before > 0 && word[text[before-1]] {
				continue
			}
			value := strings.TrimLeft(after[1:], `"' `)
			value = value[:dotted.run(value, 200)]
			if len(value) >= 8 && !reference(value) && !stands(value) {
				return i - len(field)
			}
		}
	}
	return -1
}
