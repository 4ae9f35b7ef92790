package credential

import "strings"

// Pair judges a value that stands alone under a name, as the variables of an environment do.
func Pair(name, value string) (Found, bool) {
	n := judgeName(name)
	if n == nothing {
		return Found{}, false
	}
	c := judgeValue(n, name, strings.TrimSpace(value), true, Settings)
	return Found{Class: c, What: n.what(), Name: name}, c != 0
}

// IsName says whether a name promises a credential.
func IsName(name string) bool { return judgeName(name) >= secret }

func (n sense) what() string {
	if n == password {
		return "password"
	}
	return "secret"
}

// name judges the name around a stem, and the value that the text gives it.
func (s *scanner) name(at int) (end int) {
	if at < s.named || s.quiet || s.syntax == Prose {
		return 0
	}
	l := at - nameBytes.runBack(s.text[:at], maxName)
	r := at + nameBytes.run(s.text[at:], maxName)
	s.named = r
	if l > 1 && s.text[l-1] == '/' { // checksum/secret
		l -= 1 + nameBytes.runBack(s.text[:l-1], maxName)
	}
	if l > 0 && s.text[l-1] == '$' || r-l > maxName {
		return 0
	}
	name := strings.Trim(s.text[l:r], "-.")
	sense := judgeName(name)
	if sense == nothing {
		return 0
	}
	v, ok := s.value(l, r)
	if !ok || s.commented(l) {
		return 0
	}
	c := judgeValue(sense, name, v.text, v.quoted, s.syntax)
	if c == 0 {
		return 0
	}
	s.report(Found{Class: c, What: sense.what(), Name: name, Offset: l})
	return v.end
}

// given is the value that a text gives to a name.
type given struct {
	text   string
	quoted bool
	end    int
}

// value reads what follows a name: = or : or => or, of a flag, a space, and then a value. It may be quoted.
func (s *scanner) value(l, r int) (given, bool) {
	t := s.text
	i := r
	for i < len(t) && (t[i] == '"' || t[i] == '\'' || t[i] == '\\' || t[i] == ']') && i < r+3 {
		i++
	}
	closed := i
	i = blanks(t, i)
	if i == len(t) {
		return given{}, false
	}
	tight := false
	switch c := t[i]; {
	case c == '>' && l > 0 && t[l-1] == '<': // XML
		i++
		n := strings.IndexByte(t[i:min(len(t), i+500)], '<')
		if n <= 0 {
			return given{}, false
		}
		return given{t[i : i+n], true, i + n}, true
	case c == '=' || c == ':':
		tight = c == '=' && i == closed
		i++
		if i < len(t) && (t[i] == c || t[i] == '~') {
			return given{}, false // a comparison, a path in C++
		}
		if i < len(t) && (t[i] == '=' || t[i] == '>') {
			i++
		}
		if i < len(t) && c == ':' && t[i] != ' ' && t[i] != '"' && t[i] != '\'' && t[i] != '\t' && t[i] != '\\' && t[closed-1] != '"' && !atLineStart(t, l) {
			return given{}, false // image:tag, a:b
		}
	case s.syntax == Shell && t[l] == '-' && i > closed:
		tight = true
	default:
		return given{}, false
	}
	return s.rest(blanks(t, i), tight)
}

// rest reads the value itself.
func (s *scanner) rest(i int, tight bool) (given, bool) {
	t := s.text
	escaped := i+1 < len(t) && t[i] == '\\' && (t[i+1] == '"' || t[i+1] == '\'')
	if escaped {
		i++
	}
	if i < len(t) && (t[i] == '"' || t[i] == '\'' || t[i] == '`') {
		quote := t[i]
		n := strings.IndexByte(t[i+1:min(len(t), i+4096)], quote)
		if n < 0 {
			return given{}, false
		}
		v := t[i+1 : i+1+n]
		if escaped {
			v = strings.TrimSuffix(v, `\`)
		}
		return given{v, true, i + 1 + n}, !strings.Contains(v, "\n")
	}
	n := 0
	for i+n < len(t) && n < 4096 && !stops[t[i+n]] {
		n++
	}
	if n == 0 {
		return given{}, false
	}
	if !tight && !endsLine(t, i+n) {
		return given{}, false // a sentence
	}
	return given{strings.TrimRight(t[i:i+n], ".\\"), false, i + n}, true
}

// stops end a value without quotes.
var stops = letters("\x00 \"\"''``,,;;&&<<>>[]{{}}()||")

// endsLine says whether nothing but a comment or punctuation stands between a place and the end of its line.
func endsLine(t string, i int) bool {
	i = blanks(t, i)
	return i == len(t) || t[i] == '\n' || t[i] == '\r' || t[i] == '#' || t[i] == ',' || t[i] == '}' || t[i] == ';' || t[i] == '\\'
}

func blanks(t string, i int) int {
	for i < len(t) && (t[i] == ' ' || t[i] == '\t') {
		i++
	}
	return i
}

func atLineStart(t string, l int) bool {
	for l > 0 && (t[l-1] == ' ' || t[l-1] == '\t') {
		l--
	}
	return l == 0 || t[l-1] == '\n'
}

// commented says whether a place stands in a comment: what is there is an example.
func (s *scanner) commented(at int) bool {
	line := s.text[max(0, at-400):at]
	line = strings.TrimLeft(line[strings.LastIndexByte(line, '\n')+1:], " \t")
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "* ")
}
