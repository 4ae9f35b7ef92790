package hunt

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// AskParam is the parameter of a rule that lists the requests it needs: "GET /pods", "POST /v3/kv/range".
const AskParam = "ask"

// ask is one request. It is also the key of its answer.
type ask struct {
	key    string
	method string
	path   string // with its query
	body   string
}

// reviews are the only requests with a body: each of them asks and changes nothing.
var reviews = map[string]string{
	"/apis/authentication.k8s.io/v1/selfsubjectreviews": `{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`,
	"/apis/authorization.k8s.io/v1/selfsubjectrulesreviews": `{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview",` +
		`"spec":{"namespace":"kube-system"}}`,
	"/v3/kv/range":                `{"key":"L3JlZ2lzdHJ5Lw==","range_end":"L3JlZ2lzdHJ5MA==","limit":"3","keys_only":true}`,
	"/v3/cluster/member/list":     `{}`,
	"/v3/maintenance/status":      `{}`,
	reviewPath:                    admissionReview,
	nobody("/run/") + "?cmd=true": "",
}

const (
	reviewPath = "{webhook}" // stands for the path of the webhook at hand
	// admissionReview asks for a verdict on an object of a kind that does not exist, as a dry run.
	admissionReview = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{` +
		`"uid":"00000000-0000-0000-0000-000000000000","kind":{"group":"hunt.bartizan.dev","version":"v1","kind":"Nothing"},` +
		`"resource":{"group":"hunt.bartizan.dev","version":"v1","resource":"nothings"},"name":"bartizan-hunt","operation":"CREATE",` +
		`"userInfo":{"username":"bartizan-hunt"},"object":{"apiVersion":"hunt.bartizan.dev/v1","kind":"Nothing",` +
		`"metadata":{"name":"bartizan-hunt"}},"dryRun":true}}`
)

// nobody is the path of a kubelet's endpoint for a container that does not exist, so that the answer tells who may use
// the endpoint and nothing runs.
func nobody(endpoint string) string { return endpoint + "bartizan-hunt/no-such-pod/no-such-container" }

// forbiddenPaths are those where a GET costs the server dear or changes something.
var forbiddenPaths = []string{"/debug/pprof/profile", "/debug/pprof/trace", "/debug/flags", "/checkpoint", "/quitquitquit", "/shutdown", "/-/"}

// parseAsk reads "GET /pods" and refuses what might change something.
func parseAsk(text string) (ask, error) {
	method, path, ok := strings.Cut(text, " ")
	a := ask{key: text, method: method, path: path}
	if !ok || !strings.HasPrefix(path, "/") && path != reviewPath || strings.ContainsAny(path, " \r\n\t#") {
		return a, fmt.Errorf("%q is no request: write GET /path", text)
	}
	u, err := url.ParseRequestURI(strings.Replace(path, reviewPath, "/", 1))
	if err != nil {
		return a, fmt.Errorf("%q is no request: %w", text, err)
	}
	if strings.HasPrefix(path, "//") || u.Host != "" {
		return a, fmt.Errorf("%q names a host: write the path alone", text)
	}
	switch method {
	case "GET", "HEAD", "OPTIONS":
		return a, harmless(u.Path, path, text)
	case "POST":
		body, known := reviews[path]
		if !known {
			return a, fmt.Errorf("%q might change something: only these may be posted to: %s", text, strings.Join(reviewPaths(), ", "))
		}
		a.body = body
		return a, nil
	}
	return a, fmt.Errorf("%q might change something: use GET, HEAD, OPTIONS, or POST to a review", text)
}

// harmless refuses the few paths that even a GET must not be sent to.
func harmless(clean, path, text string) error {
	for _, p := range forbiddenPaths {
		if strings.HasPrefix(clean, p) {
			return fmt.Errorf("%q is not harmless: leave it out", text)
		}
	}
	for _, p := range []string{"/run/", "/exec/", "/attach/", "/portForward/", "/cri/"} {
		if strings.HasPrefix(clean, p) && !strings.HasPrefix(path, p+"bartizan-hunt/no-such-pod") {
			return fmt.Errorf("%q is about a container: it must be of the pod bartizan-hunt/no-such-pod, which does not exist", text)
		}
	}
	if strings.Contains(clean, "/proxy/") && strings.Contains(clean, "/nodes/") || strings.Contains(clean, "..") {
		return fmt.Errorf("%q is not harmless: leave it out", text)
	}
	return nil
}

func reviewPaths() []string {
	var all []string
	for path := range reviews {
		all = append(all, path)
	}
	slices.Sort(all)
	return all
}

// asks are the requests that rules need, by the kind of object that they judge, each once.
func asks(all []*rule.Rule) (map[string][]ask, error) {
	found := map[string][]ask{}
	for _, r := range all {
		for _, p := range r.Params {
			if p.Name != AskParam {
				continue
			}
			texts, ok := p.Default.([]string)
			if !ok {
				return nil, fmt.Errorf("rule %s: %s must be a list of requests", r.ID, AskParam)
			}
			for _, text := range texts {
				a, err := parseAsk(text)
				if err != nil {
					return nil, fmt.Errorf("rule %s: %s: %w", r.ID, AskParam, err)
				}
				for _, on := range r.On {
					if !slices.ContainsFunc(found[on], func(b ask) bool { return b.key == a.key }) {
						found[on] = append(found[on], a)
					}
				}
			}
		}
	}
	for _, list := range found {
		slices.SortFunc(list, func(a, b ask) int { return strings.Compare(a.key, b.key) })
	}
	return found, nil
}
