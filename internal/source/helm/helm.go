// Package helm is the source of Helm charts: directories and archives, with their sub-charts, rendered by
// Helm's own engine in a sandbox that has neither network nor cluster nor clock. Each object leads back to
// its template and, as far as that can be known, to the template's line. It does not fetch dependencies
// and has no notion of releases in a cluster. Which directories are charts is for internal/scan to find.
package helm

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/document"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/sandbox"
)

// Name is the Origin.Source of everything read here.
const Name = "helm"

// The reasons for which something in a chart is passed over.
const (
	SkipLibrary  = "library chart"
	SkipTestHook = "chart test hook"
)

// Chart says where a chart is.
type Chart struct {
	FS   fs.FS
	Path string // of the directory or archive in FS
	Name string // as to be shown
}

// Options is what a user can give to a rendering, as to the helm program.
type Options struct {
	Values                  []ValuesFile // later ones win
	SetJSON, Set, SetString []string     // in this order, over Values
	Release, Namespace      string
	KubeVersion             string   // "1.37"; "" is the version this program was built for
	APIVersions             []string // capabilities beyond those of Kubernetes itself
}

// ValuesFile is a file of values.
type ValuesFile struct {
	Name string
	Data []byte
}

// Charts is a Source of charts, rendered one after the other.
type Charts struct {
	List    []Chart
	Options Options
	Process *sandbox.Process
	Limits  sandbox.Limits // for one chart
}

var _ bartizan.Source = (*Charts)(nil)

// Read emits the objects of every chart.
func (c *Charts) Read(ctx context.Context, emit func(bartizan.Item) error) error {
	for _, chart := range c.List {
		for _, it := range c.render(ctx, chart) {
			if err := emit(it); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func gap(file string, line int, skip bool, format string, args ...any) bartizan.Item {
	return bartizan.Item{Gap: &bartizan.Gap{
		Origin: bartizan.Origin{Source: Name, File: file, Line: line}, Reason: fmt.Sprintf(format, args...), Skip: skip,
	}}
}

// render reads one chart, has it rendered, and reads the output.
func (c *Charts) render(ctx context.Context, chart Chart) []bartizan.Item {
	files, items, err := load(chart)
	if err != nil {
		return append(items, gap(chart.Name, 0, false, "the chart cannot be read: %v", err))
	}
	req := request{Files: files, Options: c.Options}
	body, err := json.Marshal(req)
	if err != nil {
		return append(items, gap(chart.Name, 0, false, "the chart cannot be rendered: %v", err))
	}
	answer, err := c.Process.Do(ctx, Job, body, c.Limits, nil)
	if err != nil {
		return append(items, gap(chart.Name, 0, false, "the chart was not rendered: %v", err))
	}
	var out response
	if err := json.Unmarshal(answer, &out); err != nil {
		return append(items, gap(chart.Name, 0, false, "the chart was not rendered: its output cannot be read: %v", err))
	}
	if out.Library {
		return append(items, gap(chart.Name, 0, true, SkipLibrary))
	}
	sources := make(map[string]string, len(files))
	for _, f := range files {
		sources[f.Shown] = string(f.Data)
	}
	for _, p := range out.Problems {
		items = append(items, p.item(chart.Name))
	}
	for _, r := range out.Rendered {
		items = append(items, read(chart, r, sources[r.Shown])...)
	}
	for _, name := range out.CRDs {
		items = append(items, document.Items(sources[name], document.Stream{Source: Name, File: name, Output: true})...)
	}
	return items
}

// read makes items of one rendered template.
func read(chart Chart, r rendered, source string) []bartizan.Item {
	var lines []int32
	lineOf := func(line int) int {
		if lines == nil {
			lines = align(source, r.Text)
		}
		if line >= len(lines) {
			return 0
		}
		return int(lines[line])
	}
	var p *kube.Provenance
	return document.Items(r.Text, document.Stream{
		Source: Name, File: r.Shown, Output: true, LineOf: lineOf,
		Adopt: func(o *kube.Object) string {
			if isTestHook(o) {
				return SkipTestHook
			}
			o.Origin.Rendered = o.Origin.Line
			o.Origin.Line = lineOf(o.Origin.Line)
			if p == nil {
				p = &kube.Provenance{Renderer: Name, Root: chart.Name, File: r.Shown, Lines: lines}
			}
			o.Provenance = p
			return ""
		},
	})
}

func isTestHook(o *kube.Object) bool {
	for hook := range strings.SplitSeq(o.Annotation("helm.sh/hook"), ",") {
		switch strings.TrimSpace(hook) {
		case "test", "test-success", "test-failure":
			return true
		}
	}
	return false
}
