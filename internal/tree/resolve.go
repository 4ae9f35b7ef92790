package tree

import (
	"math"
	"strconv"
	"strings"
)

// resolve gives the kind of a plain scalar by the rules of YAML 1.1 as the Kubernetes API machinery applies
// them. A number is an Int if it reaches an API object as a 64-bit integer, as 1e3, 1.0 and 08 do.
func resolve(s string) Kind {
	if s == "" {
		return Null
	}
	switch c := s[0]; c {
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '-', '.':
		return resolveNumber(s)
	case '~':
		if s == "~" {
			return Null
		}
	case 'n', 'N', 't', 'T', 'f', 'F', 'y', 'Y', 'o', 'O':
		if len(s) <= 5 {
			return resolveWord(s)
		}
	}
	return String
}

func resolveWord(s string) Kind {
	switch s {
	case "null", "Null", "NULL":
		return Null
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
		"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return Bool
	}
	return String
}

func resolveNumber(s string) Kind {
	if len(s) < 19 && s[0] >= '1' && s[0] <= '9' && onlyDigits(s) {
		return Int
	}
	if !mayBeNumber(s) {
		return String
	}
	v := parseNumber(s)
	if _, ok := v.int64(); ok {
		return Int
	}
	if v.form == notNumber {
		return String
	}
	return Float
}

func onlyDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return true
}

// mayBeNumber is false for most texts that begin like a number (addresses, versions, quantities, dates).
func mayBeNumber(s string) bool {
	dots := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if dots++; dots > 1 {
				return false
			}
		case c == '+', c == '-', c == '_', c-'0' <= 9:
		case c|0x20 >= 'a' && c|0x20 <= 'f', c|0x20 == 'x', c|0x20 == 'o', c|0x20 == 'i', c|0x20 == 'n', c|0x20 == 'p':
		default:
			return false
		}
	}
	return true
}

type numberForm uint8

const (
	notNumber numberForm = iota
	signed
	unsigned // above the largest int64
	floating
)

// number is what a plain scalar means before it passes through JSON.
type number struct {
	form numberForm
	i    int64
	u    uint64
	f    float64
}

// parseNumber reads every form of number that YAML 1.1 as Kubernetes reads it knows.
func parseNumber(s string) number {
	if s == "" {
		return number{}
	}
	if v, ok := notFinite(s); ok {
		return number{form: floating, f: v}
	}
	if s[0] == '.' {
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			return number{form: floating, f: v}
		}
		return number{}
	}
	if c := s[0]; c != '+' && c != '-' && c-'0' > 9 {
		return number{}
	}
	s = strings.ReplaceAll(s, "_", "")
	if v, err := strconv.ParseInt(s, 0, 64); err == nil {
		return number{form: signed, i: v}
	}
	if v, err := strconv.ParseUint(s, 0, 64); err == nil {
		return number{form: unsigned, u: v}
	}
	if isDecimal(s) {
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			return number{form: floating, f: v}
		}
	}
	// A sign is also taken behind the prefix, if it is the only one.
	if rest, ok := strings.CutPrefix(s, "0b"); ok {
		if v, err := strconv.ParseInt(rest, 2, 64); err == nil {
			return number{form: signed, i: v}
		}
	}
	return number{}
}

func notFinite(s string) (float64, bool) {
	switch s {
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1), true
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1), true
	case ".nan", ".NaN", ".NAN":
		return math.NaN(), true
	}
	return 0, false
}

// isDecimal matches an optional sign, digits with at most one point, and an optional exponent.
func isDecimal(s string) bool {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	whole := digits(s, i)
	i += whole
	if i < len(s) && s[i] == '.' {
		fraction := digits(s, i+1)
		if whole+fraction == 0 {
			return false
		}
		i += 1 + fraction
	} else if whole == 0 {
		return false
	}
	if i == len(s) {
		return true
	}
	if s[i]|0x20 != 'e' {
		return false
	}
	if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	n := digits(s, i)
	return n > 0 && i+n == len(s)
}

func digits(s string, at int) (n int) {
	for at+n < len(s) && s[at+n]-'0' <= 9 {
		n++
	}
	return n
}

// int64 is the value as an API object holds it, if that is an integer. A float without a fraction is
// written to JSON as an integer with the fewest digits that identify it, and read back from there.
func (v number) int64() (int64, bool) {
	switch v.form {
	case signed:
		return v.i, true
	case floating:
		if v.f != math.Trunc(v.f) || math.Abs(v.f) >= 1<<63 && v.f != -1<<63 {
			return 0, false
		}
		if math.Abs(v.f) < 1<<53 {
			return int64(v.f), true
		}
		i, err := strconv.ParseInt(strconv.FormatFloat(v.f, 'f', -1, 64), 10, 64)
		return i, err == nil
	}
	return 0, false
}

func (v number) float64() float64 {
	switch v.form {
	case signed:
		return float64(v.i)
	case unsigned:
		return float64(v.u)
	}
	return v.f
}

// keyText is the text of a plain map key after its way through JSON; ok is false for a key that has none.
func keyText(s string) (text string, ok bool) {
	switch resolve(s) {
	case Null:
		return "", false
	case Bool:
		return strconv.FormatBool(truth(s)), true
	case Int, Float:
		switch v := parseNumber(s); v.form {
		case signed:
			return strconv.FormatInt(v.i, 10), true
		case floating:
			return floatKey(v.f), true
		}
		return "", false
	}
	return s, true
}

func floatKey(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	case math.IsNaN(f):
		return ".nan"
	}
	return strconv.FormatFloat(f, 'g', -1, 32)
}

// truth is the value of a text whose kind is Bool.
func truth(s string) bool {
	switch s[0] | 0x20 {
	case 't', 'y':
		return true
	case 'o':
		return len(s) == 2 // on, off
	}
	return false
}
