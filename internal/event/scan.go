package event

import "math/bits"

// MaxDepth bounds the nesting of a record's values; encoding/json has the same bound.
const MaxDepth = 10000

// MaxBytes bounds the text of one record: 1.5 MiB, which is what etcd takes of an object, for the request and the
// response, and room for the rest.
const MaxBytes = 4 << 20

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// load64 is the eight bytes at s[i], the first one lowest.
func load64(s string, i int) uint64 {
	w := s[i : i+8]
	return uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
		uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
}

// quoteOrWorse marks the bytes of w that are a quote, a backslash or a control character. The lowest mark is
// exact; those above it need not be. Turning bit 1 puts the quote just above the control characters.
func quoteOrWorse(w uint64) uint64 {
	below, b := (w^ones*2)-ones*0x21, (w^ones*'\\')-ones
	return (below | b) &^ w & highs
}

func space(s string, i int) int {
	for i < len(s) && s[i] <= ' ' && uint64(1)<<s[i]&(1<<' '|1<<'\n'|1<<'\t'|1<<'\r') != 0 {
		i++
	}
	return i
}

// str is the index behind the string that begins at s[i], or -1 if it is faulty.
func str(s string, i int) int {
	for i++; i+8 <= len(s); i += 8 {
		if m := quoteOrWorse(load64(s, i)); m != 0 {
			if i += bits.TrailingZeros64(m) >> 3; s[i] == '"' {
				return i + 1
			}
			break
		}
	}
	return strEnd(s, i)
}

// strEnd is str for what stands from the first escape of a string on, and for the last bytes of a text.
func strEnd(s string, i int) int {
	for i < len(s) {
		if i+8 <= len(s) {
			if m := quoteOrWorse(load64(s, i)); m == 0 {
				i += 8
				continue
			} else {
				i += bits.TrailingZeros64(m) >> 3
			}
		}
		switch c := s[i]; {
		case c == '"':
			return i + 1
		case c < 0x20:
			return -1
		case c == '\\':
			if i = escape(s, i); i < 0 {
				return -1
			}
		default:
			i++
		}
	}
	return -1
}

// escape is the index behind the escape that begins at s[i], or -1.
func escape(s string, i int) int {
	if i+1 >= len(s) {
		return -1
	}
	switch s[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 <= len(s) && hex4(s[i+2:i+6]) >= 0 {
			return i + 6
		}
	}
	return -1
}

func hex4(s string) rune {
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

func digits(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

// number is the index behind the number that begins at s[i], or -1.
func number(s string, i int) int {
	if s[i] == '-' {
		i++
	}
	switch {
	case i >= len(s) || s[i] < '0' || s[i] > '9':
		return -1
	case s[i] == '0':
		i++
	default:
		i = digits(s, i)
	}
	if i < len(s) && s[i] == '.' {
		j := digits(s, i+1)
		if j == i+1 {
			return -1
		}
		i = j
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		j := digits(s, i)
		if j == i {
			return -1
		}
		i = j
	}
	return i
}

func word(s string, i int, w string) int {
	if len(s)-i >= len(w) && s[i:i+len(w)] == w {
		return i + len(w)
	}
	return -1
}

// scalar is the index behind the string, number or word that begins at s[i], or -1.
func scalar(s string, i int) int {
	switch c := s[i]; c {
	case '"':
		return str(s, i)
	case 't':
		return word(s, i, "true")
	case 'f':
		return word(s, i, "false")
	case 'n':
		return word(s, i, "null")
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return number(s, i)
		}
	}
	return -1
}

// value is the index behind the valid value that begins at s[i]; -1 for a faulty one. depth is how many containers it
// stands in.
func value(s string, i, depth int) int {
	if i >= len(s) {
		return -1
	}
	switch s[i] {
	case '"':
		return str(s, i)
	case '{', '[':
		return container(s, i, depth)
	}
	return scalar(s, i)
}

// container is value for an object or array. It keeps what is open in the bits of a number, and calls itself where they
// do not suffice.
func container(s string, i, depth int) int {
	open := uint64(1) // above a mark a bit for each open container: 1 for an object
	for {
		if i >= len(s) {
			return -1
		}
		switch c := s[i]; c { // a value begins
		case '"':
			i = str(s, i)
		case '{', '[':
			if depth++; depth > MaxDepth {
				return -1
			}
			j := i
			i = space(s, i+1)
			switch {
			case i < len(s) && s[i] == c+2: // it is empty
				i++
				depth--
			case open>>62 != 0:
				depth--
				i = container(s, j, depth)
			case c == '{':
				open = open<<1 | 1
				if i = key(s, i); i < 0 {
					return -1
				}
				continue
			default:
				open <<= 1
				continue
			}
		default:
			i = scalar(s, i)
		}
		if i < 0 {
			return -1
		}
		for { // a value has ended
			if open == 1 {
				return i
			}
			i = space(s, i)
			if i >= len(s) {
				return -1
			}
			c := s[i]
			i++
			if c == ',' {
				i = space(s, i)
				if open&1 != 0 {
					if i = key(s, i); i < 0 {
						return -1
					}
				}
				break
			}
			if c != ']'+byte(open&1)<<5 {
				return -1
			}
			open >>= 1
			depth--
		}
	}
}

// key is where the value of the key begins that is expected at s[i], or -1.
func key(s string, i int) int {
	if i >= len(s) || s[i] != '"' {
		return -1
	}
	if i = str(s, i); i < 0 {
		return -1
	}
	i = space(s, i)
	if i >= len(s) || s[i] != ':' {
		return -1
	}
	i = space(s, i+1)
	return i
}
