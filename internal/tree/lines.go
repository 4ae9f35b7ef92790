package tree

import (
	"sort"
	"strings"
	"sync"
)

// lineIndex finds the line of an offset. Most documents are never asked, so it is built on first use.
type lineIndex struct {
	once   sync.Once
	starts []uint32
}

func (x *lineIndex) position(src string, offset int) (line, column int) {
	x.once.Do(func() {
		x.starts = append(make([]uint32, 0, 1+strings.Count(src, "\n")), 0)
		for at := 0; ; {
			i := strings.IndexByte(src[at:], '\n')
			if i < 0 {
				return
			}
			at += i + 1
			x.starts = append(x.starts, uint32(at))
		}
	})
	line = sort.Search(len(x.starts), func(i int) bool { return int(x.starts[i]) > offset })
	column = offset - int(x.starts[line-1]) + 1
	if line == 1 && column > len(byteOrderMark) && strings.HasPrefix(src, byteOrderMark) {
		column -= len(byteOrderMark)
	}
	return line, column
}
