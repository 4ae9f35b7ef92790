package kustomize

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/bartizan-dev/bartizan/internal/sandbox"
)

// Job is the name under which Build serves in the sandbox.
const Job = "kustomize"

// request is what the sandbox is given; files it asks for.
type request struct {
	Dir, File string // absolute in the file system that is served
	Cache     bool   // there is a cache of what is remote
}

// response is what it gives back.
type response struct {
	Objects []built
}

// built is one object with where it came from.
type built struct {
	File      string // absolute; "" for a generated object
	Generated bool
	Text      string
}

var _ sandbox.Job = Build

// Build is the job in the sandbox: it builds one kustomization.
func Build(body []byte, ask sandbox.Ask) ([]byte, error) {
	var req request
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, err
	}
	http.DefaultTransport = refusing{}
	http.DefaultClient.Transport = refusing{}
	files := &asked{ask: ask, root: path.Join(req.Dir, req.File), cache: req.Cache, kinds: map[string]byte{}, data: map[string][]byte{}}
	out, err := run(req, files)
	if files.fault != nil {
		return nil, files.fault // the reason for whatever kustomize made of it
	}
	if err != nil {
		return nil, errors.New(oneLine(err.Error()))
	}
	return json.Marshal(out)
}

func run(req request, files *asked) (response, error) {
	var out response
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsRootOnly
	options.PluginConfig = types.DisabledPluginConfig()
	built, err := krusty.MakeKustomizer(options).Run(files, req.Dir)
	if err != nil {
		return out, err
	}
	for _, r := range built.Resources() {
		o, err := object(r, req.Dir, files.origins)
		if err != nil {
			return out, err
		}
		out.Objects = append(out.Objects, o)
	}
	return out, nil
}

// object writes one object; keep says that the user asked for the annotation that tells its origin.
func object(r *resource.Resource, dir string, keep bool) (built, error) {
	var b built
	origin, err := r.GetOrigin()
	if err != nil {
		return b, err
	}
	switch {
	case origin == nil:
	case origin.ConfiguredIn != "":
		b.File, b.Generated = path.Join(dir, origin.ConfiguredIn), true
	case origin.Path != "":
		b.File = path.Join(dir, origin.Path)
	}
	if !keep {
		if err := r.SetOrigin(nil); err != nil {
			return b, err
		}
	}
	text, err := r.AsYAML()
	b.Text = string(text)
	return b, err
}

// refusing is the transport of a program that opens no sockets.
type refusing struct{}

// RoundTrip always fails.
func (refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%s is not fetched: a scan uses no network", r.URL.Redacted())
}

// withOrigins asks for origin annotations in a kustomization file; was says that it did so itself. A file
// that cannot be parsed is left for kustomize to complain about.
func withOrigins(text []byte) (out []byte, was bool) {
	var m map[string]any
	if err := yaml.Unmarshal(text, &m); err != nil || m == nil {
		return text, false
	}
	list, _ := m["buildMetadata"].([]any)
	if slices.Contains(list, any(types.OriginAnnotations)) {
		return text, true
	}
	m["buildMetadata"] = append(list, types.OriginAnnotations)
	out, err := yaml.Marshal(m)
	if err != nil {
		return text, false
	}
	return out, false
}

// oneLine shortens kustomize's errors, which repeat themselves at every level.
func oneLine(s string) string {
	if strings.Contains(s, "must specify --enable-helm") {
		return "it has helmCharts, for which kustomize runs another program, and a scan runs none: " +
			"pipe what it builds to the scan: kustomize build --enable-helm DIR | bartizan scan -"
	}
	s = strings.Join(strings.Fields(s), " ")
	const most = 500
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
