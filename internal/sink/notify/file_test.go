package notify

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// crowded is a file on a disk that has room for some bytes more, and on which somebody else may write.
type crowded struct {
	*os.File
	room  int
	other string // what another process appends when the disk is full
}

func (c *crowded) Write(p []byte) (int, error) {
	n, err := c.File.Write(p[:min(len(p), c.room)])
	if err != nil || n == len(p) {
		return n, err
	}
	if _, err := c.File.WriteString(c.other); err != nil {
		return n, err
	}
	return n, errors.New("no space left on device")
}

// TestAppendWhole: of lines that do not fit no half is left, to which the next line would be joined.
func TestAppendWhole(t *testing.T) {
	for name, c := range map[string]struct {
		room        int
		other, want string
	}{
		"fits":              {room: 100, want: "old\nnew line\n"},
		"no room":           {room: 0, want: "old\n"},
		"room for a part":   {room: 3, want: "old\n"},
		"others wrote, too": {room: 3, other: "theirs\n", want: "old\nnewtheirs\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "alerts.jsonl")
			if err := os.WriteFile(path, []byte("old\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			err = appendWhole(&crowded{f, c.room, c.other}, []byte("new line\n"))
			if (err == nil) != (name == "fits") {
				t.Error(err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}
