package falco

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Type is the sort of a field's values.
type Type uint8

// The types of fields.
const (
	StringType Type = iota
	BytesType
	IntType
	UintType
	BoolType
	IPType
	NetType
)

var typeNames = [...]string{"string", "bytes", "int", "uint", "bool", "ip", "net"}

// String is the type in words.
func (t Type) String() string { return typeNames[t] }

// Value is what a field has in one event. Which parts count depends on the field's type.
type Value struct {
	Text string // string, bytes
	Num  uint64 // uint, int (as bits), bool (0 or 1)
	Addr netip.Addr
	List []string // of a field that is a list
	Alt  *Value   // a further value, of a field that stands for several: either end of a connection, any ancestor
}

func (v *Value) reset() {
	v.Text, v.Num, v.Addr, v.List, v.Alt = "", 0, netip.Addr{}, v.List[:0], nil
}

// literal is a value in a condition, read as a type.
type literal struct {
	text string // string, bytes
	num  uint64
	addr netip.Addr
	net  netip.Prefix
}

// readLiteral reads a value as the type asks. For bytes, binary says that it is written in hexadecimal.
func readLiteral(t Type, s string, binary bool) (l literal, err error) {
	switch t {
	case StringType:
		l.text = s
	case BytesType:
		l.text = s
		if binary {
			b, err := hex.DecodeString(s)
			if err != nil {
				return l, fmt.Errorf("%s is no sequence of bytes in hexadecimal", quoted(s))
			}
			l.text = string(b)
		}
	case IntType:
		n, err := readInt(s)
		if err != nil {
			return l, err
		}
		l.num = uint64(n)
	case UintType:
		if l.num, err = readUint(s); err != nil {
			return l, err
		}
	case BoolType:
		switch s {
		case "true":
			l.num = 1
		case "false":
		default:
			return l, fmt.Errorf("%s is no bool: write true or false", quoted(s))
		}
	case IPType:
		if l.addr, err = netip.ParseAddr(s); err != nil {
			return l, fmt.Errorf("%s is no IP address", quoted(s))
		}
	case NetType:
		if l.net, err = readNet(s); err != nil {
			return l, err
		}
	}
	return l, nil
}

func readInt(s string) (int64, error) {
	if n, err := strconv.ParseInt(strings.TrimPrefix(s, "+"), 10, 64); err == nil {
		return n, nil
	}
	if isHex(s) {
		if n, err := strconv.ParseUint(s[2:], 16, 64); err == nil {
			return int64(n), nil
		}
	}
	return 0, fmt.Errorf("%s is no whole number", quoted(s))
}

func readUint(s string) (uint64, error) {
	if n, err := strconv.ParseUint(strings.TrimPrefix(s, "+"), 10, 64); err == nil {
		return n, nil
	}
	if isHex(s) {
		if n, err := strconv.ParseUint(s[2:], 16, 64); err == nil {
			return n, nil
		}
	}
	if strings.HasPrefix(s, "-") {
		return 0, fmt.Errorf("%s is negative, and the field never is", quoted(s))
	}
	return 0, fmt.Errorf("%s is no whole number", quoted(s))
}

func isHex(s string) bool { return len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' }

// readNet reads a network in CIDR form, or an address as the network that holds only it.
func readNet(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.Prefix{}, fmt.Errorf("%s is no network: write it as 10.0.0.0/8", quoted(s))
}

// allows says whether a type can be compared by an operator; if not, why names what it can.
func allows(t Type, list bool, op operator) (ok bool, why string) {
	var can []operator
	what := t.String()
	switch {
	case op == opExists:
		return true, ""
	case list:
		what, can = "list", []operator{opIn, opIntersects}
	case t == StringType:
		can = []operator{opEqual, opNotEqual, opLess, opLessEqual, opGreater, opGreaterEqual, opContains, opIContains, opStartsWith, opEndsWith,
			opGlob, opIGlob, opRegex, opIn, opIntersects, opPMatch}
	case t == BytesType:
		can = []operator{opEqual, opNotEqual, opContains, opStartsWith, opEndsWith, opBContains, opBStartsWith, opIn, opIntersects}
	case t == IntType || t == UintType:
		can = []operator{opEqual, opNotEqual, opLess, opLessEqual, opGreater, opGreaterEqual, opIn, opIntersects}
	default:
		can = []operator{opEqual, opNotEqual, opIn, opIntersects}
	}
	names := make([]string, len(can))
	for i, o := range can {
		if o == op {
			return true, ""
		}
		names[i] = o.String()
	}
	return false, "a field of type " + what + " can be compared by " + strings.Join(names, ", ") + " and exists"
}

// cString is a text up to its first NUL, which ends a text in Falco.
func cString(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}
