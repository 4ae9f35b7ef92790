package sink

import (
	"sort"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// excerpts cuts the lines around findings out of the files, without the values of secrets.
type excerpts struct {
	sources sources
	hidden  map[string]map[int]bool // lines, by file, that a rule said not to show
	starts  map[string][]int        // where the documents of a file begin
	masked  map[excerptDoc][]bool   // lines of a document that hold a secret's value
	index   map[excerptKey]int
	list    []htmlExcerpt
}

type excerptKey struct {
	file   string
	line   int
	redact bool
}

type excerptDoc struct {
	file  string
	start int
}

// excerptAround is how many lines stand before and after the one that matters, excerptWidth how long a line
// may be: a file with longer lines is no text that a person reads.
const (
	excerptAround = 3
	excerptWidth  = 400
)

func newExcerpts(run *Run) excerpts {
	return excerpts{sources: sources{read: run.Source}, hidden: map[string]map[int]bool{}, starts: map[string][]int{}, masked: map[excerptDoc][]bool{}, index: map[excerptKey]int{}}
}

// hide remembers the lines of a finding whose rule redacts: no excerpt shows their values.
func (x *excerpts) hide(f bartizan.Finding) {
	for _, e := range f.Evidence {
		o := e.Origin
		if o.File == "" || o.Line <= 0 {
			continue
		}
		if x.hidden[o.File] == nil {
			x.hidden[o.File] = map[int]bool{}
		}
		x.hidden[o.File][o.Line] = true
	}
}

// of is the number of the excerpt for a finding. Every finding must have been through hide before.
func (x *excerpts) of(f bartizan.Finding) (int, bool) {
	o := place(f)
	key := excerptKey{o.File, o.Line, x.hidden[o.File][o.Line]}
	if i, ok := x.index[key]; ok {
		return i, true
	}
	lines := x.sources.file(o.File)
	if o.Line < 1 || o.Line > len(lines) {
		return 0, false
	}
	first, last := max(o.Line-excerptAround, 1), min(o.Line+excerptAround, len(lines))
	e := htmlExcerpt{Start: first}
	for n := first; n <= last; n++ {
		text := lines[n-1]
		if x.secret(o.File, lines, n-1) {
			text = maskValue(text)
		}
		e.Lines = append(e.Lines, clip(Printable(strings.ReplaceAll(text, "\t", "    ")), excerptWidth))
	}
	i := len(x.list)
	x.index[key] = i
	x.list = append(x.list, e)
	return i, true
}

// secret says whether a line, counted from 0, must not show its value.
func (x *excerpts) secret(file string, lines []string, at int) bool {
	starts, ok := x.starts[file]
	if !ok {
		starts = documentStarts(lines)
		x.starts[file] = starts
	}
	doc := sort.SearchInts(starts, at+1) - 1
	start, end := starts[doc], len(lines)
	if doc+1 < len(starts) {
		end = starts[doc+1]
	}
	masked, ok := x.masked[excerptDoc{file, start}]
	if !ok {
		masked = maskLines(lines[start:end], start+1, x.hidden[file])
		x.masked[excerptDoc{file, start}] = masked
	}
	return masked[at-start]
}
