package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/bartizan-dev/bartizan/internal/source/audit"
)

// State is a directory in which a Watch keeps where it stopped and what it remembers. It belongs to one process.
type State struct {
	dir  string
	lock *os.File
}

const (
	stateFile    = "watch.json"
	stateVersion = 1
	maxState     = 256 << 20
)

// kept is what the state's file holds.
type kept struct {
	Version int                       `json:"version"`
	Inputs  map[string]audit.Position `json:"inputs"`
	Seen    []byte                    `json:"seen,omitempty"`
	Streams []keptStream              `json:"streams,omitempty"`
	Judge   []byte                    `json:"judge,omitempty"`
	Desk    []byte                    `json:"desk,omitempty"`
}

// OpenState opens a state's directory, which is made if it does not exist.
func OpenState(dir string) (*State, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("open the state in %s: %w", dir, err)
	}
	return &State{dir, lock}, nil
}

// Close gives the directory free.
func (s *State) Close() { _ = s.lock.Close() }

// Position is where an input stopped; nil if it is new.
func (s *State) Position(key string) (*audit.Position, error) {
	k, err := s.read()
	if err != nil || k == nil {
		return nil, err
	}
	if p, ok := k.Inputs[key]; ok {
		return &p, nil
	}
	return nil, nil
}

// read reads what was kept; nil if nothing was.
func (s *State) read() (*kept, error) {
	file, err := os.Open(filepath.Join(s.dir, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxState+1))
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	k, err := parseState(text)
	if err != nil {
		return nil, fmt.Errorf("read the state %s: %w; move the file away to begin anew", file.Name(), err)
	}
	return k, nil
}

// parseState reads the text of a state's file.
func parseState(text []byte) (*kept, error) {
	var k kept
	if len(text) > maxState {
		return nil, fmt.Errorf("it has more than %d bytes", maxState)
	}
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, err
	}
	if k.Version != stateVersion {
		return nil, fmt.Errorf("version %d is not %d", k.Version, stateVersion)
	}
	for _, p := range k.Inputs {
		if err := p.Check(); err != nil {
			return nil, err
		}
	}
	return &k, nil
}

// write replaces what is kept, all at once.
func (s *State) write(k *kept) error {
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	name := filepath.Join(s.dir, stateFile)
	file, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err = os.Rename(name+".new", name); err != nil {
		return err
	}
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// restore takes up what was kept.
func (l *loop) restore() error {
	if l.State == nil {
		return nil
	}
	k, err := l.State.read()
	if err != nil || k == nil {
		return err
	}
	for i, in := range l.Inputs {
		if p, ok := k.Inputs[in.Key]; ok {
			l.lanes.all[i].from = &p
		}
	}
	l.seen.restore(k.Seen)
	l.health.restore(k.Streams, l.Inputs, l.now().UnixNano())
	if j, ok := l.Judge.(interface {
		Restore([]byte) ([]string, error)
	}); ok && k.Judge != nil {
		anew, err := j.Restore(k.Judge)
		if err != nil {
			l.Report(err.Error())
		}
		for _, id := range anew {
			l.Report(fmt.Sprintf("rule %s has changed: it remembers nothing of before", id))
		}
	}
	if k.Desk != nil {
		if err := l.Desk.Restore(k.Desk); err != nil {
			l.Report(err.Error())
		}
	}
	return nil
}

// checkpoint saves, and if that fails, as on a full disk, goes on watching and tries again later: after a crash what was
// judged since the last checkpoint is judged again.
func (l *loop) checkpoint(now time.Time) {
	err := l.save(now)
	switch {
	case err != nil && !l.unsaved:
		l.Report(fmt.Sprintf("%v; watching goes on, and it is tried again", err))
	case err == nil && l.unsaved:
		l.Report("the state is kept again")
	}
	l.unsaved, l.saved = err != nil, now
}

// save keeps how far everything was judged. What was to be shown has been written by now.
func (l *loop) save(now time.Time) error {
	began := l.now()
	places := map[string]audit.Position{}
	for i, in := range l.Inputs {
		if p := l.lanes.all[i].place(); p != nil {
			places[in.Key] = *p
		}
	}
	if l.State != nil {
		if err := l.keep(places); err != nil {
			return fmt.Errorf("keep the state: %w", err)
		}
		l.counts.Saves++
	}
	l.dirty, l.saved, l.saveCost = false, now, l.now().Sub(began)
	for _, in := range l.Inputs {
		if p, ok := places[in.Key]; ok && in.Done != nil {
			in.Done(p)
		}
	}
	return nil
}

// keep writes the state.
func (l *loop) keep(places map[string]audit.Position) (err error) {
	k := &kept{Version: stateVersion, Inputs: places, Seen: l.seen.save(), Streams: l.health.save()}
	if m, ok := l.Judge.(Memory); ok {
		if k.Judge, err = m.Save(); err != nil {
			return err
		}
	}
	if k.Desk, err = l.Desk.Save(); err != nil {
		return err
	}
	return l.State.write(k)
}
