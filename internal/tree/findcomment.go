package tree

import (
	"cmp"
	"iter"
	"slices"
	"sort"
	"strings"
)

// FindComment visits the comments of the document that contain a marker, with their line and the text behind
// the #. It is cheap if the marker is nowhere in the document, and a # inside a string is no comment.
func (d *Doc) FindComment(marker string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		if d == nil {
			return
		}
		src, at := d.src[:d.stop], int(d.start)
		var texts []span
		for at < len(src) {
			hit := strings.Index(src[at:], marker)
			if hit < 0 {
				return
			}
			if texts == nil {
				texts = d.scalarSpans()
			}
			begin := at + strings.LastIndexByte(src[at:at+hit], '\n') + 1
			at = lineEnd(src, at+hit)
			line := strings.TrimRight(src[begin:at], "\r\n")
			if i := commentIn(line, begin, texts); i >= 0 && strings.Contains(line[i:], marker) {
				n, _ := d.Position(begin + i)
				if !yield(n, line[i+1:]) {
					return
				}
			}
		}
	}
}

// span is a piece of the source.
type span struct{ off, end uint32 }

// scalarSpans are the places of all scalars and keys, in order.
func (d *Doc) scalarSpans() []span {
	spans := make([]span, 0, 2*len(d.nodes))
	for i := range d.nodes {
		n := &d.nodes[i]
		if n.key != noKey {
			spans = append(spans, span{n.keyOff, n.keyEnd})
		}
		if n.kind == Map || n.kind == List || n.off == n.end {
			continue
		}
		s := span{n.off, n.end}
		if c := d.src[n.off]; c == '|' || c == '>' { // a comment may stand behind these
			s.off = min(n.end, uint32(lineEnd(d.src, int(n.off))))
		}
		spans = append(spans, s)
	}
	byStart := func(a, b span) int { return cmp.Compare(a.off, b.off) }
	if !slices.IsSortedFunc(spans, byStart) {
		slices.SortFunc(spans, byStart)
	}
	return spans
}

// commentIn finds the # of the comment on a line that begins at an offset; -1 if there is none.
func commentIn(line string, begin int, texts []span) int {
	for i := 0; i < len(line); i++ {
		next := strings.IndexByte(line[i:], '#')
		if next < 0 {
			return -1
		}
		i += next
		if i > 0 && line[i-1] != ' ' && line[i-1] != '\t' && line[:i] != byteOrderMark {
			continue
		}
		at := uint32(begin + i)
		after := sort.Search(len(texts), func(k int) bool { return texts[k].off > at })
		if after == 0 || texts[after-1].end <= at {
			return i
		}
	}
	return -1
}
