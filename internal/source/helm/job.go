package helm

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"helm.sh/helm/v4/pkg/strvals"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/sandbox"
)

// Job is the name under which Render serves in the sandbox.
const Job = "helm"

// request is what the sandbox is given.
type request struct {
	Files   []file
	Options Options
}

// response is what it gives back.
type response struct {
	Library  bool
	Rendered []rendered
	CRDs     []string // file.Shown of each file in a crds directory
	Problems []problem
}

type rendered struct {
	Shown string // the template, as file.Shown
	Text  string
}

// problem is something that was left out.
type problem struct {
	Shown  string // "" is the chart itself
	Line   int
	Reason string
}

func (p problem) item(chartName string) bartizan.Item {
	if p.Shown == "" {
		p.Shown = chartName
	}
	return gap(p.Shown, p.Line, false, "%s", p.Reason)
}

var _ sandbox.Job = Render

// Render is the job in the sandbox: it renders one chart.
func Render(body []byte, _ sandbox.Ask) ([]byte, error) {
	var req request
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, err
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	r := renderer{options: req.Options, shown: map[string]string{}}
	if err := r.load(req.Files); err != nil {
		return nil, err
	}
	if !r.out.Library {
		if err := r.render(); err != nil {
			return nil, errors.New(message(err))
		}
	}
	return json.Marshal(r.out)
}

type renderer struct {
	options Options
	chart   *chart.Chart
	values  common.Values
	data    map[*byte]string  // first byte of a file -> file.Shown
	shown   map[string]string // name of a template in the engine -> file.Shown
	out     response
}

func (r *renderer) load(files []file) error {
	r.data = make(map[*byte]string, len(files))
	buffered := make([]*archive.BufferedFile, 0, len(files))
	for _, f := range files {
		if len(f.Data) > 0 {
			r.data[&f.Data[0]] = f.Shown
		}
		buffered = append(buffered, &archive.BufferedFile{Name: f.Name, Data: f.Data})
	}
	var err error
	if r.chart, err = loader.LoadFiles(buffered); err != nil {
		return err
	}
	if r.chart.Metadata.Type == "library" {
		r.out.Library = true
		return nil
	}
	given, err := r.options.merge()
	if err != nil {
		return err
	}
	if err := r.settle(given); err != nil {
		return fmt.Errorf("its dependencies cannot be resolved: %w", err)
	}
	return r.prepare(given)
}

func (r *renderer) problem(p problem) { r.out.Problems = append(r.out.Problems, p) }

// defaultKubeVersion is what charts see when no version is asked for: that of the API this program knows.
const defaultKubeVersion = "1.37.0"

// prepare makes the values that templates see.
func (r *renderer) prepare(given map[string]any) error {
	caps := common.DefaultCapabilities.Copy()
	v, err := common.ParseKubeVersion(cmp.Or(r.options.KubeVersion, defaultKubeVersion))
	if err != nil {
		return fmt.Errorf("Kubernetes version %q: %w", r.options.KubeVersion, err)
	}
	caps.KubeVersion = *v
	caps.APIVersions = append(slices.Clone(caps.APIVersions), r.options.APIVersions...)
	if want := r.chart.Metadata.KubeVersion; want != "" && !inRange(want, caps.KubeVersion.String()) {
		r.problem(problem{Reason: fmt.Sprintf("the chart is for Kubernetes %s, it was rendered for %s", want, caps.KubeVersion.String())})
	}
	release := common.ReleaseOptions{Name: r.options.Release, Namespace: r.options.Namespace, IsInstall: true, Revision: 1}
	if release.Name == "" {
		release.Name = "release-name"
	}
	if release.Namespace == "" {
		release.Namespace = "default"
	}
	// Helm's own validation would fetch schemas that a schema refers to; see validate.
	if r.values, err = util.ToRenderValuesWithSchemaValidation(r.chart, given, release, caps, true); err != nil {
		return err
	}
	if vals, err := r.values.Table("Values"); err == nil {
		r.validate(r.chart, vals)
	}
	return nil
}

// merge makes one map of everything the user gave.
func (o Options) merge() (map[string]any, error) {
	base := map[string]any{}
	for _, f := range o.Values {
		m, err := loader.LoadValues(bytes.NewReader(f.Data))
		if err != nil {
			return nil, fmt.Errorf("values file %s: %w", f.Name, err)
		}
		base = loader.MergeMaps(base, m)
	}
	for _, s := range o.SetJSON {
		if err := strvals.ParseJSON(s, base); err != nil {
			return nil, fmt.Errorf("--set-json %s: %w", s, err)
		}
	}
	for _, s := range o.Set {
		if err := strvals.ParseInto(s, base); err != nil {
			return nil, fmt.Errorf("--set %s: %w", s, err)
		}
	}
	for _, s := range o.SetString {
		if err := strvals.ParseIntoString(s, base); err != nil {
			return nil, fmt.Errorf("--set-string %s: %w", s, err)
		}
	}
	return base, nil
}

// Check says what is wrong with the options themselves, whatever the chart.
func (o Options) Check() error {
	_, err := o.merge()
	if err == nil && o.KubeVersion != "" {
		_, err = common.ParseKubeVersion(o.KubeVersion)
	}
	return err
}

// render renders as helm would. What fails is noted and left out; then all of it is rendered again as far
// as that goes without the values that are required and missing: an object unseen is worse than one half
// filled.
func (r *renderer) render() error {
	templates := map[string]*common.File{}
	r.collect(r.chart, templates)
	e := engine.Engine{CustomTemplateFuncs: steadyFuncs()}
	text, failed, err := r.attempt(e, templates)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		for t, data := range failed {
			t.Data = data
		}
		e.LintMode = true
		if text, _, err = r.attempt(e, templates); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(text)) {
		if path.Base(name) != "NOTES.txt" && strings.TrimSpace(text[name]) != "" {
			r.out.Rendered = append(r.out.Rendered, rendered{r.shown[name], text[name]})
		}
	}
	for _, c := range r.chart.CRDObjects() {
		if len(c.File.Data) > 0 {
			r.out.CRDs = append(r.out.CRDs, r.data[&c.File.Data[0]])
		}
	}
	return nil
}

// maxFailing bounds how often a chart is rendered again without a template that fails.
const maxFailing = 12

// attempt renders without the templates that fail, and gives back what was in these.
func (r *renderer) attempt(e engine.Engine, templates map[string]*common.File) (map[string]string, map[*common.File][]byte, error) {
	failed := map[*common.File][]byte{}
	for {
		text, err := e.RenderWithContext(context.Background(), r.chart, r.values)
		if err == nil {
			return text, failed, nil
		}
		name, line := place(err)
		t := templates[name]
		if t == nil || failed[t] != nil || len(failed) == maxFailing {
			return nil, failed, err
		}
		shown := r.shown[name]
		if !slices.ContainsFunc(r.out.Problems, func(p problem) bool { return p.Shown == shown }) {
			r.problem(problem{Shown: shown, Line: line, Reason: "the template fails: " + message(err)})
		}
		failed[t] = t.Data
		t.Data = nil
	}
}

// collect finds the templates of a chart and of its sub-charts, by the name that the engine gives them.
func (r *renderer) collect(c *chart.Chart, templates map[string]*common.File) {
	for _, t := range c.Templates {
		name := path.Join(c.ChartFullPath(), t.Name)
		templates[name] = t
		r.shown[name] = name
		if len(t.Data) > 0 {
			r.shown[name] = r.data[&t.Data[0]]
		}
	}
	for _, d := range c.Dependencies() {
		r.collect(d, templates)
	}
}

var placePattern = regexp.MustCompile(`([^\s():"<>]+/templates/[^\s():"<>]+):(\d+)`)

// place finds the outermost template and its line in the engine's error.
func place(err error) (template string, line int) {
	m := placePattern.FindStringSubmatch(err.Error())
	if m == nil {
		return "", 0
	}
	line, _ = strconv.Atoi(m[2])
	return m[1], line
}

var prefixPattern = regexp.MustCompile(`^(parse|execution) error at \([^)]*\): `)

// message is the reason in the engine's error: the last line, without the place.
func message(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	s := prefixPattern.ReplaceAllString(strings.TrimSpace(lines[len(lines)-1]), "")
	// The engine tells the whole chain of calls; the cause is at its end.
	if i := strings.LastIndex(s, "error calling "); i >= 0 {
		if _, cause, found := strings.Cut(s[i:], ": "); found {
			s = cause
		}
	}
	const most = 300
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
