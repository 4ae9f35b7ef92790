package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// action is what the tests need of action.yml.
type action struct {
	Inputs  map[string]struct{ Default string }
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Name, Shell, Run, Uses string
			Env                        map[string]string
		}
	}
}

const badPod = `apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: shop}
spec:
  hostPID: true
  containers:
  - {name: app, image: "example.org/app:1.0", securityContext: {privileged: true}}
  - name: side
    image: example.org/side:1.0
`

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// binDir is a directory with a bartizan that is this test's own program: TestMain makes it one by its name.
func binDir(t *testing.T) string {
	t.Helper()
	for _, need := range []string{"bash", "sh"} {
		if _, err := exec.LookPath(need); err != nil {
			t.Skipf("%s is not here", need)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "bartizan")); err != nil {
		t.Skip(err)
	}
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// text reads a file that may not be there.
func text(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// shell runs a script as a runner does, and returns its exit code and output.
func shell(t *testing.T, dir, script string, env []string, command ...string) (int, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "step.sh")
	write(t, file, script)
	cmd := exec.Command(command[0], append(command[1:], file)...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "NO_COLOR=1"), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// actionRun is one run of the action's second step.
type actionRun struct {
	code                    int
	log, outputs, page, dir string
}

// runAction runs the step that scans, with the inputs put where GitHub puts them.
func runAction(t *testing.T, inputs map[string]string) actionRun {
	t.Helper()
	var a action
	readYAML(t, "action.yml", &a)
	bin, dir, files := binDir(t), t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "bad.yaml"), badPod)
	env := []string{"GITHUB_OUTPUT=" + filepath.Join(files, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(files, "page")}
	step := a.Runs.Steps[1]
	for name, value := range step.Env {
		value = strings.ReplaceAll(value, "${{ runner.temp }}", bin)
		for input, declared := range a.Inputs {
			given, ok := inputs[input]
			if !ok {
				given = declared.Default
			}
			if value == "${{ inputs."+input+" }}" {
				value = given
				break
			}
		}
		env = append(env, name+"="+value)
	}
	code, log := shell(t, dir, step.Run, env, "bash", "--noprofile", "--norc", "-eo", "pipefail")
	return actionRun{code, log, text(t, filepath.Join(files, "output")), text(t, filepath.Join(files, "page")), dir}
}

// TestActionForm checks what makes the action safe: nothing of an input is pasted into a script.
func TestActionForm(t *testing.T) {
	var a action
	readYAML(t, "action.yml", &a)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 2 {
		t.Fatalf("the action is %s with %d steps; want composite with two", a.Runs.Using, len(a.Runs.Steps))
	}
	used := map[string]bool{}
	for _, s := range a.Runs.Steps {
		if strings.Contains(s.Run, "${{") || s.Uses != "" || s.Shell != "bash" {
			t.Errorf("step %s pastes an expression into its script, uses another action, or is not for bash", s.Name)
		}
		for _, v := range s.Env {
			used[v] = true
		}
	}
	for _, name := range []string{"path", "fail-on", "format", "output-file", "baseline", "framework", "args"} {
		if _, ok := a.Inputs[name]; !ok || !used["${{ inputs."+name+" }}"] {
			t.Errorf("input %s is not declared, or no step gets it", name)
		}
	}
	if got, want := a.Outputs["exit-code"].Value, "${{ steps."+a.Runs.Steps[1].ID+".outputs.exit-code }}"; got != want {
		t.Errorf("output exit-code is %s; want %s", got, want)
	}
}

func TestAction(t *testing.T) {
	tests := map[string]struct {
		inputs map[string]string
		code   int
		log    string
	}{
		"defaults":     {nil, 1, "pss-privileged"},
		"never":        {map[string]string{"fail-on": "never"}, 0, "pss-privileged"},
		"two paths":    {map[string]string{"path": "bad.yaml\r\n\n.\n"}, 1, "pss-privileged"},
		"framework":    {map[string]string{"framework": "cis", "fail-on": "never"}, 0, "CIS"},
		"args":         {map[string]string{"args": " --rule=pss-seccomp-restricted \n --kube-version=1.33 "}, 0, "pss-seccomp"},
		"no baseline":  {map[string]string{"baseline": "gone.json"}, 2, "read baseline"},
		"no path":      {map[string]string{"path": ""}, 2, "nothing to read"},
		"wrong format": {map[string]string{"format": "word"}, 2, "unknown"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := runAction(t, test.inputs)
			if r.code != test.code || !strings.Contains(r.log, test.log) {
				t.Errorf("exit code %d, want %d; log, which must have %q:\n%s", r.code, test.code, test.log, r.log)
			}
			if want := "exit-code=" + string(rune('0'+test.code)) + "\n"; r.outputs != want {
				t.Errorf("outputs %q, want %q", r.outputs, want)
			}
			if (r.page != "") != (test.code != 2) || test.code == 1 && !strings.Contains(r.page, "pss-privileged") {
				t.Errorf("with exit code %d the page is:\n%s", r.code, r.page)
			}
			if !regexp.MustCompile(`(?ms)^::stop-commands::([0-9a-f]{32})$.*^::[0-9a-f]{32}::$`).MatchString(r.log) {
				t.Errorf("the runner's commands are not switched off in the log, and on again:\n%s", r.log)
			}
		})
	}
}

func TestActionOutputFile(t *testing.T) {
	r := runAction(t, map[string]string{"format": "sarif", "output-file": "out.sarif", "args": "--output-file=other"})
	if r.code != 1 || !strings.Contains(text(t, filepath.Join(r.dir, "out.sarif")), `"2.1.0"`) {
		t.Errorf("exit code %d without the SARIF file:\n%s", r.code, r.log)
	}
	if text(t, filepath.Join(r.dir, "other")) != "" || !strings.Contains(r.page, "pss-privileged") {
		t.Errorf("args took the page away from the step:\n%s", r.page)
	}
}

// hostile values run touch if a shell reads them as its own text.
var hostile = []string{
	"$(touch pwned)", "; touch pwned", "`touch pwned`", "\"; touch pwned; \"", "' ; touch pwned '",
	"x\ntouch pwned", "a[$(touch pwned)]",
}

// TestActionHostile gives every input values that would run a command if a shell read them.
func TestActionHostile(t *testing.T) {
	for _, input := range []string{"path", "fail-on", "format", "output-file", "baseline", "framework", "args"} {
		for _, value := range hostile {
			r := runAction(t, map[string]string{input: value})
			if input != "output-file" && r.code != 2 || input == "output-file" && r.code != 1 && r.code != 2 {
				t.Errorf("%s=%q: exit code %d:\n%s", input, value, r.code, r.log)
			}
			checkUntouched(t, r.dir, input+"="+value)
			if strings.Count(r.outputs, "\n") != 1 {
				t.Errorf("%s=%q: outputs %q", input, value, r.outputs)
			}
		}
	}
}

// checkUntouched fails the test if the command that a hostile value holds has run.
func checkUntouched(t *testing.T, dir, what string) {
	t.Helper()
	if _, err := os.Lstat(filepath.Join(dir, "pwned")); !os.IsNotExist(err) {
		t.Errorf("%s: a command in a value was executed", what)
	}
}

// gitlabJob is what the tests need of the GitLab template.
type gitlabJob struct {
	Variables    map[string]string
	BeforeScript []string `json:"before_script"`
	Script       []string
	Artifacts    struct {
		When    string
		Paths   []string
		Reports map[string]string
	}
}

// runGitLab runs the job as GitLab does: its lines joined into one script.
func runGitLab(t *testing.T, variables map[string]string) (job gitlabJob, code int, log, dir string) {
	t.Helper()
	file := map[string]gitlabJob{}
	readYAML(t, "ci/gitlab/bartizan.gitlab-ci.yml", &file)
	job = file[".bartizan"]
	dir = t.TempDir()
	write(t, filepath.Join(dir, "bad.yaml"), badPod)
	env := []string{"PATH=" + binDir(t) + string(os.PathListSeparator) + os.Getenv("PATH")}
	for name, value := range job.Variables {
		if given, ok := variables[name]; ok {
			value = given
		}
		env = append(env, name+"="+value)
	}
	script := strings.Join(append(slices.Clone(job.BeforeScript), job.Script...), "\n") + "\n"
	code, log = shell(t, dir, script, env, "sh", "-e")
	return job, code, log, dir
}

func TestGitLab(t *testing.T) {
	job, code, log, dir := runGitLab(t, nil)
	if code != 1 || !strings.Contains(log, "pss-privileged") {
		t.Errorf("exit code %d, want 1:\n%s", code, log)
	}
	if got := text(t, filepath.Join(dir, job.Artifacts.Reports["codequality"])); !strings.Contains(got, `"check_name"`) {
		t.Errorf("code quality report: %q", got)
	}
	if got := text(t, filepath.Join(dir, job.Artifacts.Reports["junit"])); !strings.Contains(got, "<testsuite") {
		t.Errorf("JUnit report: %q", got)
	}
	if job.Artifacts.When != "always" {
		t.Error("reports are lost where the job fails: artifacts must be kept always")
	}
	if _, code, log, _ = runGitLab(t, map[string]string{"BARTIZAN_FAIL_ON": "never", "BARTIZAN_FRAMEWORK": "nsa"}); code != 0 {
		t.Errorf("exit code %d, want 0 with fail-on never:\n%s", code, log)
	}
	for name := range job.Variables {
		for _, value := range hostile {
			_, code, log, dir := runGitLab(t, map[string]string{name: value})
			if name != "BARTIZAN_VERSION" && code != 2 {
				t.Errorf("%s=%q: exit code %d:\n%s", name, value, code, log)
			}
			checkUntouched(t, dir, name+"="+value)
		}
	}
}

func TestPreCommit(t *testing.T) {
	var hooks []struct {
		ID, Entry, Language string
		Args                []string
		PassFilenames       bool     `json:"pass_filenames"`
		TypesOr             []string `json:"types_or"`
	}
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	bin := binDir(t)
	want := map[string]int{"bartizan-scan": 1, "bartizan-fix": 1}
	for _, h := range hooks {
		code, ok := want[h.ID]
		delete(want, h.ID)
		if !ok || h.Language != "golang" || !h.PassFilenames || !slices.Equal(h.TypesOr, []string{"yaml", "json"}) {
			t.Errorf("hook %+v", h)
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, "bad.yaml"), badPod)
		write(t, filepath.Join(dir, "--help.yaml"), badPod)
		line := strings.Join(append(append([]string{filepath.Join(bin, h.Entry)}, h.Args...), "bad.yaml", "--help.yaml"), " ")
		if got, log := shell(t, dir, line, nil, "sh"); got != code {
			t.Errorf("%s: exit code %d, want %d:\n%s", h.ID, got, code, log)
		}
		if mended := text(t, filepath.Join(dir, "bad.yaml")) != badPod; mended != (h.ID == "bartizan-fix") {
			t.Errorf("%s: changed bad.yaml: %t", h.ID, mended)
		}
	}
	if len(want) != 0 {
		t.Errorf("hooks that are missing: %v", want)
	}
}
