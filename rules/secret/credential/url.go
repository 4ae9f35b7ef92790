package credential

import "strings"

var (
	schemeBytes = letters("09AZaz++--..")
	// userInfo holds what may stand between "://" and "@".
	userInfo = letters("09AZaz--..__~~!!$$&&**++,,;;==::%%(()){{}}")
)

// url finds SCHEME://USER:PASSWORD@HOST at "://".
func (s *scanner) url(at int) (end int) {
	n := schemeBytes.runBack(s.text[:at], 40)
	begin := at + len("://")
	m := userInfo.run(s.text[begin:], 300)
	if n == 0 || begin+m >= len(s.text) || s.text[begin+m] != '@' {
		return 0
	}
	user, password, ok := strings.Cut(s.text[begin:begin+m], ":")
	host := s.text[begin+m+1:]
	scheme := strings.ToLower(s.text[at-n : at])
	if !ok || !secretInURL(user, password, host) || scheme == "docker" || scheme == "oci" {
		return 0
	}
	s.report(Found{Class: URL, What: "password in a " + scheme + " URL", Offset: at - n})
	return begin + m
}

// dataSource finds USER:PASSWORD@tcp(HOST) at "@tcp(".
func (s *scanner) dataSource(at int) (end int) {
	n := userInfo.runBack(s.text[:at], 300)
	all := s.text[at-n : at]
	if i := strings.LastIndexByte(all, '='); i >= 0 && strings.Contains(all[i:], ":") {
		all = all[i+1:]
	}
	user, password, ok := strings.Cut(all, ":")
	if !ok || user == "" || !secretInURL(user, password, "") {
		return 0
	}
	s.report(Found{Class: URL, What: "password in a data source name", Offset: at - len(all)})
	return at + 1
}

// secretInURL judges the parts of a URL. What manuals write for a user and a password is none.
func secretInURL(user, password, host string) bool {
	if len(password) < 2 || len(password) == 2 && password[0] == '%' || reference(password) || stands(password) || strings.ContainsAny(user, "{}()[]<") {
		return false
	}
	if strings.HasPrefix(host, "sha256:") || allSame(password) {
		return false
	}
	switch strings.ToLower(user) {
	case "user", "username", "usr", "myuser", "<user>", "name", "login", "u":
		switch strings.ToLower(password) {
		case "password", "pass", "pwd", "passwd", "pw", "secret", "mypassword", "token", "p":
			return false
		}
	}
	return true
}

func allSame(text string) bool {
	return strings.Count(text, text[:1]) == len(text)
}
