package notify

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

func TestConfig(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ReadConfig("full.yaml", string(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Targets) != len(kinds) || c.Limits.Key != (alert.Limit{Burst: 2, Every: 10 * time.Minute}) || c.Limits.Summary != 10*time.Minute ||
		c.Limits.Rules[0].Rule.Burst != 5 || c.Limits.Rules[0].Key.Burst != 2 || c.Incidents.Idle != time.Hour || c.Spool != "/var/lib/bartizan/alerts" ||
		c.Targets[0].sending.items != 50 || c.Targets[0].sending.queue != 128<<20 || c.Targets[0].Severity.String() != "medium" {
		t.Errorf("%+v", c)
	}
	empty, err := ReadConfig("x", "")
	if err != nil || empty.Limits.Rule != alert.DefaultLimits().Rule {
		t.Errorf("%+v %v", empty, err)
	}
}

func TestConfigErrors(t *testing.T) {
	hook := "outputs:\n- name: a\n  type: webhook\n  "
	for _, c := range []struct{ yaml, want string }{
		{"output: []", `x.yaml:1: unknown key "output" (did you mean outputs?): use incidents, limits, outputs, spool`},
		{"outputs: {}", "x.yaml:1: outputs must be a list"},
		{"outputs:\n- name: a", "x.yaml:2: an output must have a type"},
		{"outputs:\n- name: a\n  type: webhok", `x.yaml:3: type is "webhok" (did you mean webhook?)`},
		{hook + "url: https://x\n  sevrity: high", `x.yaml:5: unknown key "sevrity" (did you mean severity?)`},
		{hook + "url: https://x\n  severity: hgih", `x.yaml:5: severity is "hgih" (did you mean high?)`},
		{hook + "timeout: 5s", "x.yaml:2: url is missing"},
		{hook + "url: http://example.org/t0ken", "x.yaml:4: url begins with http://, so that everybody on the way reads along"},
		{hook + "url: ftp://example.org/t0ken", "x.yaml:4: url must begin with https://"},
		{hook + "url: '://t0ken'", "x.yaml:4: url is not a URL"},
		{hook + "url: {file: a, env: b}", "x.yaml:4: url must name either a file or an environment variable"},
		{hook + "url: {flie: a}", `x.yaml:4: unknown key "flie" (did you mean file?)`},
		{hook + "url: ''", "x.yaml:4: url is empty"},
		{hook + "url: https://x\n  timeout: fast", `x.yaml:5: timeout is "fast": write a duration`},
		{hook + "url: https://x\n  timeout: 100h", "x.yaml:5: timeout is"},
		{hook + "url: https://x\n  queue: 1PB", `x.yaml:5: queue is "1PB": write a size`},
		{hook + "url: https://x\n  batch: {items: 0}", "x.yaml:5: items must be a number from 1"},
		{hook + "url: https://x\n  headers: {Host: x}", `x.yaml:5: "Host" cannot be set as a header`},
		{hook + "url: https://x\n  headers: {'a b': x}", `x.yaml:5: "a b" cannot be set as a header`},
		{hook + "url: https://x\n  headers: 5", "x.yaml:5: headers must be a map"},
		{hook + "url: https://x\n  tls: {cert: x}", "x.yaml:5: cert and key belong together"},
		{hook + "url: https://x\n  signature: {header: X}", "x.yaml:5: signature needs a secret"},
		{hook + "url: https://x\n  show: [alerts]", `x.yaml:5: show names "alerts": use alert, summary, incident`},
		{hook + "url: https://x\n- name: a\n  type: webhook\n  url: https://x", `x.yaml:5: two outputs are named "a"`},
		{"outputs:\n- type: webhook\n  url: https://x\n  name: ../a", `x.yaml:2: name is "../a"`},
		{"outputs:\n- type: webhook\n  url: https://x\n  url: https://y\n  name: a", `x.yaml:4: key "url" was written on line 3 already`},
		{"outputs:\n- type: syslog\n  name: a\n  network: tcp\n  address: host", `x.yaml:2: address is "host": write HOST:PORT`},
		{"outputs:\n- type: syslog\n  name: a\n  tls: {ca: x}", "x.yaml:2: tls is for network: tls"},
		{"outputs:\n- type: file\n  name: a", "x.yaml:2: path is missing"},
		{"outputs:\n- type: alertmanager\n  name: a\n  url: https://x\n  labels: {a-b: c}", `x.yaml:5: "a-b" is no name of a label`},
		{"outputs:\n- type: alertmanager\n  name: a\n  url: https://x\n  replicas:\n  - http://example.org/t0ken", "x.yaml:6: url begins with http://"},
		{"outputs:\n- type: template\n  name: a\n  url: https://x", "x.yaml:2: body is missing"},
		{"outputs:\n- type: template\n  name: a\n  url: https://x\n  body: {text: '{{.Titel}}'}", "x.yaml:5: the template of text: .Titel is unknown (did you mean .Title?)"},
		{"outputs:\n- type: template\n  name: a\n  url: https://x\n  body: {text: '{{if .Title}}x'}", "x.yaml:5: the template of text:"},
		{"limits: {rules: [{rule: {burst: 1}}]}", "x.yaml:1: match is missing"},
		{"limits: {key: {every: 0s}}", `x.yaml:1: every is "0s"`},
		{"a: b\n---\nc: d", "x.yaml:1: unknown key"},
		{"spool: a\n---\nspool: b", "x.yaml:3: a second document"},
		{"outputs: [", "read alerts file"},
		{"- a", "x.yaml:1: the file must be a map"},
	} {
		_, err := ReadConfig("x.yaml", c.yaml)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "t0ken") {
			t.Errorf("%s\n got %v\nwant %s", c.yaml, err, c.want)
		}
	}
}

// TestTemplatesAreTame checks that a template can do no more than put texts together.
func TestTemplatesAreTame(t *testing.T) {
	for _, bad := range []string{
		"{{define `x`}}{{end}}", "{{block `x` .}}{{end}}", "{{template `text`}}", "{{range .Title}}{{end}}", "{{printf `%999999999d` 1}}", "{{call .Title}}",
		"{{$x := .Title}}{{$x}}", "{{.Title.X}}", "{{(.Title).X}}", "{{with .Title}}{{.Rule}}{{end}}", "{{index .Title 1}}", "{{html .Title}}", "{{first .Title 1}}",
		"{{break}}", "{{nil}}", "{{true}}", strings.Repeat("x", maxMessage+1), "{{", "{{if}}{{end}}", "{{or `a`}}",
	} {
		if _, err := parseTemplate(bad); err == nil {
			t.Errorf("%.40s is taken", bad)
		}
	}
	for _, good := range []string{"", "plain", "{{.Title}}", "{{with .Raised}}{{.}} {{$.Rule}}{{else}}{{.Rule}}{{end}}", "{{if .Raised}}a{{else if .Folded}}b{{end}}", "{{/* c */}}{{- upper (or .Title .Rule) -}}", "{{first 3 .Title | lower}}", "{{.}}"} {
		if _, err := parseTemplate(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

// TestSpoolDamage damages the files of a queue in every way that a test can think of: it opens, gives what is sound, in
// order, and takes more.
func TestSpoolDamage(t *testing.T) {
	record := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%26)}, 300_000+i) }
	build := func() string {
		dir := t.TempDir()
		q, err := openSpool(dir, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			if err := q.put([][]byte{record(i)}); err != nil {
				t.Fatal(err)
			}
		}
		head, err := q.peek(3, 1<<30)
		if err != nil || len(head) != 3 {
			t.Fatal(err)
		}
		if err := q.done(head); err != nil {
			t.Fatal(err)
		}
		q.close()
		return dir
	}
	segments := func(dir string) []string {
		names, err := filepath.Glob(filepath.Join(dir, "*"+segmentEnding))
		if err != nil || len(names) < 3 {
			t.Fatalf("%v %v", names, err)
		}
		return names
	}
	change := func(file string, f func([]byte) []byte) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	for name, c := range map[string]struct {
		damage         func(dir string)
		first, atLeast int
	}{
		"none":      {func(string) {}, 3, 37},
		"torn tail": {func(d string) { s := segments(d); change(s[len(s)-1], func(b []byte) []byte { return b[:len(b)-10] }) }, 3, 36},
		"torn head": {func(d string) { s := segments(d); change(s[len(s)-1], func(b []byte) []byte { return b[:5] }) }, 3, 20},
		"rubbish behind": {func(d string) {
			s := segments(d)
			change(s[len(s)-1], func(b []byte) []byte { return append(b, "rubbish rubbish"...) })
		}, 3, 37},
		"bit in middle": {func(d string) { change(segments(d)[1], flip) }, 3, 20},
		"bit in first":  {func(d string) { change(segments(d)[0], flip) }, 3, 20},
		"huge length": {func(d string) {
			change(segments(d)[1], func(b []byte) []byte { copy(b, "\xff\xff\xff\xff"); return b })
		}, 3, 20},
		"segment gone":    {func(d string) { os.Remove(segments(d)[1]) }, 3, 20},
		"first gone":      {func(d string) { os.Remove(segments(d)[0]) }, 13, 20},
		"position gone":   {func(d string) { os.Remove(filepath.Join(d, "position")) }, 0, 40},
		"position broken": {func(d string) { change(filepath.Join(d, "position"), func([]byte) []byte { return []byte("x") }) }, 0, 40},
		"position ahead":  {func(d string) { change(filepath.Join(d, "position"), func([]byte) []byte { return []byte("999999") }) }, 40, 0},
		"other files":     {func(d string) { os.WriteFile(filepath.Join(d, "zzz"+segmentEnding), []byte("x"), 0o600) }, 3, 37},
	} {
		dir := build()
		c.damage(dir)
		q, err := openSpool(dir, 1<<30)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := openSpool(dir, 1<<30); err == nil {
			t.Errorf("%s: opened twice", name)
		}
		if err := q.put([][]byte{[]byte("the last")}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got [][]byte
		for {
			some, err := q.peek(4, 1<<30)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(some) == 0 {
				break
			}
			got = append(got, some...)
			if err := q.done(some); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if len(got) == 0 || string(got[len(got)-1]) != "the last" || len(got)-1 < c.atLeast || len(got) > 1 && len(got[0]) != len(record(c.first)) || q.left() != 0 {
			t.Errorf("%s: %d records, %d left", name, len(got), q.left())
		}
		for i := 1; i+1 < len(got); i++ {
			if len(got[i]) <= len(got[i-1]) {
				t.Errorf("%s: out of order", name)
			}
		}
		q.close()
		again, err := openSpool(dir, 1<<30)
		if err != nil || again.left() != 0 {
			t.Errorf("%s: opened again: %v, %d left", name, err, again.left())
		}
		again.close()
	}
}

func FuzzSpool(f *testing.F) {
	whole := func(records ...string) []byte {
		var b []byte
		for _, r := range records {
			b = binary.LittleEndian.AppendUint32(b, uint32(len(r)))
			b = binary.LittleEndian.AppendUint32(b, crc32.Checksum([]byte(r), castagnoli))
			b = append(b, r...)
		}
		return b
	}
	f.Add(whole("a", "bb", ""), whole("c"), "1")
	f.Add([]byte("rubbish"), []byte{}, "x")
	dir := f.TempDir()
	n := 0
	f.Fuzz(func(t *testing.T, first, second []byte, position string) {
		n++
		at := filepath.Join(dir, fmt.Sprint(n))
		defer os.RemoveAll(at)
		if err := os.Mkdir(at, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string][]byte{"0000000000000000.queue": first, "0000000000000003.queue": second, "position": []byte(position)} {
			if err := os.WriteFile(filepath.Join(at, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		q, err := openSpool(at, 1<<20)
		if err != nil {
			return
		}
		defer q.close()
		if err := q.put([][]byte{[]byte("new")}); err != nil {
			t.Fatal(err)
		}
		var last []byte
		for range 1000 {
			some, err := q.peek(2, 100)
			if err != nil {
				t.Fatal(err)
			}
			if len(some) == 0 {
				break
			}
			last = some[len(some)-1]
			if err := q.done(some); err != nil {
				t.Fatal(err)
			}
		}
		if string(last) != "new" || q.left() != 0 {
			t.Fatalf("the last is %q, %d left", last, q.left())
		}
	})
}

func FuzzConfig(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	for d, err := range tree.Parse(string(text), tree.DefaultLimits()) {
		if err != nil {
			f.Fatal(err)
		}
		for item := range d.Root().Get("outputs").Items() {
			begin, end := item.Span()
			f.Add("outputs:\n- " + d.Source()[begin:end])
		}
	}
	f.Fuzz(func(_ *testing.T, text string) {
		c, err := ReadConfig("x.yaml", text)
		if err == nil {
			alert.NewDesk(alert.Options{Limits: c.Limits, Incidents: c.Incidents})
		}
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add("{{with .Raised}}{{.}} {{$.Rule}}{{else}}{{first 3 .Rule | upper}}{{end}}", "x")
	f.Fuzz(func(t *testing.T, text, value string) {
		p, err := parseTemplate(text)
		if err != nil {
			return
		}
		if _, err := fill(p, &templateData{Title: value, Raised: value}); err != nil && !strings.Contains(err.Error(), "grows beyond") {
			t.Fatalf("it was checked, and fails: %v", err)
		}
	})
}

// TestHostile shows what an attacker would write into every output: nothing of it is taken as a command or breaks a line.
func TestHostile(t *testing.T) {
	evil := "\x1b]0;x\x07\r\n<1>1 - - - - - forged \u202e\u2028\x00\xff{{.}}\"],=|"
	for _, s := range sample(t) {
		s.Alert.Rule, s.Alert.Title, s.Alert.Output, s.Alert.Identity, s.Alert.Subject.Name, s.Expired = evil, evil, evil, evil, evil, evil
		s.Alert.Addresses, s.Alert.Tags = []string{evil}, []string{evil}
		if s.Incident != nil {
			s.Incident.Identities, s.Incident.Text = []string{evil}, evil
			s.Incident.Steps = append([]alert.Step{{Rule: evil, Identity: evil, Title: evil, Output: evil}}, s.Incident.Steps...)
		}
		var b bytes.Buffer
		for _, o := range []Output{NewText(&b, TextOptions{}), NewJSONL(&b), NewFalco(&b, evil)} {
			if err := o.Write(context.Background(), []alert.Shown{s}); err != nil {
				t.Fatal(err)
			}
		}
		p := &place{hostname: evil, version: evil, now: time.Now}
		b.WriteString(cef(&s, evil) + "\n")
		for _, form := range []string{"text", "json", "falco", "cef"} {
			m, err := (&syslog{place: p, app: evil, format: form}).message(&s)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(append(bytes.ReplaceAll(m, []byte("\ufeff"), nil), '\n'))
		}
		if i := bytes.IndexAny(b.Bytes(), "\x1b\x07\r\x00\u202e\u2028"); i >= 0 {
			t.Fatalf("not escaped: %q", b.Bytes()[max(i-80, 0):i+10])
		}
		for line := range strings.Lines(b.String()) {
			if strings.HasPrefix(line, "{") && !json.Valid([]byte(line)) || strings.HasPrefix(line, "<1>") {
				t.Fatalf("broken: %q", line)
			}
		}
	}
}
