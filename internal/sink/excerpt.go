package sink

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// excerpts cuts the lines around findings out of the files, without the values of secrets.
type excerpts struct {
	sources sources
	hidden  map[string]map[int]bool // lines, by file, that a rule said not to show
	masked  map[string][]bool       // lines, by file, that hold a secret's value
	index   map[excerptKey]int
	list    []htmlExcerpt
}

type excerptKey struct {
	file   string
	line   int
	redact bool
}

// excerptAround is how many lines stand before and after the one that matters, excerptWidth how long a line
// may be: a file with longer lines is no text that a person reads.
const (
	excerptAround = 3
	excerptWidth  = 400
)

func newExcerpts(run *Run) excerpts {
	return excerpts{sources: sources{read: run.Source}, hidden: map[string]map[int]bool{}, masked: map[string][]bool{}, index: map[excerptKey]int{}}
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
	masked := x.masked[o.File]
	if masked == nil {
		masked = maskLines(lines, x.hidden[o.File])
		x.masked[o.File] = masked
	}
	first, last := max(o.Line-excerptAround, 1), min(o.Line+excerptAround, len(lines))
	e := htmlExcerpt{Start: first}
	for n := first; n <= last; n++ {
		text := lines[n-1]
		if masked[n-1] {
			text = maskValue(text)
		}
		e.Lines = append(e.Lines, clip(Printable(strings.ReplaceAll(text, "\t", "    ")), excerptWidth))
	}
	i := len(x.list)
	x.index[key] = i
	x.list = append(x.list, e)
	return i, true
}
