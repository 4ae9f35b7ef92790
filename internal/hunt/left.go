package hunt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Leftover is a step that its trail does not tell to have been taken back.
type Leftover struct {
	Entry
	open bool // a request was begun, and its answer is not known
	done bool // something may be there, and was not taken back
}

// ReopenTrail opens a trail to take back what it says was left. A line that was being written when the hunt was killed is
// cut off: what it was about to tell of was not done yet.
func ReopenTrail(name string, now func() time.Time) (*Trail, []Leftover, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open the trail: %w", err)
	}
	all, last, err := leftIn(f)
	if err != nil {
		return nil, nil, fmt.Errorf("trail %s: %w; nothing was taken back", name, joined(err, f.Close()))
	}
	return &Trail{file: f, last: last, now: now}, all, nil
}

func leftIn(f *os.File) (all []Leftover, last string, err error) {
	if err := lock(f); err != nil {
		return nil, "", err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxTrail+1))
	if err != nil {
		return nil, "", err
	}
	if len(data) > maxTrail {
		return nil, "", fmt.Errorf("it has more than %d MiB: this is no trail of a hunt", maxTrail>>20)
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if begun := min(len(data), len(trailStart)); whole == 0 && string(data[:begun]) != trailStart[:begun] {
		return nil, "", errors.New("it does not begin as a trail of a hunt does") // do not cut off what is somebody else's
	}
	var left leftovers
	if last, err = checkTrail(bytes.NewReader(data[:whole]), left.read); err != nil {
		return nil, "", err
	}
	if whole < len(data) {
		if err := f.Truncate(int64(whole)); err != nil {
			return nil, "", fmt.Errorf("cut the unfinished last line off: %w", err)
		}
	}
	for _, l := range left {
		if !l.open && !l.done {
			continue
		}
		if err := l.check(); err != nil {
			return nil, "", fmt.Errorf("%s at %s: %w", l.Step, plainText(l.Target, 100), err)
		}
		all = append(all, *l)
	}
	return all, last, nil
}

const (
	maxTrail   = 64 << 20
	trailStart = `{"time":"` // of an Entry
)

// leftovers collects steps with receipts as a trail tells of them.
type leftovers []*Leftover

// read takes in a line. A hunt takes one step after the other, so that "done" is about the step begun last.
func (all *leftovers) read(e Entry) {
	switch e.Event {
	case "do":
		if len(e.Undo) == 0 {
			return
		}
		l := all.of(e)
		if l == nil {
			l = &Leftover{Entry: e}
			*all = append(*all, l)
		}
		l.open = true
	case "done":
		if n := len(*all); n > 0 && (*all)[n-1].Step == e.Step && (*all)[n-1].Target == e.Target {
			l := (*all)[n-1]
			l.open, l.done = false, l.done || e.Effect
		}
	case "undone":
		if l := all.of(e); l != nil {
			l.open, l.done = false, false
		}
	}
}

func (all leftovers) of(e Entry) *Leftover {
	i := slices.IndexFunc(all, func(l *Leftover) bool {
		return l.Mark == e.Mark && l.Step == e.Step && l.Target == e.Target && l.As == e.As
	})
	if i < 0 {
		return nil
	}
	return all[i]
}

var goodMark = regexp.MustCompile(`^[0-9a-f]{16}$`)

// check holds that the receipt is one that a hunt writes, so that a trail that somebody made up removes nothing else.
func (l *Leftover) check() error {
	if !goodMark.MatchString(l.Mark) {
		return fmt.Errorf("the trail does not say how its objects are called")
	}
	if l.Step == varLogStep {
		if len(l.Undo) == 1 && strings.HasPrefix(l.Undo[0], unlink+"/") && strings.HasSuffix(l.Undo[0], "/"+marker+l.Mark) {
			return nil
		}
		return fmt.Errorf("its receipt is none of a hunt")
	}
	if undo := l.requests(); len(undo) == 0 || !slices.Equal(keysOf(undo), l.Undo) {
		return fmt.Errorf("its receipt is none of a hunt")
	}
	return nil
}

// requests are what takes the step back.
func (l *Leftover) requests() []ask {
	i := slices.IndexFunc(steps, func(s step) bool { return s.name == l.Step && s.service == l.Service })
	if i < 0 {
		return nil
	}
	_, undo := steps[i].make(l.Mark, "")
	return undo
}
