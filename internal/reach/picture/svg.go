package picture

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bartizan-dev/bartizan/internal/reach"
)

// The sizes up to which a picture is still readable.
const (
	maxEdges    = 160
	maxVertices = 70
)

const style = `text{font:13px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1d2733}
.title{font-size:16px;font-weight:600}.lane{fill:#f5f7fa;stroke:#c6cfda}.lanename{font-weight:600;fill:#4a5a6b}
.box{fill:#fff;stroke:#5b7083;stroke-width:1.3}.whole{fill:#e9eef5;stroke-dasharray:4 3}
.outside{fill:#fff7e8;stroke:#c98a16}.public{fill:#fdecea;stroke:#c0392b}
.e{fill:none;stroke:#5b7083;stroke-width:1.5}.in{stroke:#c0392b}.out{stroke:#c98a16}.unknown{stroke-dasharray:5 4}
.port{font-size:11px;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}.legend{font-size:11px;fill:#4a5a6b}
@media(prefers-color-scheme:dark){svg{background:#10161d}text{fill:#dfe7ef}.lane{fill:#18212b;stroke:#33414f}.lanename,.legend{fill:#9fb0c0}
.box{fill:#202c38;stroke:#8ea3b7}.whole{fill:#263442}.outside{fill:#3a2f17}.public{fill:#45201c}.port{stroke:#10161d}}`

// SVG draws connections: namespaces as boxes, workloads in them, arrows with ports. What is too large to be read
// as a picture is drawn with namespaces in the place of workloads.
func SVG(w io.Writer, list []reach.Connection) error {
	g, ok := build(list, maxEdges)
	title := "Allowed connections"
	if !ok || len(g.vertices) > maxVertices {
		g, title = summary(list), "Allowed connections between namespaces"
	}
	g.fold()
	lanes, width, height := g.place()
	d := &drawing{g: g}
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">`, max(width, 420), height, max(width, 420), height, title)
	d.add("<style>%s</style>", style)
	for _, m := range []struct{ id, colour string }{{"a", "#5b7083"}, {"ain", "#c0392b"}, {"aout", "#c98a16"}} {
		d.add(`<marker id="%s" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 1L9 5L0 9z" fill="%s"/></marker>`, m.id, m.colour)
	}
	d.add(`<text class="title" x="%d" y="30">%s</text>`, margin, title)
	d.add(`<text class="legend" x="%d" y="48">red: from outside; amber: to outside; dashed: not known. Ports are TCP unless they say otherwise.</text>`, margin)
	d.lanes(lanes, width)
	for i := range g.edges {
		d.edge(i)
	}
	for i := range g.vertices {
		d.vertex(&g.vertices[i])
	}
	for _, l := range d.labels {
		d.b.WriteString(l)
	}
	d.add("</svg>")
	if _, err := io.WriteString(w, d.b.String()); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

// drawing collects the elements. Ports are drawn last, so that no line crosses them.
type drawing struct {
	g      *graph
	b      strings.Builder
	labels []string
	taken  []point // where ports stand already
}

type point struct{ x, y int }

func (d *drawing) add(format string, args ...any) {
	fmt.Fprintf(&d.b, format, args...)
	d.b.WriteByte('\n')
}

func (d *drawing) lanes(list []lane, width int) {
	x, right := margin, width-margin
	if d.g.any(false) {
		x += boxWidth + gap
	}
	if d.g.any(true) {
		right -= boxWidth + gap
	}
	for _, l := range list {
		d.add(`<rect class="lane" x="%d" y="%d" width="%d" height="%d" rx="8"/>`, x, l.y, max(right-x, boxWidth), l.height)
		d.add(`<text class="lanename" x="%d" y="%d">%s</text>`, x+12, l.y+19, text(l.name, 60))
	}
}

func (d *drawing) vertex(v *vertex) {
	class := "box"
	switch {
	case v.lane == "" && strings.HasPrefix(v.name, "internet"), v.lane == "" && strings.HasPrefix(v.name, "any"):
		class += " public"
	case v.lane == "" && !v.whole:
		class += " outside"
	case v.whole:
		class += " whole"
	}
	d.add(`<g><title>%s</title><rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="6"/>`, text(v.lane+" "+v.name, 300), class, v.x, v.y, boxWidth, boxHigh)
	d.add(`<text x="%d" y="%d" text-anchor="middle">%s</text></g>`, v.x+boxWidth/2, v.y+boxHigh/2+5, text(v.name, 23))
}

// edge draws an arrow and notes where its ports stand.
func (d *drawing) edge(i int) {
	e := &d.g.edges[i]
	a, b := &d.g.vertices[e.from], &d.g.vertices[e.to]
	class, marker := "e", "a"
	switch {
	case a.lane == "" && !a.whole:
		class, marker = "e in", "ain"
	case b.lane == "" && !b.whole:
		class, marker = "e out", "aout"
	}
	if e.unknown {
		class += " unknown"
	}
	start := ""
	if e.both {
		start = fmt.Sprintf(` marker-start="url(#%s)"`, marker)
	}
	path := route(a, b, i)
	d.add(`<path class="%s" d="%s" marker-end="url(#%s)"%s/>`, class, path, marker, start)
	if e.label != "" {
		at := d.free(path)
		d.labels = append(d.labels, fmt.Sprintf(`<text class="port" x="%d" y="%d" text-anchor="middle"><title>%s</title>%s</text>`+"\n",
			at.x, at.y+4, text(e.label, 400), text(e.label, 24)))
	}
}

// curve is a cubic Bezier curve.
type curve [4]point

// String is the curve as SVG writes it.
func (c curve) String() string {
	return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", c[0].x, c[0].y, c[1].x, c[1].y, c[2].x, c[2].y, c[3].x, c[3].y)
}

// at is the point of the curve at a percentage of its course.
func (c curve) at(percent int) point {
	t := float64(percent) / 100
	u := 1 - t
	mix := func(a, b, c, d int) int {
		return int(u*u*u*float64(a) + 3*u*u*t*float64(b) + 3*u*t*t*float64(c) + t*t*t*float64(d))
	}
	return point{mix(c[0].x, c[1].x, c[2].x, c[3].x), mix(c[0].y, c[1].y, c[2].y, c[3].y)}
}

// route is the path of an arrow.
func route(a, b *vertex, i int) curve {
	ay, by := a.y+boxHigh/2, b.y+boxHigh/2
	switch {
	case a == b: // to itself: a loop below the box
		x, y := a.x+boxWidth-44, a.y+boxHigh
		return curve{{x, y}, {x, y + 22}, {x + 30, y + 22}, {x + 30, y + 1}}
	case b.x > a.x: // to the right
		x1, x2 := a.x+boxWidth, b.x-1
		bend := min((x2-x1)/2, 120)
		return curve{{x1, ay}, {x1 + bend, ay}, {x2 - bend, by}, {x2, by}}
	case b.x == a.x: // in the same column: round the right side
		x, out := a.x+boxWidth, 44+i%4*9
		return curve{{x, ay + 5}, {x + out, ay + 5}, {x + out, by - 5}, {x + 1, by - 5}}
	}
	x1, x2 := a.x, b.x+boxWidth+1 // back to the left
	return curve{{x1, ay + 7}, {x1 - 60, ay + 34}, {x2 + 60, by + 34}, {x2, by + 7}}
}

// free finds a place on an arrow where its ports hide no others and no box.
func (d *drawing) free(c curve) point {
	at := c.at(50)
	for _, percent := range []int{50, 40, 60, 32, 68, 25, 75, 45, 55, 82, 18, 88, 12} {
		if p := c.at(percent); d.clear(p) {
			at = p
			break
		}
	}
	d.taken = append(d.taken, at)
	return at
}

func (d *drawing) clear(p point) bool {
	for _, q := range d.taken {
		if abs(p.x-q.x) < 78 && abs(p.y-q.y) < 13 {
			return false
		}
	}
	for i := range d.g.vertices {
		v := &d.g.vertices[i]
		if p.x > v.x-20 && p.x < v.x+boxWidth+20 && p.y > v.y-6 && p.y < v.y+boxHigh+6 {
			return false
		}
	}
	return true
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// text shortens a text and makes it safe in XML.
func text(s string, limit int) string {
	r := []rune(strings.TrimSpace(visible(s)))
	if len(r) > limit {
		r = append(r[:limit-1], '…')
	}
	var b strings.Builder
	for _, c := range r {
		switch {
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case c == '&':
			b.WriteString("&amp;")
		case c == '"':
			b.WriteString("&quot;")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// visible writes what changes the direction of a text, joins its characters or controls a terminal as \u and a number,
// so that no name looks like another.
func visible(s string) string {
	var b strings.Builder
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r) && !unicode.Is(unicode.M, r) && r != utf8.RuneError:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
