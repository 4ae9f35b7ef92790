package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// The Pod Security Standards are judged here by two programs: ours, and the library inside the API server's
// admission plugin. They must agree on every pod, check by check, for every version.

// pssRules says which of our rules, taken together, are one of the library's checks.
var pssRules = map[policy.CheckID][]string{
	"allowPrivilegeEscalation":   {"pss-privilege-escalation"},
	"appArmorProfile":            {"pss-app-armor"},
	"capabilities_baseline":      {"pss-capabilities-baseline"},
	"capabilities_restricted":    {"pss-capabilities-restricted", "pss-capabilities-restricted-add"},
	"hostNamespaces":             {"pss-host-namespaces"},
	"hostPathVolumes":            {"pss-host-path-volumes"},
	"hostPorts":                  {"pss-host-ports"},
	"hostProbesAndHostLifecycle": {"pss-host-probes"},
	"privileged":                 {"pss-privileged"},
	"procMount":                  {"pss-proc-mount"},
	"procMount_restricted":       {"pss-proc-mount-restricted"},
	"restrictedVolumes":          {"pss-volume-types"},
	"runAsNonRoot":               {"pss-run-as-non-root"},
	"runAsUser":                  {"pss-run-as-user"},
	"seLinuxOptions":             {"pss-se-linux"},
	"seccompProfile_baseline":    {"pss-seccomp-baseline"},
	"seccompProfile_restricted":  {"pss-seccomp-restricted"},
	"sysctls":                    {"pss-sysctls"},
	"windowsHostProcess":         {"pss-windows-host-process"},
}

// pssOverrides says which baseline rule a restricted rule stands in for at the restricted level, in the
// versions where the restricted rule exists.
var pssOverrides = map[string]string{
	"pss-capabilities-restricted": "pss-capabilities-baseline",
	"pss-proc-mount-restricted":   "pss-proc-mount",
	"pss-seccomp-restricted":      "pss-seccomp-baseline",
	"pss-volume-types":            "pss-host-path-volumes",
}

// pssCase is one pod: the text that we judge, the value that the library judges.
type pssCase struct {
	text    string
	pod     *corev1.Pod
	names   []string // of the fixtures with this text
	objects []*kube.Object
}

// pss holds our rules, ready for each version.
type pss struct {
	all     []*rule.Rule
	checks  []policy.Check
	oracle  policy.Evaluator
	engines map[rule.Version]*engine.Engine
	count   int // comparisons made
	// verdicts counts, for each of the library's checks, how often it refused and how often it allowed.
	verdicts map[policy.CheckID][2]int
}

func newPSS(t testing.TB) *pss {
	t.Helper()
	builtin, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	p := &pss{checks: policy.DefaultChecks(), engines: map[rule.Version]*engine.Engine{}, verdicts: map[policy.CheckID][2]int{}}
	if p.oracle, err = policy.NewEvaluator(p.checks, nil); err != nil {
		t.Fatal(err)
	}
	for _, r := range builtin {
		if r.Serves("pss-baseline") || r.Serves("pss-restricted") {
			if strings.HasPrefix(r.ID, "pss-") {
				p.all = append(p.all, r)
			}
		}
	}
	for minor := range rule.Latest.Minor + 1 {
		v := rule.Version{Major: 1, Minor: minor}
		if p.engines[v], err = engine.New(p.all, engine.Config{Version: v}); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// rule finds one of our rules.
func (p *pss) rule(id string) *rule.Rule {
	for _, r := range p.all {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// judge runs our rules on objects; the result is, for each object, the rules that failed it.
func (p *pss) judge(v rule.Version, objects []*kube.Object) ([]map[string]bool, error) {
	failed := make([]map[string]bool, len(objects))
	for i, o := range objects {
		failed[i] = map[string]bool{}
		o.Ref.Name = strconv.Itoa(i)
	}
	result, err := p.engines[v].Run(context.Background(), world.New(nil), objects, func(f bartizan.Finding) error {
		i, err := strconv.Atoi(f.Subject.Name)
		if err == nil {
			failed[i][f.Rule] = true
		}
		return err
	})
	if err == nil && len(result.Gaps) > 0 {
		err = fmt.Errorf("not evaluated: %s", result.Gaps[0].Reason)
	}
	return failed, err
}

// differences compares our verdict on a pod with the library's: check by check, then by level.
func (p *pss) differences(v rule.Version, c *pssCase, failed map[string]bool) []string {
	var diffs []string
	version := api.MajorMinorVersion(v.Major, v.Minor)
	for _, check := range p.checks {
		var run policy.CheckPodFn
		for _, vc := range check.Versions {
			if !version.Older(vc.MinimumVersion) {
				run = vc.CheckPod
			}
		}
		ours := false
		for _, id := range pssRules[check.ID] {
			if _, exists := p.rule(id).Find(v); exists != (run != nil) {
				diffs = append(diffs, fmt.Sprintf("%s exists in %v: %v; the library's check: %v", id, v, exists, run != nil))
			}
			ours = ours || failed[id]
		}
		if run == nil {
			continue
		}
		result := run(&c.pod.ObjectMeta, &c.pod.Spec)
		p.tally(check.ID, result.Allowed)
		if result.Allowed == ours {
			diffs = append(diffs, fmt.Sprintf("%s: the library allows it: %v (%s); we: %v",
				check.ID, result.Allowed, result.ForbiddenDetail, !ours))
		}
	}
	for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
		p.count++
		theirs := policy.AggregateCheckResults(p.oracle.EvaluatePod(
			api.LevelVersion{Level: level, Version: version}, &c.pod.ObjectMeta, &c.pod.Spec))
		if ours := p.allowed(level, v, failed); theirs.Allowed != ours {
			diffs = append(diffs, fmt.Sprintf("%s: the library allows it: %v (%s); we: %v",
				level, theirs.Allowed, theirs.ForbiddenDetail(), ours))
		}
	}
	return diffs
}

func (p *pss) tally(check policy.CheckID, allowed bool) {
	p.count++
	n := p.verdicts[check]
	if allowed {
		n[1]++
	} else {
		n[0]++
	}
	p.verdicts[check] = n
}

// allowed is our verdict by level: baseline is the rules of pss-baseline; restricted is those of
// pss-restricted and of pss-baseline, without the baseline rules that a restricted one stands in for.
func (p *pss) allowed(level api.Level, v rule.Version, failed map[string]bool) bool {
	overridden := map[string]bool{}
	if level == api.LevelRestricted {
		for by, what := range pssOverrides {
			_, exists := p.rule(by).Find(v)
			overridden[what] = overridden[what] || exists
		}
	}
	for _, r := range p.all {
		counts := r.Serves("pss-baseline") && !overridden[r.ID] || r.Serves("pss-restricted") && level == api.LevelRestricted
		if counts && failed[r.ID] {
			return false
		}
	}
	return true
}

// compare judges all objects of all cases for one version and reports the differences.
func (p *pss) compare(t *testing.T, v rule.Version, cases []*pssCase) {
	t.Helper()
	var objects []*kube.Object
	var of []*pssCase
	for _, c := range cases {
		for _, o := range c.objects {
			objects, of = append(objects, o), append(of, c)
		}
	}
	failed, err := p.judge(v, objects)
	if err != nil {
		t.Errorf("%v: %v", v, err)
		p.blame(t, v, cases)
		return
	}
	for i, o := range objects {
		diffs := p.differences(v, of[i], failed[i])
		if len(diffs) == 0 {
			continue
		}
		text := of[i].text
		if len(of[i].names) == 0 {
			text = p.shrink(v, text)
		}
		t.Errorf("%s as %s, Kubernetes %v:\n%s\n%s", of[i].names, o.Kind, v, strings.Join(diffs, "\n"), text)
		if len(of[i].names) == 0 {
			return // one shrunken pod says more than a thousand
		}
	}
}

// blame finds and prints the first pod that we could not judge.
func (p *pss) blame(t *testing.T, v rule.Version, cases []*pssCase) {
	t.Helper()
	for _, c := range cases {
		for _, o := range c.objects {
			if _, err := p.judge(v, []*kube.Object{o}); err != nil {
				t.Errorf("%s as %s, Kubernetes %v: %v\n%s", c.names, o.Kind, v, err, p.shrink(v, c.text))
				return
			}
		}
	}
}

// disagree says whether the two programs differ on a pod, or we cannot judge it.
func (p *pss) disagree(v rule.Version, text string) bool {
	c, err := newPSSCase(text)
	if err != nil || len(c.objects) == 0 {
		return false
	}
	failed, err := p.judge(v, c.objects)
	return err != nil || len(p.differences(v, c, failed[0])) > 0
}

// shrink takes away from a pod what the disagreement does not need.
func (p *pss) shrink(v rule.Version, text string) string {
	for again := true; again; {
		again = false
		var pod any
		if yaml.Unmarshal([]byte(text), &pod) != nil {
			return text
		}
		for _, smaller := range smallerValues(pod) {
			data, err := yaml.Marshal(smaller)
			if err == nil && p.disagree(v, string(data)) {
				text, again = string(data), true
				break
			}
		}
	}
	return text
}

// smallerValues are all copies of a value with one entry of one map or list left out.
func smallerValues(v any) []any {
	var all []any
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			without := maps.Clone(v)
			delete(without, k)
			all = append(all, without)
			for _, smaller := range smallerValues(v[k]) {
				with := maps.Clone(v)
				with[k] = smaller
				all = append(all, with)
			}
		}
	case []any:
		for i := range v {
			all = append(all, slices.Delete(slices.Clone(v), i, i+1))
			for _, smaller := range smallerValues(v[i]) {
				with := slices.Clone(v)
				with[i] = smaller
				all = append(all, with)
			}
		}
	}
	return all
}

// newPSSCase reads a pod both as we and as the API server do.
func newPSSCase(text string) (*pssCase, error) {
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	c := &pssCase{text: text, pod: &corev1.Pod{}}
	if err := kjson.Unmarshal(data, c.pod); err != nil {
		return nil, err
	}
	c.objects, err = decodeObjects(text)
	return c, err
}

func decodeObjects(text string) ([]*kube.Object, error) {
	var objects []*kube.Object
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return nil, err
		}
		found, errs := kube.Decode(doc, bartizan.Origin{Source: "manifest", File: "pod.yaml"})
		if len(errs) > 0 {
			return nil, errs[0]
		}
		objects = append(objects, found...)
	}
	return objects, nil
}

// wrap adds to a case the same pod as the template of every other kind that holds one.
func (c *pssCase) wrap() error {
	var pod map[string]any
	if err := yaml.Unmarshal([]byte(c.text), &pod); err != nil {
		return err
	}
	type object = map[string]any
	template := object{"metadata": pod["metadata"], "spec": pod["spec"]}
	held := object{"template": template}
	nightly := object{"schedule": "0 3 * * *", "jobTemplate": object{"spec": held}}
	var text strings.Builder
	for _, o := range []object{
		{"apiVersion": "v1", "kind": "PodTemplate", "template": template},
		{"apiVersion": "v1", "kind": "ReplicationController", "spec": held},
		{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": held},
		{"apiVersion": "apps/v1", "kind": "Deployment", "spec": held},
		{"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": held},
		{"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": held},
		{"apiVersion": "batch/v1", "kind": "Job", "spec": held},
		{"apiVersion": "batch/v1", "kind": "CronJob", "spec": nightly},
		{"apiVersion": "v1", "kind": "List", "items": []any{object{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "spec": held}}},
	} {
		data, err := json.Marshal(o)
		if err != nil {
			return err
		}
		text.WriteString("---\n" + string(data) + "\n")
	}
	more, err := decodeObjects(text.String())
	c.objects = append(c.objects, more...)
	return err
}

// pssFixtures reads the library's own test pods. Fixtures that differ in their names only are one case.
func pssFixtures(t *testing.T) (cases []*pssCase, files int) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Skipf("go list cannot find the module k8s.io/pod-security-admission here: %v", err)
	}
	root := filepath.Join(strings.TrimSpace(string(dir)), "test", "testdata")
	byText := map[string]*pssCase{}
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		files++
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		same := strings.Replace(string(text), "\n  name: "+name+"\n", "\n  name: pod\n", 1)
		c := byText[same]
		if c == nil {
			if c, err = newPSSCase(same); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			byText[same] = c
			cases = append(cases, c)
		}
		c.names = append(c.names, strings.TrimPrefix(file, root))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return cases, files
}

// TestPSSRulesAreTheLibrarysChecks fails when the library gains a check or an override that we lack.
func TestPSSRulesAreTheLibrarysChecks(t *testing.T) {
	p := newPSS(t)
	ours := map[string]bool{}
	for _, check := range p.checks {
		if len(pssRules[check.ID]) == 0 {
			t.Errorf("the library's check %s has no rule of ours: write it", check.ID)
			continue
		}
		for _, id := range pssRules[check.ID] {
			ours[id] = true
			r := p.rule(id)
			if r == nil {
				t.Fatalf("there is no rule %s", id)
			}
			if !r.Serves("pss-" + string(check.Level)) {
				t.Errorf("%s is not mapped to pss-%s, the level of the library's check %s", id, check.Level, check.ID)
			}
		}
		for _, over := range check.Versions[len(check.Versions)-1].OverrideCheckIDs {
			if got := pssOverrides[pssRules[check.ID][0]]; got != pssRules[over][0] {
				t.Errorf("the library's check %s stands in for %s; our rule stands in for %q", check.ID, over, got)
			}
		}
	}
	for _, r := range p.all {
		if !ours[r.ID] {
			t.Errorf("%s is none of the library's checks", r.ID)
		}
	}
}

// TestPSSFixtures judges each of the library's test pods for every version and both levels, and inside every
// kind that holds pods for every version in which something changes.
func TestPSSFixtures(t *testing.T) {
	p := newPSS(t)
	cases, files := pssFixtures(t)
	kinds := map[string]bool{}
	var plain []*pssCase
	for _, c := range cases {
		unwrapped := *c
		plain = append(plain, &unwrapped)
		if err := c.wrap(); err != nil {
			t.Fatal(err)
		}
		for _, o := range c.objects {
			kinds[o.Kind] = true
		}
	}
	if files < 4000 || len(kinds) != 10 {
		t.Fatalf("only %d fixtures in %d kinds were read: the library holds more than 4000, and 10 kinds hold pods", files, len(kinds))
	}
	changes := p.changes()
	for minor := range rule.Latest.Minor + 1 {
		v := rule.Version{Major: 1, Minor: minor}
		if slices.Contains(changes, v) {
			p.compare(t, v, cases)
		} else {
			p.compare(t, v, plain)
		}
	}
	t.Logf("%d fixture files, %d distinct, each in up to %d kinds: %d comparisons", files, len(cases), len(kinds), p.count)
}

// TestPSSGenerated judges generated pods with everything that the checks read, in all states that the API
// server decodes: absent, null, empty, allowed, forbidden and odd. BARTIZAN_PSS_PODS sets how many.
func TestPSSGenerated(t *testing.T) {
	pods, seed := 2000, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("BARTIZAN_PSS_PODS")); err == nil {
		pods = n
	}
	if n, err := strconv.ParseUint(os.Getenv("BARTIZAN_PSS_SEED"), 10, 64); err == nil {
		seed = n
	}
	p := newPSS(t)
	g := podGenerator{rand.New(rand.NewPCG(seed, 0))}
	var cases []*pssCase
	for i := range pods {
		text, err := yaml.Marshal(g.pod())
		if err != nil {
			t.Fatal(err)
		}
		c, err := newPSSCase(string(text))
		if err != nil {
			t.Fatalf("the generator must make pods that decode: %v\n%s", err, text)
		}
		if cases = append(cases, c); i%20 == 0 {
			if err := c.wrap(); err != nil {
				t.Fatal(err)
			}
			// In a custom resource only what looks like a pod is taken for one; these do not always.
			c.objects = slices.DeleteFunc(c.objects, func(o *kube.Object) bool { return o.Kind == "Rollout" })
		}
	}
	for _, v := range p.changes() {
		p.compare(t, v, cases)
	}
	for id, n := range p.verdicts {
		if min(n[0], n[1]) < pods/50 {
			t.Errorf("%s refused %d times and allowed %d times: the generator must try both more often", id, n[0], n[1])
		}
	}
	t.Logf("%d pods: %d comparisons", pods, p.count)
}

// changes lists the versions in which one of the programs changes a check.
func (p *pss) changes() []rule.Version {
	at := map[rule.Version]bool{rule.Latest: true}
	for _, check := range p.checks {
		for _, vc := range check.Versions {
			at[rule.Version{Major: 1, Minor: vc.MinimumVersion.Minor()}] = true
		}
	}
	for _, r := range p.all {
		for _, variant := range r.Variants {
			if variant.Since != (rule.Version{}) {
				at[variant.Since] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(at), func(a, b rule.Version) int { return a.Minor - b.Minor })
}

// podGenerator makes pods. Most values are such as to pass, so that verdicts of both sorts are common.
type podGenerator struct{ *rand.Rand }

type fields map[string]func() any

// object makes a map of some of the fields, now and then null.
func (g podGenerator) object(often float64, f fields) map[string]any {
	m := map[string]any{}
	for _, k := range slices.Sorted(maps.Keys(f)) {
		switch x := g.Float64(); {
		case x < often:
			m[k] = f[k]()
		case x < often+0.04:
			m[k] = nil
		}
	}
	return m
}

// list makes a list of up to n items, rarely with a null among them.
func (g podGenerator) list(n int, item func() any) []any {
	l := make([]any, 0, n)
	for range g.IntN(n + 1) {
		if g.IntN(60) == 0 {
			l = append(l, nil)
			continue
		}
		l = append(l, item())
	}
	return l
}

// one picks one of the values; the first is as likely as all others together.
func (g podGenerator) one(values ...any) func() any {
	return func() any {
		if g.IntN(2) == 0 {
			return values[0]
		}
		return values[g.IntN(len(values))]
	}
}

func (g podGenerator) some(often float64, f fields) func() any {
	return func() any { return g.object(often, f) }
}

func (g podGenerator) pod() any {
	spec := g.object(0.3, fields{
		"hostNetwork": g.one(false, true), "hostPID": g.one(false, true), "hostIPC": g.one(false, true),
		"hostUsers": g.one(false, true), "os": g.some(0.8, fields{"name": g.one("windows", "linux", "", "Windows")}),
		"securityContext": func() any { return g.securityContext(true) },
		"volumes":         func() any { return g.list(3, g.volume) },
	})
	for _, k := range []string{"initContainers", "containers", "ephemeralContainers"} {
		if g.IntN(3) > 0 {
			spec[k] = g.list(2, g.container)
		} else if g.IntN(9) == 0 {
			spec[k] = nil
		}
	}
	pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": spec}
	maps.Copy(pod, g.object(0.9, fields{
		"metadata": g.some(0.4, fields{"annotations": g.annotations, "name": g.one("pod")}),
	}))
	return pod
}

func (g podGenerator) annotations() any {
	const apparmor, seccomp = "container.apparmor.security.beta.kubernetes.io/", "container.seccomp.security.alpha.kubernetes.io/"
	profile := g.one("runtime/default", "docker/default", "localhost/x", "localhost", "unconfined", "Runtime/Default", "", nil)
	m := g.object(0.3, fields{
		apparmor + "a": profile, apparmor: profile, apparmor + "gone": profile, "x." + apparmor + "a": profile,
		"seccomp.security.alpha.kubernetes.io/pod": profile, seccomp + "a": profile, seccomp + "b": profile,
		seccomp: profile, seccomp + "gone": profile, "seccomp.security.alpha.kubernetes.io": profile,
	})
	// An annotation that is null is "" to the API server and absent to us. That makes a difference up to
	// Kubernetes 1.18 only, where an empty seccomp annotation names a profile that does not exist.
	maps.DeleteFunc(m, func(k string, v any) bool { return v == nil && strings.Contains(k, "seccomp") })
	return m
}

func (g podGenerator) container() any {
	handler := g.some(0.4, fields{
		"httpGet":   g.some(0.5, fields{"host": g.one("", "127.0.0.1", " "), "path": g.one("/")}),
		"tcpSocket": g.some(0.5, fields{"host": g.one("", "db")}), "exec": g.some(0.5, fields{}),
	})
	c := g.object(0.2, fields{
		"livenessProbe": handler, "readinessProbe": handler, "startupProbe": handler,
		"lifecycle": g.some(0.5, fields{"postStart": handler, "preStop": handler}),
		"ports": func() any {
			return g.list(2, g.some(0.6, fields{"containerPort": g.one(80), "hostPort": g.one(0, 0, 443, -1)}))
		},
	})
	maps.Copy(c, g.object(0.9, fields{"name": g.one("a", "b", "c", "")}))
	if g.IntN(5) > 0 {
		c["securityContext"] = g.securityContext(false)
	}
	return c
}

func (g podGenerator) securityContext(pod bool) any {
	profile := g.some(0.9, fields{"type": g.one("RuntimeDefault", "Localhost", "Unconfined", "", "runtimedefault"), "localhostProfile": g.one("x")})
	f := fields{
		"seccompProfile": profile, "appArmorProfile": profile,
		"runAsNonRoot": g.one(true, false), "runAsUser": g.one(1000, 0, -1, 4294967296),
		"seLinuxOptions": g.some(0.3, fields{
			"type": g.one("container_t", "", "container_init_t", "container_kvm_t", "container_engine_t", "spc_t"),
			"user": g.one("", "u"), "role": g.one("", "r"), "level": g.one("s0"),
		}),
		"windowsOptions": g.some(0.5, fields{"hostProcess": g.one(false, true), "runAsUserName": g.one("x")}),
	}
	if pod {
		f["sysctls"] = func() any { return g.list(2, g.some(0.9, fields{"name": g.sysctl, "value": g.one("1")})) }
		return g.object(0.4, f)
	}
	f["privileged"] = g.one(false, true)
	f["allowPrivilegeEscalation"] = g.one(false, true)
	f["procMount"] = g.one("Default", "Unmasked", "", "default")
	f["capabilities"] = g.some(0.8, fields{
		"drop": func() any { return g.list(2, g.one("ALL", "all", "NET_RAW", "")) },
		"add": func() any {
			return g.list(2, g.one("NET_BIND_SERVICE", "CHOWN", "SYS_ADMIN", "ALL", "CAP_CHOWN", "chown", "",
				"AUDIT_WRITE", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "NET_RAW"))
		},
	})
	return g.object(0.4, f)
}

func (g podGenerator) sysctl() any {
	return g.one("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
		"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
		"net.ipv4.tcp_wmem", "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat", "kernel.msgmax", "")()
}

func (g podGenerator) volume() any {
	v := g.object(0.9, fields{"name": g.one("v", "")})
	sources := []string{"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
		"secret", "hostPath", "nfs", "gitRepo", "iscsi", "awsElasticBlockStore", "azureDisk", "flexVolume", "rbd", "fc", "unknown"}
	for range g.IntN(3) {
		v[sources[g.IntN(len(sources))]] = g.one(map[string]any{}, nil)()
	}
	return v
}
