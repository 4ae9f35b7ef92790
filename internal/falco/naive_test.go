package falco

import (
	"regexp"
	"slices"
	"strings"
)

// naive judges a condition by walking its tree, with nothing shared, sorted, hashed or merged. It says what the
// planned closures must say.
func naive(n *node, f *frame) bool {
	switch n.kind {
	case exprAnd:
		for _, k := range n.kids {
			if !naive(k, f) {
				return false
			}
		}
		return true
	case exprOr:
		for _, k := range n.kids {
			if naive(k, f) {
				return true
			}
		}
		return false
	case exprNot:
		return !naive(n.kids[0], f)
	case exprMacro:
		return naive(n.macro.body, f)
	}
	c := n.cmp
	f.now++ // nothing found before is used again
	left := f.value(c.left.slot)
	if left == nil {
		return false
	}
	if c.op == opExists {
		return true
	}
	if c.right != nil {
		right := f.value(c.right.slot)
		return right != nil && naiveFields(c, left, right)
	}
	if c.left.list {
		in := func(s string) bool { return slices.Contains(c.texts, s) }
		if c.op == opIn {
			return !slices.ContainsFunc(left.List, func(s string) bool { return !in(s) })
		}
		return slices.ContainsFunc(left.List, in)
	}
	var all []bool
	for v := left; v != nil; v = v.Alt {
		all = append(all, naiveOne(c, v))
	}
	if c.op == opNotEqual {
		return !slices.Contains(all, false)
	}
	return slices.Contains(all, true)
}

func naiveOne(c *comparison, v *Value) bool {
	hits := 0
	for i, l := range c.literals {
		if naiveLiteral(c.left.typ, c.op, v, l, c.texts[i]) {
			hits++
		}
	}
	switch {
	case len(c.literals) == 0:
		return false
	case c.mod == oneOf:
		return hits == 1
	case c.mod == allOf:
		return hits == len(c.literals)
	}
	return hits > 0
}

func naiveLiteral(t Type, op operator, v *Value, l literal, text string) bool {
	switch t {
	case IntType:
		a, b := int64(v.Num), int64(l.num)
		return naiveOrder(op, a < b, a == b)
	case UintType, BoolType:
		return naiveOrder(op, v.Num < l.num, v.Num == l.num)
	case IPType:
		return naiveOrder(op, false, v.Addr == l.addr)
	case NetType:
		return naiveOrder(op, false, l.net.Contains(v.Addr))
	}
	return naiveText(op, v.Text, l.text, text)
}

func naiveOrder(op operator, less, equal bool) bool {
	switch op {
	case opEqual, opIn, opIntersects:
		return equal
	case opNotEqual:
		return !equal
	case opLess:
		return less
	case opLessEqual:
		return less || equal
	case opGreater:
		return !less && !equal
	}
	return !less
}

func naiveText(op operator, a, b, text string) bool {
	fold := strings.NewReplacer("A", "a", "B", "b", "C", "c", "D", "d", "E", "e", "F", "f", "G", "g", "H", "h", "I", "i", "J", "j", "K", "k", "L", "l", "M", "m",
		"N", "n", "O", "o", "P", "p", "Q", "q", "R", "r", "S", "s", "T", "t", "U", "u", "V", "v", "W", "w", "X", "x", "Y", "y", "Z", "z")
	switch op {
	case opContains, opBContains:
		return strings.Index(a, b) >= 0
	case opIContains:
		return strings.Index(fold.Replace(a), fold.Replace(b)) >= 0
	case opStartsWith, opBStartsWith:
		return len(a) >= len(b) && a[:len(b)] == b
	case opEndsWith:
		return len(a) >= len(b) && a[len(a)-len(b):] == b
	case opGlob:
		return naiveGlob(a, b)
	case opIGlob:
		return naiveGlob(fold.Replace(a), fold.Replace(b))
	case opRegex:
		loc := regexp.MustCompile(`^(?:` + b + `)$`)
		return loc.MatchString(a) && !strings.HasSuffix(a, "\n") || regexp.MustCompile(`\A(?:`+b+`)\z`).MatchString(a)
	case opPMatch:
		return naivePaths(a, b)
	}
	return naiveOrder(op, a < b, a == b)
}

// naiveGlob translates a pattern to a regular expression over bytes.
func naiveGlob(s, pattern string) bool {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*':
			b.WriteString(".*")
		case c == '?':
			b.WriteString(".")
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(regexp.QuoteMeta(wide(pattern[i : i+1])))
		case c == '[' && naiveBracket.MatchString(pattern[i:]):
			m := naiveBracket.FindStringSubmatch(pattern[i:])
			i += len(m[0]) - 1
			set := ""
			for _, part := range regexp.MustCompile(`(?s)\[:\w+:\]|\\.|.`).FindAllString(m[2], -1) {
				switch {
				case strings.HasPrefix(part, "[:") && len(part) > 4:
					if _, err := regexp.Compile("[" + part + "]"); err == nil {
						set += part
					}
				case part == "-":
					set += part
				default:
					set += regexp.QuoteMeta(wide(strings.TrimPrefix(part, "\\")))
				}
			}
			switch {
			case set == "" && m[1] == "":
				b.WriteString(`[^\x00-\x{10FFFF}]`)
			case set == "":
				b.WriteString(".")
			case m[1] != "":
				b.WriteString("[^" + set + "]")
			default:
				b.WriteString("[" + set + "]")
			}
		default:
			b.WriteString(regexp.QuoteMeta(wide(pattern[i : i+1])))
		}
	}
	re, err := regexp.Compile(b.String() + `\z`)
	return err == nil && re.MatchString(wide(s))
}

// naiveBracket is a set in a pattern: what may negate it, and what is in it.
var naiveBracket = regexp.MustCompile(`(?s)^\[([!^]?)(\]?(?:\[:\w+:\]|\\.|[^\]\\])*)\]`)

func naivePaths(s, prefix string) bool {
	parts := func(p string) []string {
		return slices.DeleteFunc(strings.Split(p, "/"), func(x string) bool { return x == "" })
	}
	a, b := parts(s), parts(prefix)
	if len(a) < len(b) {
		return false
	}
	for i := range b {
		if a[i] != b[i] && !(strings.ContainsAny(b[i], "*?[") && naiveGlob(a[i], b[i])) {
			return false
		}
	}
	return true
}

func naiveFields(c *comparison, a, b *Value) bool {
	if c.op.takesList() && c.left.typ == StringType {
		as, bs := a.List, b.List
		for _, x := range naiveAll(a) {
			if !c.left.list {
				as = append(as, x.Text)
			}
		}
		for _, y := range naiveAll(b) {
			if !c.right.list {
				bs = append(bs, y.Text)
			}
		}
		if c.op == opIn && c.left.list {
			return !slices.ContainsFunc(as, func(s string) bool { return !slices.Contains(bs, s) })
		}
		return slices.ContainsFunc(as, func(s string) bool { return slices.Contains(bs, s) })
	}
	hits, all := 0, 0
	for _, x := range naiveAll(a) {
		for _, y := range naiveAll(b) {
			if all++; naiveLiteral(c.left.typ, c.op, x, literal{text: y.Text, num: y.Num, addr: y.Addr}, y.Text) {
				hits++
			}
		}
	}
	return hits == all || hits > 0 && c.op != opNotEqual
}

// naiveAll are the values that a field stands for.
func naiveAll(v *Value) (all []*Value) {
	for ; v != nil; v = v.Alt {
		all = append(all, v)
	}
	return all
}

// wide makes each byte a character.
func wide(s string) string {
	r := make([]rune, len(s))
	for i := range len(s) {
		r[i] = rune(s[i])
	}
	return string(r)
}
