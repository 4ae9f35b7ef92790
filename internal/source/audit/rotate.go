package audit

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rotated is a file that a log was written to before.
type rotated struct {
	path          string
	device, inode uint64
	modified      time.Time
	at            time.Time // as its name says; zero if it does not
	number        int       // as its name says, the newest being the lowest; 0 if it does not
}

// middle is what rotation puts into a name: -2026-11-21T03-22-59.123, .1, -20261121.
var middle = regexp.MustCompile(`^[-._][0-9][-0-9T:._]*$`)

// rotation lists the files that a log was written to before, the oldest first.
func rotation(path string) []rotated {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var all []rotated
	for _, e := range entries {
		r, ok := rotatedName(base, e.Name())
		if !ok {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		r.path = filepath.Join(dir, e.Name())
		r.device, r.inode = identity(info)
		r.modified = info.ModTime()
		all = append(all, r)
	}
	all = slices.DeleteFunc(all, func(r rotated) bool { // it is being compressed: the original is still there
		plain, zipped := strings.CutSuffix(r.path, ".gz")
		return zipped && slices.ContainsFunc(all, func(o rotated) bool { return o.path == plain })
	})
	slices.SortStableFunc(all, older)
	return all
}

func older(a, b rotated) int {
	switch {
	case !a.at.IsZero() && !b.at.IsZero():
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.path, b.path))
	case a.number > 0 && b.number > 0:
		return cmp.Or(cmp.Compare(b.number, a.number), cmp.Compare(a.path, b.path))
	}
	return cmp.Or(a.modified.Compare(b.modified), cmp.Compare(a.path, b.path))
}

// rotatedName reads the name of a rotated file: audit-TIME.log as the API server writes it, audit.log.1 and
// audit.log-DATE as logrotate does, each also with .gz.
func rotatedName(base, name string) (r rotated, ok bool) {
	name = strings.TrimSuffix(name, ".gz")
	ext := filepath.Ext(base)
	mid, cut := strings.CutPrefix(name, base)
	if !cut {
		mid, cut = strings.CutPrefix(name, strings.TrimSuffix(base, ext))
		if !cut || !strings.HasSuffix(mid, ext) || len(mid) < len(ext) {
			return r, false
		}
		mid = mid[:len(mid)-len(ext)]
	}
	if !middle.MatchString(mid) {
		return r, false
	}
	if at, err := time.Parse("2006-01-02T15-04-05.000", mid[1:]); err == nil {
		r.at = at
	} else if n, err := strconv.Atoi(mid[1:]); err == nil && n < 1e6 {
		r.number = n
	}
	return r, true
}

// BaseName is the path of the log that a rotated file was part of, or the path itself.
func BaseName(path string) string {
	name := strings.TrimSuffix(path, ".gz")
	for i := len(name) - 1; i > 0 && name[i] != '/'; i-- {
		if !strings.ContainsRune("-._", rune(name[i])) {
			continue
		}
		ext := filepath.Ext(name)
		if middle.MatchString(name[i:]) {
			if rest := name[:i]; filepath.Ext(rest) != "" || ext == "" {
				name = rest
			}
		} else if stem := strings.TrimSuffix(name, ext); i < len(stem) && middle.MatchString(stem[i:]) {
			return stem[:i] + ext
		}
	}
	return name
}

// begin opens the file in which reading begins.
func (f *follower) begin() {
	from := f.From
	switch {
	case from == nil && f.Backfill:
		f.log = f.first(func(rotated) bool { return true })
	case from == nil:
	case from.HeadBytes == 0: // the file was empty
		if f.log = f.first(func(r rotated) bool { return r.modified.UnixNano() > from.Modified }); f.log == nil {
			if f.log = f.openPath(); f.log != nil {
				f.log.pos.Modified, f.log.empty = from.Modified, true
			}
		}
	default:
		if f.log = f.known(from); f.log == nil {
			f.lost(from.File, fmt.Sprintf("byte %d: the log was rotated away before it was read to its end: keep more or larger files (--audit-log-maxbackup, --audit-log-maxsize)", from.Offset))
			f.log = f.first(func(r rotated) bool { return r.modified.UnixNano() >= from.Modified })
		}
	}
}

// known opens the file that a position is of: under its name, under that of a rotated file, or a copy.
func (f *follower) known(from *Position) *logFile {
	l := openAt(f.Path, from)
	if l != nil && l.pos.Device == from.Device && l.pos.Inode == from.Inode {
		return l
	}
	if old := f.find(from); old != nil {
		if l != nil {
			l.close()
		}
		return old
	}
	return l
}

// first opens the first of the rotated files that are as asked for. Files are renamed while they are looked for.
func (f *follower) first(wanted func(rotated) bool) *logFile {
	for range attempts {
		moved := false
		for _, r := range rotation(f.Path) {
			if !wanted(r) {
				continue
			}
			l, err := openLog(r.path)
			if err == nil {
				return l
			}
			if moved = errors.Is(err, os.ErrNotExist); moved {
				break
			}
			f.fault(err)
		}
		if !moved {
			break
		}
	}
	return nil
}

// attempts is how often files are looked for that are renamed meanwhile.
const attempts = 5

// find opens the rotated file that a position is of: the same file, or one that begins with the same text.
func (f *follower) find(p *Position) *logFile {
	for range attempts {
		files := rotation(f.Path)
		for i := len(files) - 1; i >= 0; i-- {
			if l := openAt(files[i].path, p); l != nil {
				return l
			}
		}
		if slices.Equal(files, rotation(f.Path)) {
			break
		}
	}
	return nil
}

// truncated goes on after the log was copied elsewhere and truncated: with what is left of the copy, then anew.
func (f *follower) truncated() {
	p := f.log.whole()
	var rest *logFile
	if p.HeadBytes > 0 {
		rest = f.find(&p)
	}
	if rest == nil {
		if p.Offset > 0 || len(f.buf) > 0 {
			f.lost(f.Path, fmt.Sprintf("byte %d: the log was truncated, and no copy of it was found: what was written behind this place is lost", p.Offset))
		}
		rest = f.openPath()
	}
	f.move(rest)
}

// overtaken says whether the log was written, copied and truncated since it was seen to be empty, and goes to the copy.
func (f *follower) overtaken() bool {
	at, err := os.Stat(f.Path)
	if err != nil {
		return false
	}
	own, err := f.log.file.Stat()
	if err != nil || !os.SameFile(at, own) {
		return false
	}
	f.log.empty = false
	l := f.first(func(r rotated) bool {
		return r.modified.UnixNano() > f.log.pos.Modified && (r.inode != f.log.pos.Inode || r.device != f.log.pos.Device || r.inode == 0)
	})
	if l != nil {
		f.move(l)
	}
	return l != nil
}

// turn says whether the file at hand is over. A file is over when a newer one has records in it: then its only writer
// writes there. What was written before that was seen is still read.
func (f *follower) turn() bool {
	if f.over {
		return true
	}
	if f.log.zip == nil {
		info, err := f.log.file.Stat()
		if len(f.log.head) == 0 {
			f.log.empty = true
		} else if err == nil {
			f.log.pos.Modified = info.ModTime().UnixNano()
		}
		if at, err := os.Stat(f.Path); err == nil && os.SameFile(at, info) {
			return false
		}
	}
	if next, found := f.next(); found {
		next.close()
		f.over = true
	}
	return false
}

// next opens the file behind the one at hand: a newer rotated one, or the log itself if it is not empty.
func (f *follower) next() (next *logFile, found bool) {
	for range attempts {
		files := rotation(f.Path)
		i := f.place(files)
		if i < len(files) {
			l, err := openLog(files[i].path)
			if err != nil {
				if !errors.Is(err, os.ErrNotExist) {
					f.fault(err)
				}
				continue
			}
			if l.pos.Inode == files[i].inode && l.pos.Device == files[i].device {
				return l, true
			}
			l.close() // it was renamed in between
			continue
		}
		l := f.openPath()
		if l == nil {
			return nil, false
		}
		if info, err := l.file.Stat(); err != nil || info.Size() == 0 || l.pos.Inode == f.log.pos.Inode && l.pos.Device == f.log.pos.Device && l.pos.Inode != 0 {
			l.close()
			return nil, false
		}
		files = rotation(f.Path)
		files = slices.DeleteFunc(files, func(r rotated) bool { return r.inode == l.pos.Inode && r.device == l.pos.Device && r.inode != 0 })
		if f.place(files) == len(files) {
			return l, true
		}
		l.close() // it was rotated in between
	}
	return nil, false
}

// place is the index of the first file that is newer than the one at hand.
func (f *follower) place(files []rotated) int {
	for i := len(files) - 1; i >= 0; i-- {
		if r := files[i]; r.inode != 0 && r.inode == f.log.pos.Inode && r.device == f.log.pos.Device {
			return i + 1
		}
	}
	p := f.log.whole()
	if p.HeadBytes > 0 {
		for i := len(files) - 1; i >= 0; i-- {
			if begins(files[i].path, &p) {
				return i + 1
			}
		}
	}
	for i, r := range files {
		if r.modified.UnixNano() > p.Modified && p.Modified > 0 {
			return i
		}
	}
	return len(files)
}

// begins says whether a file begins as a position says.
func begins(path string, p *Position) bool {
	l, err := openLog(path)
	if err != nil {
		return false
	}
	defer l.close()
	head := make([]byte, p.HeadBytes)
	n, _ := l.peek(head)
	return p.begins(head[:n])
}
