package notify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/spell"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// reader reads a YAML document strictly and keeps the first fault.
type reader struct {
	file string
	err  error
}

// fault notes what is wrong at a place.
func (r *reader) fault(n tree.Node, format string, args ...any) {
	if r.err == nil {
		line, _ := n.KeyPos()
		r.err = fmt.Errorf("%s:%d: %s", r.file, line, fmt.Sprintf(format, args...))
	}
}

// fields is what a map may hold: what to do with each value.
type fields map[string]func(tree.Node)

// object reads a map, every key of which must be known.
func (r *reader) object(n tree.Node, known fields) {
	if n.Kind() != tree.Map {
		r.fault(n, "%s must be a map", called(n))
		return
	}
	for c := range n.Items() {
		read, ok := known[c.Key()]
		if !ok {
			names := slices.Sorted(maps.Keys(known))
			r.fault(c, "unknown key %q%s: use %s", c.Key(), spell.DidYouMean(c.Key(), names), strings.Join(names, ", "))
			return
		}
		read(c)
	}
}

// called names a value as the user wrote it.
func called(n tree.Node) string {
	switch {
	case n.Key() != "":
		return n.Key()
	case n.Parent().Key() != "":
		return "an item of " + n.Parent().Key()
	}
	return "the file"
}

// text reads a text into a variable.
func (r *reader) text(to *string) func(tree.Node) {
	return func(n tree.Node) {
		if k := n.Kind(); k == tree.Map || k == tree.List || k == tree.Null {
			r.fault(n, "%s must be a text", called(n))
			return
		}
		*to = n.Text()
	}
}

// choice reads one of some words.
func (r *reader) choice(to *string, words ...string) func(tree.Node) {
	return func(n tree.Node) {
		if !slices.Contains(words, n.Text()) {
			r.fault(n, "%s is %q%s: use %s", called(n), n.Text(), spell.DidYouMean(n.Text(), words), strings.Join(words, ", "))
			return
		}
		*to = n.Text()
	}
}

// texts reads one text or a list of them.
func (r *reader) texts(to *[]string) func(tree.Node) {
	return func(n tree.Node) {
		items := []tree.Node{n}
		if n.Kind() == tree.List {
			items = slices.Collect(n.Items())
		}
		for _, item := range items {
			var s string
			r.text(&s)(item)
			*to = append(*to, s)
		}
	}
}

func (r *reader) flag(to *bool) func(tree.Node) {
	return func(n tree.Node) {
		v, ok := n.Bool()
		if !ok {
			r.fault(n, "%s must be true or false", called(n))
		}
		*to = v
	}
}

func (r *reader) number(to *int, least, most int) func(tree.Node) {
	return func(n tree.Node) {
		v, ok := n.Int()
		if !ok || v < int64(least) || v > int64(most) {
			r.fault(n, "%s must be a number from %d to %d", called(n), least, most)
			return
		}
		*to = int(v)
	}
}

// span reads a duration: 30s, 5m, 1h30m.
func (r *reader) span(to *time.Duration, least, most time.Duration) func(tree.Node) {
	return func(n tree.Node) {
		d, err := time.ParseDuration(n.Text())
		if err != nil || d < least || d > most {
			r.fault(n, "%s is %q: write a duration from %s to %s, such as 30s, 5m or 1h", called(n), n.Text(), alert.Span(least), alert.Span(most))
			return
		}
		*to = d
	}
}

// size reads a number of bytes: 512KiB, 64MiB, 1GiB.
func (r *reader) size(to *int64, least, most int64) func(tree.Node) {
	return func(n tree.Node) {
		digits := strings.TrimRight(n.Text(), "BKMGi")
		unit, ok := map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[n.Text()[len(digits):]]
		v, err := strconv.ParseInt(digits, 10, 32)
		if err != nil || !ok || v*unit < least || v*unit > most {
			r.fault(n, "%s is %q: write a size such as 512KiB, 64MiB or 1GiB, from %d to %d bytes", called(n), n.Text(), least, most)
			return
		}
		*to = v * unit
	}
}
