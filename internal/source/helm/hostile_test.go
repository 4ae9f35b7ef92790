package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/sandbox"
)

const chartYAML = "apiVersion: v2\nname: web\nversion: 1.0.0\n"

// TestHostileCharts renders charts that are made to hurt, followed by one that is not. Each ends in a gap
// within the limits, and the one behind it is read.
func TestHostileCharts(t *testing.T) {
	good := fstest.MapFS{
		"chart/Chart.yaml":       {Data: []byte(chartYAML)},
		"chart/templates/a.yaml": {Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: good}\n")},
	}
	for name, c := range map[string]struct{ template, reason string }{
		"endless range":    {`{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}`, "was stopped"},
		"long list":        {`{{ range until 1000000000 }}{{ end }}`, "was stopped"},
		"endless text":     {`{{ repeat 2000000000 "x" }}`, "was stopped"},
		"much text":        {`{{ range until 60 }}a: {{ repeat 1000000 "x" }}` + "\n" + `{{ end }}`, "was stopped"},
		"include bomb":     {bomb(12), "was stopped"},
		"recursion":        {`{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`, "nested reference name"},
		"template recurse": {`{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`, ""},
		"tpl recurse":      {`{{ $x := "{{ tpl .x . }}" }}{{ tpl $x (dict "x" $x "Template" .Template) }}`, ""},
		"regex":            {`{{ range until 1000000 }}{{ regexMatch "(a*)*b" (repeat 10000 "a") }}{{ end }}`, "was stopped"},
		"keys":             {`{{ range until 100000000 }}{{ $x := genPrivateKey "rsa" }}{{ end }}`, "was stopped"},
		"deep blocks":      {strings.Repeat("{{ if true }}", 200_000) + strings.Repeat("{{ end }}", 200_000), ""},
		"growing list":     {`{{ $l := list 1 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}`, "was stopped"},
		"growing string":   {`{{ $s := "x" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}`, "was stopped"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := fstest.MapFS{"chart/Chart.yaml": {Data: []byte(chartYAML)}, "chart/templates/a.yaml": {Data: []byte(c.template)}}
			p := &sandbox.Process{}
			defer p.Close()
			charts := &Charts{Process: p, Limits: sandbox.Limits{CPU: 500 * time.Millisecond},
				List: []Chart{{bad, "chart", "bad"}, {good, "chart", "good"}}}
			start := time.Now()
			var items []bartizan.Item
			if err := charts.Read(t.Context(), func(it bartizan.Item) error { items = append(items, it); return nil }); err != nil {
				t.Fatal(err)
			}
			if len(items) < 2 || items[0].Gap == nil || items[0].Gap.Skip || !strings.Contains(items[0].Gap.Reason, c.reason) {
				t.Errorf("want a gap with %q:\n%.600s", c.reason, show(items))
			}
			if last := items[len(items)-1].Entity; last == nil || last.Ref.Name != "good" {
				t.Errorf("the chart behind it was not read:\n%.600s", show(items))
			}
			// The limit is on processor time; this only catches one that does not hold at all.
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// bomb is a template whose output doubles with every level.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString(`{{ define "b0" }}` + strings.Repeat("x", 100) + `{{ end }}`)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, `{{ define "b%d" }}%s{{ end }}`, i, strings.Repeat(fmt.Sprintf(`{{ include "b%d" . }}`, i-1), 10))
	}
	fmt.Fprintf(&b, `{{ include "b%d" . }}`, n)
	return b.String()
}

// TestHostileFiles reads charts whose files are made to hurt.
func TestHostileFiles(t *testing.T) {
	bad := func(files map[string]string) fs.FS {
		m := fstest.MapFS{"chart/Chart.yaml": {Data: []byte(chartYAML)}}
		for name, data := range files {
			m["chart/"+name] = &fstest.MapFile{Data: []byte(data)}
		}
		return m
	}
	loop := fstest.MapFS{
		"chart/Chart.yaml": {Data: []byte(chartYAML)},
		"chart/files/loop": {Data: []byte(".."), Mode: fs.ModeSymlink},
	}
	nest := tgz(t, map[string]string{"web/Chart.yaml": chartYAML})
	for range maxNested + 2 {
		nest = tgz(t, map[string]string{"web/Chart.yaml": chartYAML, "web/charts/web.tgz": nest})
	}
	deepValues := strings.Repeat("a: {", 10_000) + strings.Repeat("}", 10_000)
	aliases := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		aliases += fmt.Sprintf("a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	for name, c := range map[string]struct {
		fs     fs.FS
		path   string
		reason string
	}{
		"no Chart.yaml":       {fstest.MapFS{"chart/templates/a.yaml": {Data: []byte("a")}}, "chart", "Chart.yaml file is missing"},
		"Chart.yaml a list":   {bad(map[string]string{"Chart.yaml": "[]"}), "chart", "cannot load Chart.yaml"},
		"name with path":      {bad(map[string]string{"Chart.yaml": "apiVersion: v2\nname: ../x\nversion: 1.0.0\n"}), "chart", "chart.metadata.name"},
		"large file":          {bad(map[string]string{"big": strings.Repeat("x", maxFileBytes+1)}), "chart", "more than 16777216 bytes"},
		"link loop":           {loop, "chart", "nested more than"},
		"values, aliases":     {bad(map[string]string{"values.yaml": aliases}), "chart", ""},
		"values, deep":        {bad(map[string]string{"values.yaml": deepValues}), "chart", ""},
		"nested archives":     {bad(map[string]string{"charts/web.tgz": nest}), "chart", "nested more than"},
		"sub-chart no gzip":   {bad(map[string]string{"charts/web.tgz": "PK\x03\x04"}), "chart", "not a gzipped tar archive"},
		"sub-chart up":        {bad(map[string]string{"charts/web.tgz": tgz(t, map[string]string{"web/../../x": ""})}), "chart", "leads out of it"},
		"sub-chart tar bomb":  {bad(map[string]string{"charts/web.tgz": tgz(t, map[string]string{"web/x": strings.Repeat("\x00", 10<<20)})}), "chart", "100 times its size"},
		"archive no gzip":     {fstest.MapFS{"a.tgz": {Data: []byte("x")}}, "a.tgz", "not a gzipped tar archive"},
		"schema, endless ref": {bad(map[string]string{"values.schema.json": `{"$ref":"#"}`}), "chart", ""},
		"schema no JSON":      {bad(map[string]string{"values.schema.json": `{`}), "chart", "values.schema.json cannot be parsed"},
		"NUL":                 {bad(map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: \"a\x00\"\n"}), "chart", "cannot be parsed"},
	} {
		t.Run(name, func(t *testing.T) {
			items := readFS(t, Chart{FS: c.fs, Path: c.path, Name: "bad"}, Options{}, sandbox.Limits{})
			if len(items) == 0 && c.reason == "" {
				return // harmless after all
			}
			if len(items) == 0 || items[0].Gap == nil || !strings.Contains(items[0].Gap.Reason, c.reason) {
				t.Errorf("want a gap with %q:\n%.600s", c.reason, show(items))
			}
		})
	}
}

func TestMuchOutput(t *testing.T) {
	m := fstest.MapFS{
		"chart/Chart.yaml":       {Data: []byte(chartYAML)},
		"chart/templates/a.yaml": {Data: []byte(`a: {{ repeat 2000000 "x" }}`)},
	}
	items := readFS(t, Chart{FS: m, Path: "chart", Name: "bad"}, Options{}, sandbox.Limits{Answer: 1 << 20})
	if got := show(items); got != "bad:0 GAP: the chart was not rendered: the output has more than 1 MiB\n" {
		t.Error(got)
	}
}

func tgz(t testing.TB, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, data := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	z.Close()
	return b.String()
}

func TestArchive(t *testing.T) {
	sub := tgz(t, map[string]string{
		"db/Chart.yaml":       "apiVersion: v2\nname: db\nversion: 1.0.0\n",
		"db/templates/a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: db}\n",
	})
	whole := tgz(t, map[string]string{
		"web/Chart.yaml":           chartYAML,
		"web/templates/a.yaml":     "{{/* x */}}\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n",
		"web/charts/db-1.0.0.tgz":  sub,
		"web/charts/db-1.0.0.prov": "signed",
	})
	items := readFS(t, Chart{FS: fstest.MapFS{"d/web-1.0.0.tgz": {Data: []byte(whole)}}, Path: "d/web-1.0.0.tgz", Name: "repo/d/web-1.0.0.tgz"},
		Options{}, sandbox.Limits{})
	want := "repo/d/web-1.0.0.tgz!/web/charts/db-1.0.0.tgz!/db/templates/a.yaml:1:1 (1) Pod db\n" +
		"repo/d/web-1.0.0.tgz!/web/templates/a.yaml:2:1 (2) Pod web\n"
	if got := show(items); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

func FuzzAlign(f *testing.F) {
	f.Add("{{- range .x }}\na: {{ . }}\n{{- end }}\nb: c\n", "a: 1\na: 2\nb: c\n")
	f.Add("{{ define `x` }}}} {{/* }} */}} {{ \"}}\" }}\n", "\n\n")
	f.Add("{{", "a")
	f.Fuzz(func(t *testing.T, source, text string) {
		n := int32(len(scanTemplate(source).lines))
		for i, l := range align(source, text) {
			if l < 0 || l > n || i == 0 && l != 0 {
				t.Errorf("line %d from %d of %d", i, l, n)
			}
		}
	})
}

func BenchmarkSmallChart(b *testing.B) {
	m := fstest.MapFS{
		"chart/Chart.yaml":       {Data: []byte(chartYAML)},
		"chart/templates/a.yaml": {Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Release.Name }}}\n")},
	}
	for range b.N {
		p := &sandbox.Process{}
		charts := &Charts{Process: p, List: []Chart{{m, "chart", "chart"}}}
		if err := charts.Read(b.Context(), func(bartizan.Item) error { return nil }); err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}
