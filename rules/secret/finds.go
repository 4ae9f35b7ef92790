package secret

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// limits on what is reported
const (
	maxFinds   = 50 // findings of one rule on one object
	maxPerText = 5  // findings in one text
)

// finds reports the credentials of some classes at some places of an object. say makes the message, without
// the credential.
func finds(p *rule.Pass, o *kube.Object, places placeSet, classes classSet, say func(text, credential.Found) string) {
	if !possible(o, classes) {
		return
	}
	left := maxFinds
	for _, t := range suspects(p, o) {
		if left <= 0 {
			return
		}
		if !places.has(t.place) {
			continue
		}
		for _, f := range inText(t, classes) {
			if left--; left < 0 {
				return
			}
			message := say(t, f)
			if line := lineIn(t.value(), f.Offset); line > 0 {
				message += fmt.Sprintf(" (line %d of the value)", line)
			}
			p.Report(rule.Hit{Path: pathIn(o, t.node), Message: message})
		}
	}
}

// suspectsKey is the key of suspects in a Pass.
type suspectsKey struct{}

// suspects are the texts of an object that some rule may find a credential in: the rules share one walk.
func suspects(p *rule.Pass, o *kube.Object) []text {
	return rule.Share(p, suspectsKey{}, func() (found []text) {
		texts(o, everywhere, func(t text) {
			value := t.value()
			if credential.Any(value) || named(t, value, pairClasses) != nil {
				found = append(found, t)
			}
		})
		return found
	})
}

// classSet is a set of classes.
type classSet uint16

func of(all ...credential.Class) (set classSet) {
	for _, c := range all {
		set |= 1 << c
	}
	return set
}

func (s classSet) has(c credential.Class) bool { return s&(1<<c) != 0 }

// inText finds the credentials of some classes in a text: by its name, and by what it holds.
func inText(t text, classes classSet) []credential.Found {
	value := t.value()
	if !credential.Any(value) {
		return named(t, value, classes)
	}
	var all []credential.Found
	credential.Find(value, t.syntax(), func(f credential.Found) bool {
		if classes.has(f.Class) && !repeats(all, f) {
			all = append(all, f)
		}
		return len(all) < maxPerText
	})
	if len(all) == 0 {
		return named(t, value, classes)
	}
	return all
}

// named judges a value by the name it stands under in the object.
func named(t text, value string, classes classSet) []credential.Found {
	if t.name == "" || classes&pairClasses == 0 {
		return nil
	}
	f, ok := credential.Pair(t.name, value)
	if !ok || !classes.has(f.Class) {
		return nil
	}
	f.Name = ""
	return []credential.Found{f}
}

// pairClasses are the classes that a name can make of a value.
var pairClasses = of(credential.Named, credential.Weak, credential.Placeholder)

// repeats says that a text holds the same again, as a JSON document may on one line.
func repeats(all []credential.Found, f credential.Found) bool {
	for _, g := range all {
		if g.Class == f.Class && g.What == f.What && g.Name == f.Name {
			return true
		}
	}
	return false
}

// lineIn is the line of an offset in a text of many lines; 0 in a text of one.
func lineIn(text string, offset int) int {
	if !strings.Contains(strings.TrimRight(text, "\n"), "\n") {
		return 0
	}
	return 1 + strings.Count(text[:min(offset, len(text))], "\n")
}
