package sink

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// browser opens a page in Chromium, lets its script run, and gives back the document as it is then and what
// the console said. Without Chromium (Debian: apt-get install chromium) the test is skipped, but not in CI.
func browser(t *testing.T, page, hash string) (dom, console string) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed")
	}
	if testing.Short() && os.Getenv("CI") != "true" {
		t.Skip("starts a browser")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "report.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+filepath.Join(dir, "profile"), "--enable-logging=stderr",
		"--virtual-time-budget=3000", "--dump-dom", "file://"+file+hash)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("chromium: %v\n%.2000s", err, errs.String())
	}
	var said []string
	for _, line := range strings.Split(errs.String(), "\n") {
		if strings.Contains(line, "CONSOLE") {
			said = append(said, line)
		}
	}
	return out.String(), strings.Join(said, "\n")
}

func TestPageInABrowser(t *testing.T) {
	page := write(t, "html", sampleRun(t), sampleFindings())
	for _, c := range []struct {
		hash         string
		has, hasNot  []string
		groups, rows int
	}{
		{"", []string{`data-shown="18"`, ">18 findings<", `<section class="static" aria-label="Findings by rule" hidden`}, nil, 4, 0},
		{"#q=DB_PASSWORD", []string{`data-shown="1"`, ">1 of 18 findings<", "value: ••••••"}, []string{"hunter2"}, 1, 1},
		{"#q=DB_password+nothing", []string{`data-shown="0"`, "No finding matches the filter."}, nil, 0, 0},
		{"#severity=critical,low", []string{`data-shown="15"`, `aria-pressed="false"`}, nil, 2, 0},
		{"#q=web&severity=medium", []string{`data-shown="1"`, "First check: The image must have a user other than root.", `class="hit"`, "runAsNonRoot: false"}, nil, 1, 1},
		{"#group=workload", []string{`data-shown="18"`, "1 critical, 1 high, 1 medium, 1 low"}, nil, 15, 0},
		{"#group=file&q=chart", []string{`data-shown="1"`, "deploy/chart/templates/job.yaml", "Rendered line"}, nil, 1, 1},
		{"#severity=nonsense&group=nonsense", []string{`data-shown="18"`}, nil, 4, 0},
	} {
		dom, console := browser(t, page, c.hash)
		if console != "" {
			t.Errorf("%s: the console says %s", c.hash, console)
		}
		for _, want := range c.has {
			if !strings.Contains(dom, want) {
				t.Errorf("%s: %q is missing", c.hash, want)
			}
		}
		for _, bad := range c.hasNot {
			if strings.Contains(dom, bad) {
				t.Errorf("%s: %q is there", c.hash, bad)
			}
		}
		if n := strings.Count(dom, `<details class="group"`); n != c.groups {
			t.Errorf("%s: %d groups, want %d", c.hash, n, c.groups)
		}
		if n := strings.Count(dom, `<details class="finding"`); n < c.rows {
			t.Errorf("%s: %d findings open, want %d", c.hash, n, c.rows)
		}
	}
}

// TestPageRunsNothingOfTheInput puts scripts in every text of the input.
func TestPageRunsNothingOfTheInput(t *testing.T) {
	const mark = "document.documentElement.dataset.pwned=1"
	attacks := append([]string{
		"<img src=x onerror=" + mark + ">", "<script>" + mark + "</script>", "</script><script>" + mark + "</script>",
		"</style><svg onload=" + mark + ">", "\"><iframe srcdoc='<script>parent." + mark + "</script>'>", "javascript:" + mark, "__proto__", "constructor",
	}, hostileNames...)
	names := hostileNames
	run := hostileRun(t)
	run.Inputs.Paths = attacks[:3]
	var findings []bartizan.Finding
	for i, a := range attacks {
		f := hostileFindings()[i%len(names)]
		f.Verdict, f.Rule, f.Subject.Name, f.Message = bartizan.Fail, a, a, a
		f.Evidence[0].Origin.File, f.Evidence[0].Value = a, a
		findings = append(findings, f)
	}
	run.Source = func(string) (string, bool) { return strings.Join(attacks, "\n"), true }
	page := write(t, "html", run, findings)
	for _, hash := range []string{"", "#q=pwned", "#group=workload&q=onerror", "#group=file&q=%3Cscript%3E", "#q=%3Cimg%20src=x%20onerror=" + mark + "%3E"} {
		dom, console := browser(t, page, hash)
		html := regexp.MustCompile(`<html[^>]*>`).FindString(dom)
		if strings.Contains(html, "pwned") {
			t.Errorf("%s: a script of the input ran", hash)
		}
		if !strings.Contains(html, "data-shown=") {
			t.Errorf("%s: the page's own script did not run to its end", hash)
		}
		if console != "" {
			t.Errorf("%s: the console says %s", hash, console)
		}
		for _, tag := range []string{"<img", "<iframe", "<svg onload"} {
			if strings.Contains(dom, tag) {
				t.Errorf("%s: %s is an element", hash, tag)
			}
		}
	}
}

func TestPageWithoutScripts(t *testing.T) {
	page := strings.Replace(write(t, "html", sampleRun(t), sampleFindings()), "<script>"+reportJS, "<script>", 1)
	dom, _ := browser(t, page, "") // headless Chromium cannot dump a page with its scripts off
	for _, want := range []string{`<section class="static" aria-label="Findings by rule">`, "Container is privileged", "bartizan fix deploy/ --rule workload-privileged", "deploy/broken.yaml:12"} {
		if !strings.Contains(dom, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(dom, "data-shown") {
		t.Error("the script ran: this tests nothing")
	}
}

// TestPageWithManyFindings sees that a large page draws a screenful and not everything.
func TestPageWithManyFindings(t *testing.T) {
	run := sampleRun(t)
	page := write(t, "html", run, bigFindings(run, 12000))
	dom, console := browser(t, page, "#group=workload")
	if console != "" {
		t.Errorf("the console says %s", console)
	}
	if n := strings.Count(dom, `<details class="group"`); n == 0 || n > 500 {
		t.Errorf("%d groups are drawn at once", n)
	}
	if n := strings.Count(dom, `<details class="finding"`); n > 0 {
		t.Errorf("%d findings are drawn before anyone asked", n)
	}
	dom, _ = browser(t, page, "#q=app-100+privileged")
	if n := strings.Count(dom, `<details class="finding"`); n == 0 || n > 200 {
		t.Errorf("%d findings are drawn of one rule", n)
	}
}

// TestPageIsSelfContained looks for anything that would be loaded.
func TestPageIsSelfContained(t *testing.T) {
	page := write(t, "html", sampleRun(t), sampleFindings())
	for _, bad := range []string{" src=", "<link", "@import", "url(", "fetch(", "XMLHttpRequest", "innerHTML", "insertAdjacentHTML", "document.write", "eval(", " style=\"", " onclick"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, want := range []string{"default-src 'none'", "prefers-color-scheme: dark", `lang="en"`, "<title>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}
