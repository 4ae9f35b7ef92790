package credential

import "strings"

// find judges the text at a format's prefix.
func (f format) find(s *scanner, at int) (end int) {
	begin := at + len(f.prefix)
	if !f.boundaryBefore(s.text, at) {
		return 0
	}
	n := f.letters.run(s.text[begin:], f.max+1)
	if n < f.min || n > f.max {
		return 0
	}
	rest := s.text[begin : begin+n]
	if f.verify != nil && !f.verify(rest) || idle(rest) {
		return 0
	}
	s.report(Found{Class: Token, What: f.what, Offset: at})
	return begin + n
}

// boundaryBefore says whether a token can begin here: not inside a longer word. A prefix that begins with a
// host or a sign stands inside a URL or a connection string.
func (f format) boundaryBefore(text string, at int) bool {
	if at == 0 || !alnum[f.prefix[0]] {
		return true
	}
	before := text[at-1]
	return !word[before] && before != '.' || strings.Contains(f.prefix, ".com/")
}

// idle says that a token was made up for a manual: few different letters, a run, or the alphabet in order.
func idle(token string) bool {
	var seen [256]bool
	different, same, rising := 0, 0, 0
	for i := range len(token) {
		c := token[i]
		if !seen[c] {
			seen[c] = true
			different++
		}
		if i == 0 {
			continue
		}
		switch {
		case c == token[i-1]:
			same, rising = same+1, 0
		case c == token[i-1]+1:
			same, rising = 0, rising+1
		default:
			same, rising = 0, 0
		}
		if same >= 5 || rising >= 6 {
			return true
		}
	}
	return different < min(7, len(token)/2) || containsFold(token, "example") || containsFold(token, "xxxx") ||
		containsFold(token, "placeholder") || containsFold(token, "redacted") || containsFold(token, "changeme")
}

// mixed says that a text holds upper- and lower-case letters and digits.
func mixed(text string) bool {
	var up, low, dig bool
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z':
			low = true
		case 'A' <= c && c <= 'Z':
			up = true
		case '0' <= c && c <= '9':
			dig = true
		}
	}
	return up && low && dig
}

func hasDigit(text string) bool { return strings.ContainsAny(text, "0123456789") }

func hasLetterAndDigit(text string) bool {
	return hasDigit(text) && strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz")
}

// sendGrid checks the two parts of a SendGrid key: 22 letters, a dot, 43 letters.
func sendGrid(rest string) bool {
	return len(rest) == 66 && rest[22] == '.' && !strings.Contains(rest[23:], ".") && mixed(rest)
}

// discord checks the three parts of a bot token; the prefix, two letters, belongs to the first.
func discord(rest string) bool {
	parts := strings.Split(rest, ".")
	return len(parts) == 3 && len(parts[0]) >= 22 && len(parts[0]) <= 26 && len(parts[1]) == 6 && len(parts[2]) >= 27 && mixed(rest)
}

// terraform finds a Terraform Cloud token around ".atlasv1.".
func (s *scanner) terraform(at int) (end int) {
	before := alnum.runBack(s.text[:at], 15)
	begin := at + len(".atlasv1.")
	n := word.run(s.text[begin:], 100)
	if before != 14 || n < 60 || idle(s.text[begin:begin+n]) {
		return 0
	}
	s.report(Found{Class: Token, What: "Terraform Cloud token", Offset: at - before})
	return begin + n
}

// azureClient finds a client secret of Microsoft Entra ID: three letters, a digit, "Q~", 31 to 34 letters.
func (s *scanner) azureClient(at int) (end int) {
	before := tilde.runBack(s.text[:at], 5)
	n := tilde.run(s.text[at+2:], 36)
	if before != 4 || !digits[s.text[at-1]] || n < 31 || n > 34 || idle(s.text[at+2:at+2+n]) {
		return 0
	}
	s.report(Found{Class: Token, What: "Azure client secret", Offset: at - before})
	return at + 2 + n
}

// telegram finds a bot token around ":AA": eight to ten digits before, 33 letters after.
func (s *scanner) telegram(at int) (end int) {
	before := digits.runBack(s.text[:at], 11)
	n := word.run(s.text[at+1:], 36)
	if before < 8 || before > 10 || n != 35 || !mixed(s.text[at+1:at+1+n]) || idle(s.text[at+3:at+1+n]) {
		return 0
	}
	s.report(Found{Class: Token, What: "Telegram bot token", Offset: at - before})
	return at + 1 + n
}

// mailchimp finds an API key around "-us": 32 hexadecimal digits before, a data centre's number after.
func (s *scanner) mailchimp(at int) (end int) {
	before := lowerHex.runBack(s.text[:at], 33)
	n := digits.run(s.text[at+3:], 3)
	if before != 32 || n == 0 || n > 2 || idle(s.text[at-before:at]) {
		return 0
	}
	s.report(Found{Class: Token, What: "Mailchimp API key", Offset: at - before})
	return at + 3 + n
}
