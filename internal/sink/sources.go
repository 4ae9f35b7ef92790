package sink

import "strings"

// sources keeps the lines of files that were asked for, since the findings of one file are far apart in
// the order of severities.
type sources struct {
	read  func(string) (string, bool)
	lines map[string][]string
	held  int
}

// sourceLimit bounds, in bytes, what is kept.
const sourceLimit = 64 << 20

// file gives the lines of a file, without their ends; nil where the text is not at hand.
func (s *sources) file(name string) []string {
	if s.read == nil || name == "" {
		return nil
	}
	lines, ok := s.lines[name]
	if ok {
		return lines
	}
	if text, ok := s.read(name); ok {
		lines = strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "\ufeff"), "\n"), "\n")
		for i, l := range lines {
			lines[i] = strings.TrimSuffix(l, "\r")
		}
		s.held += len(text)
	}
	if s.lines == nil || s.held > sourceLimit {
		s.lines, s.held = map[string][]string{}, 0
	}
	s.lines[name] = lines
	return lines
}

// line gives one line, counted from 1.
func (s *sources) line(name string, n int) (string, bool) {
	lines := s.file(name)
	if n < 1 || n > len(lines) {
		return "", false
	}
	return lines[n-1], true
}
