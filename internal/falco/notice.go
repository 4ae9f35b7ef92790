package falco

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/spell"
)

// Level says whether a Notice stops a rule from being used.
type Level uint8

// The levels of notices.
const (
	Warning Level = iota
	Error
)

// String is the level in lower case.
func (l Level) String() string {
	if l == Error {
		return "error"
	}
	return "warning"
}

// Notice is a fault or a doubt about a rule file.
type Notice struct {
	Level        Level
	Code         string // a stable word for the sort of notice, as unknown-field
	File         string
	Line, Column int
	Item         string // what it is about, as rule "Shell in pod"
	Token        string // the text at fault; may be empty
	Message      string
	Hint         string // what to do about it; may be empty
}

// String is one line: place, level, item, message, token and hint.
func (n Notice) String() string {
	var b strings.Builder
	b.WriteString(n.File)
	if n.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", n.Line, n.Column)
	}
	fmt.Fprintf(&b, ": %s: ", n.Level)
	if n.Item != "" {
		b.WriteString(n.Item + ": ")
	}
	b.WriteString(n.Message)
	if n.Hint != "" {
		b.WriteString("; " + n.Hint)
	}
	return b.String()
}

// Notices are all that Load has to say, in the order of files and lines.
type Notices []Notice

// Errors are the notices that stop a rule from being used.
func (n Notices) Errors() Notices {
	return slices.DeleteFunc(slices.Clone(n), func(x Notice) bool { return x.Level != Error })
}

// place is a point in a rule file.
type place struct {
	file         string
	line, column int
}

// report collects notices. It drops what exceeds a bound, so that a hostile file cannot fill memory with complaints.
type report struct {
	notices Notices
	dropped int
}

const maxNotices = 1000

func (r *report) add(n Notice) {
	if len(r.notices) >= maxNotices {
		r.dropped++
		return
	}
	n.Token = excerpt(n.Token)
	r.notices = append(r.notices, n)
}

func (r *report) errorAt(at place, code, item, token, hint, format string, args ...any) {
	r.add(Notice{Error, code, at.file, at.line, at.column, item, token, fmt.Sprintf(format, args...), hint})
}

func (r *report) warnAt(at place, code, item, token, hint, format string, args ...any) {
	r.add(Notice{Warning, code, at.file, at.line, at.column, item, token, fmt.Sprintf(format, args...), hint})
}

// sorted orders notices by the files' order, then by place.
func (r *report) sorted(files []File) Notices {
	order := map[string]int{}
	for i, f := range files {
		if _, seen := order[f.Name]; !seen {
			order[f.Name] = i
		}
	}
	slices.SortStableFunc(r.notices, func(a, b Notice) int {
		if c := order[a.File] - order[b.File]; c != 0 {
			return c
		}
		if c := a.Line - b.Line; c != 0 {
			return c
		}
		return a.Column - b.Column
	})
	if r.dropped > 0 {
		r.notices = append(r.notices, Notice{Level: Error, Code: "too-many", Message: fmt.Sprintf("%d more notices are not shown", r.dropped)})
	}
	return r.notices
}

// excerpt shortens text for a message.
func excerpt(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:77], "") + "..."
}

func didYouMean(wrong string, names []string) string {
	if n := spell.Nearest(wrong, names); n != "" {
		return "did you mean " + n + "?"
	}
	return ""
}
