package credential

import "strings"

// judgeValue classes the value of a name; 0 is no credential.
func judgeValue(n sense, name, value string, quoted bool, syntax Syntax) Class {
	if len(value) == 0 || len(value) > 4096 || reference(value) || notSecret(value) {
		return 0
	}
	if !quoted && (syntax == Code || codeLike(value)) {
		return 0
	}
	if stands(value) {
		if n == maybe || syntax == Code {
			return 0
		}
		return Placeholder
	}
	if n == password && IsDefault(value) || n == secret && upperName(name) && weakSecrets[strings.ToLower(value)] {
		if syntax == Code {
			return 0
		}
		return Weak
	}
	switch {
	case n == password && syntax == Code:
		return class(len(value) >= 8 && random(value))
	case n == password:
		return class(len(value) >= 4 && !describes(value))
	case n == secret:
		return class(random(value))
	}
	return class(len(value) >= 20 && random(value) && entropy(value) >= 3.5)
}

func class(yes bool) Class {
	if yes {
		return Named
	}
	return 0
}

// reference says that a value leads to a credential that is kept elsewhere: a variable, a template, the
// address of a secret in a store, an encrypted value.
func reference(value string) bool {
	for i := 0; i+1 < len(value); i++ {
		switch value[i] {
		case '$':
			if c := value[i+1]; c == '{' || c == '(' || i == 0 && (isUpper(c) || isLower(c) || c == '_') && !strings.ContainsAny(value, "!@#^*") {
				return true
			}
		case '{':
			if c := value[i+1]; c == '{' || c == '%' {
				return true
			}
		case '<':
			if strings.IndexByte(value[i:], '>') > 0 {
				return true
			}
		case '%':
			if j := strings.IndexByte(value[i+1:], '%'); i == 0 && j > 2 && j == len(value)-2 {
				return true
			}
		}
	}
	for _, p := range referencePrefixes {
		if len(value) > len(p) && strings.EqualFold(value[:len(p)], p) {
			return true
		}
	}
	return enclosed(value, "__") || enclosed(value, "@@") || enclosed(value, "@") || enclosed(value, "#")
}

// referencePrefixes begin the addresses of secrets in stores, and what stores and tools encrypted.
var referencePrefixes = []string{
	"vault:", "vault/", "ref+", "secretref:", "arn:aws", "op://", "ssm:", "sm://", "awssm", "gcp:", "azurekeyvault", "akv:",
	"file:", "env:", "enc[", "enc(", "{cipher}", "secret:", "secrets/", "projects/", "k8s:", "aws:", "valuefrom:", "$__file",
	"$__env", "!ref", "!vault", "encrypted:", "{{", "env.", "os.environ", "process.env", "sha256:", "sha1:", "conjur:",
	"doppler:", "infisical:", "keyring:", "sops:", "kms:",
}

func enclosed(value, by string) bool {
	return len(value) > 2*len(by) && strings.HasPrefix(value, by) && strings.HasSuffix(value, by)
}

// stands says that a value only stands for one that is to be filled in.
func stands(value string) bool {
	if len(value) > 80 {
		return false
	}
	for _, w := range fillers {
		if containsFold(value, w) {
			return true
		}
	}
	return len(value) >= 3 && (allSame(value) && strings.ContainsAny(value[:1], "xX*.-_?#")) ||
		strings.HasPrefix(value, "***") || strings.HasSuffix(value, "...")
}

var fillers = []string{
	"changeme", "change-me", "change_me", "changethis", "change-this", "change_this", "change me", "replaceme", "replace-me",
	"replace_me", "replace-with", "replace_with", "replace this", "placeholder", "example", "your-", "your_", "yourpass",
	"yourtoken", "yoursecret", "your password", "your key", "your api", "todo", "fixme", "dummy", "redacted", "insert-", "insert_", "xxxx", "not-a-real",
	"not-used", "notused", "unused", "sample", "to-be-", "to_be_", "tobereplaced", "override", "please-", "please_", "enter-", "enter_", "fill-",
	"fill_me", "fillme", "put-your", "my-super-secret", "somesecret", "some-secret", "foobar",
}

func containsFold(text, lowered string) bool {
	for i := 0; i+len(lowered) <= len(text); i++ {
		if lower(text[i]) == lowered[0] && strings.EqualFold(text[i:i+len(lowered)], lowered) {
			return true
		}
	}
	return false
}

// notSecret says that a value has the shape of something else: a switch, a path, a URL, a date, a PEM block.
func notSecret(value string) bool {
	if nonSecrets[strings.ToLower(value)] || isVersion(value) {
		return true
	}
	switch value[0] {
	case '/', '~':
		return len(value) < 40 || strings.ContainsAny(value, ".-_")
	case '.':
		return strings.HasPrefix(value, "./") || strings.HasPrefix(value, "../")
	case '[', '{':
		return strings.ContainsAny(value, "]}:\"") || len(value) < 3
	}
	return strings.Contains(value, "://") || strings.HasPrefix(value, "-----BEGIN") || strings.HasPrefix(value, "LS0tLS1CRUdJTi") ||
		strings.HasPrefix(value, "ssh-") || strings.HasPrefix(value, "ecdsa-") || strings.Contains(value, "\n") ||
		strings.HasPrefix(value, "eyJ") && strings.Count(value, ".") == 2 || strings.Contains(value, ".svc.") ||
		strings.HasSuffix(value, ".svc") || len(value) > 2 && value[1] == ':' && value[2] == '\\'
}

var nonSecrets = set(`true false yes no on off null none nil undefined required optional string text hidden prompt enabled
	disabled unset empty invalid incorrect random auto automatic generated basic bearer plain env environment file ask always
	never unknown md5 scram-sha-256 scram-sha-512 sha256 sha512 bcrypt plaintext ldap trust peer oidc jwt oauth oauth2 opaque
	int integer number bool boolean object array any bytes str files compat systemd 0 1 n/a na tbd default-token self this new old header query
	cookie body rs256 hs256 es256 eddsa kubernetes serviceaccount service-account inherit`)

func set(list string) map[string]bool {
	all := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		all[w] = true
	}
	return all
}

// codeLike says that a value without quotes is an expression of a program: config.password, getToken().
func codeLike(value string) bool {
	if strings.ContainsAny(value, "()[]{}") || strings.HasPrefix(value, "!") && len(value) > 1 && isLower(value[1]) {
		return true
	}
	dots := 0
	for i := range len(value) {
		switch c := value[i]; {
		case c == '.':
			dots++
		case !isUpper(c) && !isLower(c) && c != '_':
			return false
		}
	}
	return dots > 0
}

// describes says that a value for a password speaks of one: the name of a Secret, of a key in it, a sentence.
func describes(value string) bool {
	if strings.Count(value, " ") >= 3 {
		return true
	}
	return identifier(value) && (containsFold(value, "pass") || containsFold(value, "secret") || containsFold(value, "cred") ||
		containsFold(value, "token") || containsFold(value, "key") || containsFold(value, "pwd")) && strings.ContainsAny(value, "-_.")
}

// identifier says that a text is words joined by signs, as names of things are.
func identifier(value string) bool {
	begin := 0
	for i := 0; i <= len(value); i++ {
		if i < len(value) && alnum[value[i]] {
			continue
		}
		if i < len(value) && !strings.ContainsRune("-_./: ,@", rune(value[i])) {
			return false
		}
		if !plainWord(value[begin:i]) {
			return false
		}
		begin = i + 1
	}
	return true
}

// plainWord says that a part is a word or a number, perhaps a word with a short number behind it: "v2", "s3".
func plainWord(w string) bool {
	if len(w) > 20 {
		return false
	}
	for i := range len(w) {
		if digits[w[i]] {
			rest := len(w) - i
			return digits.run(w[i:], rest) == rest && (i == 0 || rest <= 4) && rest <= 8
		}
		if i > 0 && isUpper(w[i]) && isLower(w[i-1]) && len(w) > 16 {
			return false
		}
	}
	return true
}

// random says that a text looks as if a machine had made it.
func random(value string) bool {
	if len(value) < 8 || strings.ContainsAny(value, " \t<>") || identifier(value) || idle(value) {
		return false
	}
	kinds := 0
	for _, set := range [...]string{"0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "!@#$%^&*+/=?~"} {
		if strings.ContainsAny(value, set) {
			kinds++
		}
	}
	if kinds == 2 && camelCase(value) {
		return false
	}
	limit := 2.5
	if len(value) >= 16 {
		limit = 3
	}
	return kinds >= 2 && entropy(value) >= limit
}

// camelCase says that a text is letters alone and changes case no oftener than names in programs do.
func camelCase(value string) bool {
	changes := 0
	for i := range len(value) {
		if !isUpper(value[i]) && !isLower(value[i]) {
			return false
		}
		if i > 0 && isUpper(value[i]) && isLower(value[i-1]) {
			changes++
		}
	}
	return changes <= len(value)/5
}

// versionLetters are what version numbers and ranges of them are made of.
var versionLetters = letters("09..^^~~<<>>==vv**")

func isVersion(value string) bool {
	return strings.Contains(value, ".") && versionLetters.run(value, len(value)) == len(value)
}
