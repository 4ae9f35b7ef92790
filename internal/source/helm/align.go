package helm

import "strings"

// maxCells bounds the work of one alignment: template lines times rendered lines.
const maxCells = 4 << 20

// What it is worth that a rendered line comes from a template line.
const (
	scoreSame    = 40 // the line as it stands, and its weight
	scorePattern = 12 // the literal parts of a line with actions, and their weight
	scoreOutput  = 2  // an action may print anything
	scoreBlank   = 1
	costRepeat   = 6 // going back to the head of a range block
	maxWeight    = 24
)

// align finds for each line of a rendered text, from 1, the line of its template, 0 where there is none to
// be found. Lines come in the order of the template, except that range blocks repeat; among all such ways
// it takes the one whose lines agree best.
func align(source, text string) []int32 {
	out := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range out {
		out[i] = strings.TrimRight(line, " \t\r")
	}
	a := newAligner(scanTemplate(source), out)
	lines := make([]int32, len(out)+1)
	i, j := a.same(lines)
	a.out, a.first = out[i:], j
	if (len(a.lines)-j)*len(a.out) > maxCells {
		a.greedy(lines[i:])
	} else {
		a.search(lines[i:])
	}
	return lines
}

// aligner is the table of the search. State 0 is before the first line, state j+1 is template line j.
type aligner struct {
	outline
	out   []string
	first int     // the first template line that counts
	ids   []int32 // of each literal template line; 0 for a line with actions, blank, or in a define block
	known map[string]int32
	// from tells for each rendered line and state where the line before was: a state, or the complement of
	// one if the rendered line comes from nowhere.
	from [][]int32
}

const never = int32(-1 << 30)

func newAligner(t outline, out []string) *aligner {
	a := &aligner{outline: t, out: out, ids: make([]int32, len(t.lines)), known: map[string]int32{}}
	for j := range t.lines {
		l := &t.lines[j]
		l.weight = min(l.weight, maxWeight)
		if len(l.parts) > 1 || l.define || l.parts[0] == "" {
			continue
		}
		id, ok := a.known[l.parts[0]]
		if !ok {
			id = int32(len(a.known) + 1)
			a.known[l.parts[0]] = id
		}
		a.ids[j] = id
	}
	return a
}

// same maps the lines at the head that are the same in both without doubt.
func (a *aligner) same(lines []int32) (i, j int) {
	for i < len(a.out) && j < len(a.lines) {
		l := &a.lines[j]
		switch {
		case l.loop >= 0:
			return i, j
		case l.define, !l.actions && l.control && l.weight == 0:
			j++
		case len(l.parts) == 1 && l.parts[0] == a.out[i]:
			i, j = i+1, j+1
			lines[i] = int32(j)
		default:
			return i, j
		}
	}
	return i, j
}

// worth scores a rendered line against a template line; 0 is no match.
func (a *aligner) worth(j int, line string, id int32) int32 {
	l := &a.lines[j]
	switch {
	case a.ids[j] != 0:
		if a.ids[j] == id {
			return scoreSame + int32(l.weight)
		}
		return 0
	case l.define:
		return 0
	case len(l.parts) == 1:
		if line == "" {
			return scoreBlank
		}
		return 0
	case line == "" || !strings.HasPrefix(line, l.parts[0]):
	case l.control:
		if l.weight > 0 {
			return scorePattern + int32(l.weight)
		}
	case l.weight > 0 && holdsParts(line, l.parts):
		return scorePattern + int32(l.weight)
	}
	if l.actions && l.weight == 0 && line != "" {
		return scoreOutput
	}
	return 0
}

// holdsParts says whether a line is made of the parts in order, with anything between them. What comes
// behind an action may be on a later line, so the line may also end early.
func holdsParts(line string, parts []string) bool {
	rest := line[len(parts[0]):]
	for _, p := range parts[1:] {
		if rest == "" {
			return true
		}
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	last := parts[len(parts)-1]
	return last == "" || strings.HasSuffix(line, last)
}

// search fills the table and reads the best way out of it.
func (a *aligner) search(lines []int32) {
	n := len(a.lines) - a.first
	cells := make([]int32, len(a.out)*(n+1))
	prev, next := make([]int32, n+1), make([]int32, n+1)
	for j := 1; j <= n; j++ {
		prev[j] = never
	}
	loopBest := make([]int32, len(a.loops))
	for i, line := range a.out {
		row := cells[i*(n+1) : (i+1)*(n+1)]
		a.from = append(a.from, row)
		a.step(line, prev, next, row, loopBest)
		prev, next = next, prev
	}
	state := int32(0)
	for j, s := range prev {
		if s > prev[state] {
			state = int32(j)
		}
	}
	for i := len(a.out) - 1; i >= 0; i-- {
		f := a.from[i][state]
		if f < 0 {
			state = ^f
			continue
		}
		lines[i+1] = state + int32(a.first)
		state = f
	}
}

// step computes the scores of all states after one more rendered line.
func (a *aligner) step(line string, prev, next, row, loopBest []int32) {
	id := a.known[line]
	a.bestInLoops(prev, loopBest)
	best := int32(0) // the best state before state j+1
	next[0], row[0] = prev[0], ^int32(0)
	for j := 1; j < len(next); j++ {
		at := a.first + j - 1
		state := int32(j)
		// The line comes from nowhere.
		next[j], row[j] = prev[j], ^state
		if s := a.worth(at, line, id); s > 0 {
			from, score := best, prev[best]+s
			for l := a.lines[at].loop; l >= 0; l = a.loops[l].outer {
				if b := loopBest[l]; b >= 0 && prev[b]+s-costRepeat > score {
					from, score = b, prev[b]+s-costRepeat
				}
			}
			if score > next[j] {
				next[j], row[j] = score, from
			}
		}
		if a.lines[at].actions && line != "" && prev[j]+scoreOutput > next[j] {
			next[j], row[j] = prev[j]+scoreOutput, state
		}
		if prev[j] > prev[best] {
			best = state
		}
	}
}

// bestInLoops finds the best state in each range block; -1 if none was reached.
func (a *aligner) bestInLoops(prev, loopBest []int32) {
	for l, loop := range a.loops {
		loopBest[l] = -1
		for at := max(loop.from, a.first); at <= loop.to; at++ {
			j := int32(at - a.first + 1)
			if prev[j] > never/2 && (loopBest[l] < 0 || prev[j] > prev[loopBest[l]]) {
				loopBest[l] = j
			}
		}
	}
}

// lookAhead is how far the greedy way looks for the line that comes next.
const lookAhead = 500

// greedy takes, for texts that are too large to search, the next template line that can be it.
func (a *aligner) greedy(lines []int32) {
	j := a.first
	for i, line := range a.out {
		id := a.known[line]
		for k := j; k < min(j+lookAhead, len(a.lines)); k++ {
			if line != "" && a.worth(k, line, id) >= scorePattern {
				lines[i+1], j = int32(k+1), k+1
				break
			}
		}
	}
}
