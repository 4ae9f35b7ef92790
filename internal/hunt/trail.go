package hunt

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// Trail records what an active hunt does, one JSON object a line. Each line holds the hash of the line before it, so
// that nothing can be taken out unnoticed, and is on the disk before the step that it tells of is taken.
type Trail struct {
	file *os.File
	last string
	now  func() time.Time
}

// Entry is one line of a trail.
type Entry struct {
	Time     time.Time `json:"time"`
	Event    string    `json:"event"` // "begin", "do", "done", "undo", "undone", "left" or "end"
	Step     string    `json:"step,omitempty"`
	Target   string    `json:"target,omitempty"`
	Service  string    `json:"service,omitempty"`
	As       string    `json:"as,omitempty"`      // whose rights are used: "stranger", or "pod" for the pod's token
	Server   string    `json:"server,omitempty"`  // what tells the server from others
	Mark     string    `json:"mark,omitempty"`    // part of the name of all that the step makes
	Request  string    `json:"request,omitempty"` // what is about to be sent
	Body     string    `json:"body,omitempty"`
	Undo     []string  `json:"undo,omitempty"` // the receipt: what takes it back
	Status   int       `json:"status,omitempty"`
	Effect   bool      `json:"effect,omitempty"` // of "done": there may be something to take back
	Note     string    `json:"note,omitempty"`
	By       string    `json:"authorisedBy,omitempty"`
	Previous string    `json:"previous"` // the hash of the line before
}

// OpenTrail opens a trail to add to it, after a check that it is whole.
func OpenTrail(name string, now func() time.Time) (*Trail, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the trail: %w", err)
	}
	last := ""
	if err = lock(f); err == nil {
		last, err = checkTrail(f, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("trail %s: %w; keep it and begin another one", name, joined(err, f.Close()))
	}
	return &Trail{file: f, last: last, now: now}, nil
}

func joined(err, other error) error {
	if err == nil {
		return other
	}
	return err
}

// checkTrail reads a trail to its end and gives the hash of its last line, and each line to a function, if there is one.
func checkTrail(r io.Reader, each func(Entry)) (last string, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return "", fmt.Errorf("line %d cannot be read: %w", n, err)
		}
		if e.Event == "" {
			return "", fmt.Errorf("line %d tells of no step: this is no trail of a hunt", n)
		}
		if e.Previous != last {
			return "", fmt.Errorf("line %d does not follow the line before it: something was changed or taken out", n)
		}
		last = hashed(lines.Bytes())
		if each != nil {
			each(e)
		}
	}
	return last, lines.Err()
}

func hashed(line []byte) string {
	sum := sha256.Sum256(bytes.TrimSpace(line))
	return hex.EncodeToString(sum[:])
}

// add writes a line and waits until it is on the disk.
func (t *Trail) add(e Entry) error {
	e.Time, e.Previous = t.now().UTC(), t.last
	line, err := json.Marshal(e)
	if err == nil {
		_, err = t.file.Write(append(line, '\n'))
	}
	if err == nil {
		err = t.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write the trail: %w", err)
	}
	t.last = hashed(line)
	return nil
}

// Close closes the file.
func (t *Trail) Close() error { return t.file.Close() }
