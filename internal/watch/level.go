package watch

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
)

// levels knows at which level requests of a sort were recorded: of a user, a verb, a resource and a namespace. A policy may
// tell them apart by name as well; a sort that goes up and down is no longer watched.
type levels struct {
	table []leveled
}

type leveled struct {
	sort  uint64
	level uint8
	run   uint8 // how many in a row were at the level
	below uint8 // how many in a row were below it
	mixed bool
}

const (
	levelTable = 1 << 13
	steady     = 50 // in a row, before a lower level tells something
	lowered    = 5  // in a row
)

var levelNames = [...]string{"None", "Metadata", "Request", "RequestResponse"}

func levelOf(raw string) uint8 {
	for i, name := range levelNames {
		if len(raw) == len(name)+2 && raw[1:len(raw)-1] == name {
			return uint8(i)
		}
	}
	return 0
}

// observe takes a record, and says if records of its sort were at a higher level before.
func (l *levels) observe(r *audit.Record) (was, is string, dropped bool) {
	level := levelOf(r.Get(event.Level).Raw())
	if level == 0 || !r.Get(event.Resource).Exists() {
		return "", "", false
	}
	if l.table == nil {
		l.table = make([]leveled, levelTable)
	}
	h := uint64(hashStart)
	for _, k := range [...]event.Key{event.UserName, event.Verb, event.Resource, event.Subresource, event.Namespace} {
		h = mix(h, r.Get(k).Raw())
	}
	e := &l.table[(h>>20)%levelTable]
	switch {
	case e.sort != h:
		*e = leveled{sort: h, level: level, run: 1}
	case level < e.level && e.run < steady:
		e.level, e.run, e.mixed = level, 1, true
	case level < e.level:
		e.below++
		if e.below == lowered && !e.mixed {
			was, is = levelNames[e.level], levelNames[level]
			*e = leveled{sort: h, level: level, run: 1}
			return was, is, true
		}
	case level > e.level:
		*e = leveled{sort: h, level: level, run: 1, mixed: e.mixed}
	default:
		e.mixed = e.mixed || e.below > 0
		e.below = 0
		e.run = min(e.run+1, steady)
	}
	return "", "", false
}

// cut says whether the API server cut a record short.
func cut(r *audit.Record) bool {
	raw := r.Get(event.Annotations).Raw()
	return strings.Contains(raw, `"audit.k8s.io/truncated"`)
}

// request names the sort of a request.
func request(r *audit.Record) string {
	var words event.Text
	text := words.Of(r.Get(event.Verb)) + " " + words.Of(r.Get(event.Resource))
	if sub := words.Of(r.Get(event.Subresource)); sub != "" {
		text += "/" + sub
	}
	if ns := words.Of(r.Get(event.Namespace)); ns != "" {
		text += " in namespace " + ns
	}
	return text + " by " + words.Of(r.Get(event.UserName))
}
