package path

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode"

	"github.com/bartizan-dev/bartizan"
)

// Dot writes paths as one graph for Graphviz: things are nodes, attacks are arrows, and what several paths share
// is drawn once.
func Dot(paths []Path) string {
	var b strings.Builder
	b.WriteString("digraph paths {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n")
	seen := map[string]bool{}
	once := func(line string) {
		if !seen[line] {
			seen[line] = true
			b.WriteString(line)
		}
	}
	for i := range paths {
		p := &paths[i]
		for _, thing := range p.chain() {
			once(fmt.Sprintf("  %s [label=%s];\n", quote(thing.id), quote(thing.label)))
		}
		once(fmt.Sprintf("  %s [fillcolor=\"#ffd6cc\"];\n", quote(p.Reached.String())))
		chain := p.chain()
		for j := range p.Stages {
			once(fmt.Sprintf("  %s -> %s [label=%s];\n", quote(chain[j].id), quote(chain[j+1].id), quote(p.Stages[j].Title)))
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// quote writes a text as Dot does; a line break in it is one.
func quote(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printable(lines[i]))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}

// printable writes what is not seen as escapes: control characters, what turns the direction of writing, and what is not
// UTF-8. A name that an attacker chose must not read as another one in a picture either.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strconv.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// label names a thing on one line.
func label(r bartizan.Ref) string { return printable(words(r)) }

// thing is a box of a picture.
type thing struct{ id, label string }

// chain is the things that a path leads through, one more than it has stages.
func (p *Path) chain() []thing {
	first := label(p.Sources[0])
	if n := len(p.Sources); n > 1 {
		first = fmt.Sprintf("%s\nand %d more", first, n-1)
	}
	id := p.Sources[0].String()
	if n := len(p.Sources); n > 1 {
		id = fmt.Sprintf("%s and %d more to %s", id, n-1, p.Target.Name)
	}
	out := []thing{{id, first}}
	for i, st := range p.Stages {
		to := st.To
		if i == len(p.Stages)-1 {
			to = p.Reached
		}
		out = append(out, thing{to.String(), label(to)})
	}
	return out
}

// The measures of the SVG picture, in pixels.
const (
	svgBox    = 190
	svgGap    = 150
	svgHigh   = 46
	svgRow    = 112
	svgMargin = 20
	svgChar   = 6.6
)

// severityFill are the colours of what paths lead to.
var severityFill = map[bartizan.Severity]string{
	bartizan.Critical: "#f8c9c0", bartizan.High: "#fbe0c4", bartizan.Medium: "#fdf3c8", bartizan.Low: "#e7eef7",
}

// SVG draws paths one below the other, the attack on each arrow. It needs no other file.
func SVG(paths []Path) string {
	wide := 1
	for i := range paths {
		wide = max(wide, len(paths[i].Stages))
	}
	width := 2*svgMargin + svgBox + wide*(svgBox+svgGap)
	height := 2*svgMargin + max(1, len(paths))*svgRow
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	b.WriteString(`<title>Attack paths</title>` + "\n" +
		`<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#555"/></marker></defs>` + "\n" +
		`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	if len(paths) == 0 {
		fmt.Fprintf(&b, `<text x="%d" y="%d">No attack path found.</text>`+"\n", svgMargin, 2*svgMargin)
	}
	for i := range paths {
		drawPath(&b, &paths[i], svgMargin+i*svgRow)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func drawPath(b *strings.Builder, p *Path, y int) {
	chain := p.chain()
	mid := y + svgRow/2
	end := svgMargin + (len(chain)-1)*(svgBox+svgGap) + svgBox/2
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" font-size="10.5" fill="#333">%s, %s</text>`+"\n", end, mid+svgHigh/2+15, p.Severity(), p.Likelihood())
	for i, t := range chain {
		x := svgMargin + i*(svgBox+svgGap)
		fill := "#f4f6f8"
		if i == len(chain)-1 {
			fill = severityFill[p.Severity()]
		}
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" rx="7" fill="%s" stroke="#888"/>`+"\n", x, mid-svgHigh/2, svgBox, svgHigh, fill)
		centred(b, x+svgBox/2, mid, wrapped(t.label, svgBox-12, boxLines), "#111")
		if i == 0 {
			continue
		}
		st := &p.Stages[i-1]
		fmt.Fprintf(b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#555" marker-end="url(#tip)"><title>%s</title></line>`+"\n", x-svgGap, mid, x-2, mid, xml(st.Text))
		lines := wrapped(st.Title, svgGap-10, titleLines)
		for k, line := range lines {
			fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" font-size="10.5" fill="#333">%s</text>`+"\n", x-svgGap/2, mid-6-13*(len(lines)-1-k), xml(line))
		}
	}
}

// centred writes lines around a point.
func centred(b *strings.Builder, x, y int, lines []string, fill string) {
	for i, line := range lines {
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" fill="%s">%s</text>`+"\n", x, y+4+14*i-7*(len(lines)-1), fill, xml(line))
	}
}

// xml writes a text in a picture.
func xml(s string) string { return html.EscapeString(printable(s)) }

// How many lines there are at most in a box and above an arrow.
const (
	boxLines   = 3
	titleLines = 4
)

// wrapped breaks a label into lines of a width in pixels; a word that is too long loses its middle.
func wrapped(s string, width, most int) (lines []string) {
	limit := int(float64(width) / svgChar)
	for _, part := range strings.Split(s, "\n") {
		line := ""
		for _, word := range strings.Fields(part) {
			if r := []rune(word); len(r) > limit {
				word = string(r[:limit/2-1]) + "…" + string(r[len(r)-limit/2+1:])
			}
			if line != "" && len([]rune(line))+1+len([]rune(word)) > limit {
				lines = append(lines, line)
				line = ""
			}
			line = strings.TrimSpace(line + " " + word)
		}
		lines = append(lines, line)
	}
	if len(lines) > most {
		lines = append(lines[:most-1], lines[most-1]+" …")
	}
	return lines
}
