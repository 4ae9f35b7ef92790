package credential

import "strings"

// stems are what the names of credentials are made of; a name is judged where one of them stands.
var stems = []string{"pass", "pwd", "secret", "token", "credential", "key"}

// sense is what a name says of its value.
type sense uint8

const (
	nothing  sense = iota
	maybe          // a credential only if the value looks random
	secret         // a token, a key: random by nature
	password       // chosen by a person: anything may be one
)

// part is what a word of a name contributes.
type part uint8

const (
	other part = iota
	wordPassword
	wordSecret
	wordKey
	wordMakesKey // before "key": an access key, a signing key
	wordAbout    // as the last word: something about a credential, not the credential
	wordNever    // anywhere: not a credential
)

func words(all map[string]part, p part, list string) {
	for w := range strings.FieldsSeq(list) {
		all[w] = p
	}
}

var dictionary = func() map[string]part {
	all := map[string]part{}
	words(all, wordPassword, "password passwd passphrase pwd pass passcode passwort")
	words(all, wordSecret, `secret token credential credentials apikey apitoken secretkey accesskey privatekey
		authtoken accesstoken clientsecret appsecret authkey sharedkey secretid jwtsecret`)
	words(all, wordKey, "key")
	words(all, wordAbout, `file files path paths dir directory folder location name names ref refs reference url uri
		endpoint endpoints host hostname port ttl expiry expiration expire expires expiresin exp duration timeout
		lifetime period interval age seconds minutes hours days length len size min max policy policies enabled
		enable disabled disable required require optional type types kind mode format algorithm alg algo method
		prefix suffix header headers field fields param parameter issuer audience aud id ids version count limit
		limits rate namespace arn provider store manager backend service services account user username users
		class label labels selector env var variable mount volume config configuration rotation rotate reset renewal
		change changed text title placeholder description hint message error prompt form input page tip event regex
		pattern validator validation strength history encoder encoding resolver source target status state usage
		tags tag template template exists valid invalid check checks review reviewer controller operator
		server client cache pool delimiter separator budget window bucket buckets generator encrypted scope scopes
		cert certificate crt csr pem fingerprint thumbprint command cmd script keys list map set data options
		secrets tokens passwords context domain realm region zone index column table salt rounds iterations cost`)
	words(all, wordMakesKey, `api access private encryption encrypt encrypting signing sign master account shared
		auth authentication session hmac aes webhook service storage app application admin subscription primary
		secondary license decrypt decryption cookie jwt integration write read personal deploy`)
	words(all, wordNever, `public pub checksum sha sha1 sha256 sha512 md5 hash digest revision commit sum existing
		publishable anon foreign primarykey keyboard tokenizer max min num total use enable disable enabled disabled
		allow allowed require required requires is has no without ignore skip auto automount generate generated
		show hide reset forgot change update create delete rotate verify validate missing invalid wrong expired
		csrf xsrf rate limit cancel cancellation break stop pad eos bos sort partition routing hot short
		projected bound idle count grace review reviews object`)
	return all
}()

// hasStem says whether one of the stems stands in a name; for most names this settles the matter.
func hasStem(name string) bool {
	for i := 0; i+2 < len(name); i++ {
		switch name[i] | 0x20 {
		case 'p', 's', 't', 'c', 'k':
			for _, stem := range stems {
				if len(name)-i >= len(stem) && stem[0] == name[i]|0x20 && strings.EqualFold(name[i:i+len(stem)], stem) {
					return true
				}
			}
		}
	}
	return false
}

// maxName bounds the length of a name of a credential.
const maxName = 100

// judgeName says what a name makes of its value.
func judgeName(name string) sense {
	if len(name) > maxName || len(name) < 3 || !hasStem(name) {
		return nothing
	}
	var buf [maxName]byte
	var parts [24]part
	n := 0
	var last string
	for begin := 0; begin < len(name) && n < len(parts); {
		end := wordEnd(name, begin)
		if end == begin {
			begin++
			continue
		}
		for i := begin; i < end; i++ {
			buf[i] = lower(name[i])
		}
		w := buf[begin:end]
		if p := partOf(w); p != other || !allDigits(w) {
			parts[n], last = p, name[begin:end]
			n++
		}
		begin = end
	}
	return weigh(parts[:n], last)
}

// wordEnd is where the word that begins at a place ends: before a sign, and between "dbP" and "assword".
func wordEnd(name string, begin int) int {
	i := begin
	for i < len(name) && alnum[name[i]] {
		if i > begin && isUpper(name[i]) && (!isUpper(name[i-1]) || i+1 < len(name) && isLower(name[i+1])) {
			break
		}
		i++
	}
	return i
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func allDigits(w []byte) bool {
	for _, c := range w {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func partOf(w []byte) part {
	for len(w) > 4 && w[len(w)-1] >= '0' && w[len(w)-1] <= '9' {
		if p, ok := dictionary[string(w)]; ok {
			return p
		}
		w = w[:len(w)-1] // PASSWORD2
	}
	if p, ok := dictionary[string(w)]; ok {
		return p
	}
	return glued(string(w))
}

// glued judges a word that ends in another: "mysqlrootpassword".
func glued(w string) part {
	if len(w) < 6 {
		return other
	}
	for _, end := range [...]string{"password", "passwd", "passphrase"} {
		if strings.HasSuffix(w, end) {
			return wordPassword
		}
	}
	for _, end := range [...]string{"apikey", "secretkey", "accesskey", "privatekey", "secret", "token"} {
		if strings.HasSuffix(w, end) {
			return wordSecret
		}
	}
	if w == "dbpass" || w == "userpass" || w == "rootpass" {
		return wordPassword
	}
	return other
}

// weigh makes one sense of the parts of a name.
func weigh(parts []part, last string) sense {
	n := len(parts)
	if n == 0 {
		return nothing
	}
	sees := nothing
	for i, p := range parts {
		switch p {
		case wordNever:
			return nothing
		case wordPassword:
			sees = password
		case wordSecret:
			sees = max(sees, maybe)
		case wordMakesKey:
			if i+1 < n && parts[i+1] == wordKey {
				sees = max(sees, maybe)
			}
		}
	}
	switch parts[n-1] {
	case wordAbout:
		return nothing
	case wordPassword:
		if n == 1 && (strings.EqualFold(last, "pwd") || strings.EqualFold(last, "pass")) || isOld(parts, last) {
			return nothing
		}
		return password
	case wordSecret:
		return secret
	case wordMakesKey:
		if sees != password {
			return nothing
		}
	case wordKey:
		if n > 1 && (parts[n-2] == wordMakesKey || parts[n-2] == wordSecret) {
			return secret
		}
		return nothing
	}
	return sees
}

// isOld knows OLDPWD, which shells set to a folder.
func isOld(parts []part, last string) bool {
	return len(parts) == 1 && strings.EqualFold(last, "oldpwd")
}
