package expr

import (
	"fmt"
	"regexp"
	"strings"
)

// isTextTest says whether a method of two strings is a test that is planned as a condition.
func isTextTest(name string) bool {
	return name == "contains" || name == "startsWith" || name == "endsWith" || name == "matches"
}

// textTest plans s.contains(part), startsWith, endsWith and matches.
func (c *compiler) textTest(n *node) (cond, error) {
	x, err := c.plan(n.args[0])
	if err != nil {
		return nil, err
	}
	name := n.text
	if v, ok := constant(n.args[1]); ok && v.kind == KindString {
		test, err := constantTest(n, v.text())
		return func(f *Frame) verdict {
			v := x(f)
			if v.kind != KindString {
				return f.bad(name, v)
			}
			return test(f, v.text())
		}, err
	}
	y, err := c.plan(n.args[1])
	return func(f *Frame) verdict {
		a, b := x(f), y(f)
		if a.kind != KindString || b.kind != KindString {
			f.fault = noOverload(name, a, b)
			return bad
		}
		if name != "matches" {
			return f.holds(name, a.text(), b.text())
		}
		re, err := f.regexp(b.text())
		if err != nil {
			f.fault = OfError(err)
			return bad
		}
		f.spend(1 + len(a.text())/bytesPerMatch)
		return verdictOf(re.MatchString(a.text()))
	}, err
}

func constantTest(n *node, part string) (func(f *Frame, s string) verdict, error) {
	if n.text != "matches" {
		name := n.text
		return func(f *Frame, s string) verdict { return f.holds(name, s, part) }, nil
	}
	p, err := newPattern(part)
	if err != nil {
		return nil, &SyntaxError{int(n.args[1].at), err.Error()}
	}
	return func(f *Frame, s string) verdict {
		if len(s) >= bytesPerStep {
			f.spend(len(s) / bytesPerMatch)
		}
		return verdictOf(p.match(s))
	}, nil
}

func (f *Frame) holds(name, s, part string) verdict {
	switch name {
	case "startsWith":
		return verdictOf(strings.HasPrefix(s, part))
	case "endsWith":
		return verdictOf(strings.HasSuffix(s, part))
	}
	if len(s) >= bytesPerStep {
		f.spend(len(s) / bytesPerStep)
	}
	return verdictOf(strings.Contains(s, part))
}

// What regular expressions cost, and how many that are not constant a frame keeps.
const (
	bytesPerMatch   = 2
	stepsPerPattern = 1000
	maxPatterns     = 64
)

// regexp compiles a regular expression that is not constant, or finds it among those that it compiled.
func (f *Frame) regexp(src string) (*regexp.Regexp, error) {
	if re := f.patterns[src]; re != nil {
		return re, nil
	}
	if !f.spend(stepsPerPattern) {
		return nil, exhausted
	}
	re, err := regexp.Compile(src)
	if err != nil {
		return nil, noPattern(src, err)
	}
	if f.patterns == nil || len(f.patterns) >= maxPatterns {
		f.patterns = map[string]*regexp.Regexp{}
	}
	f.patterns[src] = re
	return re, nil
}

func noPattern(src string, err error) error {
	return fmt.Errorf("read %q as a regular expression of RE2: %w", src, err)
}

// findCall checks the constant patterns of find() and findAll(), as the API server does when it compiles.
func (c *compiler) findCall(n *node) (code, bool, error) {
	if n.text != "find" && n.text != "findAll" || len(n.args) < 2 {
		return nil, false, nil
	}
	if v, ok := constant(n.args[1]); ok && v.kind == KindString {
		if _, err := newPattern(v.text()); err != nil {
			return nil, true, &SyntaxError{int(n.args[1].at), err.Error()}
		}
	}
	return nil, false, nil
}

func find(f *Frame, s, pattern Value) Value {
	if !allKind(KindString, s, pattern) {
		return noOverload("find", s, pattern)
	}
	re, err := f.regexp(pattern.text())
	if err != nil {
		return OfError(err)
	}
	f.spend(1 + len(s.text())/bytesPerMatch)
	return OfString(re.FindString(s.text()))
}

func findAll(f *Frame, s, pattern Value) Value { return findN(f, []Value{s, pattern, OfInt(-1)}) }

func findN(f *Frame, a []Value) Value {
	if !allKind(KindString, a[:2]...) || a[2].kind != KindInt {
		return noOverload("findAll", a...)
	}
	re, err := f.regexp(a[1].text())
	if err != nil {
		return OfError(err)
	}
	s := a[0].text()
	if !f.spend(1 + len(s)/bytesPerMatch) {
		return OfError(exhausted)
	}
	return OfStrings(re.FindAllString(s, int(a[2].int())))
}
