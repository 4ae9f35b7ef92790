package sink

import (
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
)

// Every line with SECRET must be hidden, every line with SHOWN must stay, wherever an excerpt is cut.
const secretsYAML = `apiVersion: v1
kind: Secret
metadata:
  name: SHOWN-name
data:
  username: SECRET
  a: SECRET
stringData:
  config.ini: |
    [db]
    host = SECRET
    more = SECRET
type: SHOWN
---
apiVersion: v1
kind: Pod
metadata:
  annotations:
    last-applied: '{"data":{"password":"SECRET"}}'
    note: SHOWN
spec:
  automountServiceAccountToken: true # SHOWN
  containers:
    - name: SHOWN
      args:
        - --password=SECRET
        - --token SECRET
        - --verbose=SHOWN
        - postgres://user:SECRET@db/x
        - AKIASECRET0123456789
      env:
        - name: DB_PASSWORD
          value: SECRET
        - name: MODE
          value: SHOWN
        - value: SECRET
          name: API_TOKEN
        - name: KEY
          value: >-
            SECRET
            SECRET
        - {name: SMTP_PASSWORD, value: SECRET}
        - name: FROM
          valueFrom: {secretKeyRef: {name: SHOWN, key: SHOWN}}
      envFrom:
        - secretRef: {name: SHOWN}
  volumes:
    - secret: {secretName: SHOWN}
---
apiVersion: v1
kind: ConfigMap
data:
  app.properties: |
    db.password=SECRET
    db.host=SHOWN
  token: SECRET
  url: SHOWN
  key.pem: |
    -----BEGIN PRIVATE KEY SECRET
    abc SECRET
`

func TestExcerptsHideSecrets(t *testing.T) {
	lines := strings.Split(secretsYAML, "\n")
	run := &Run{Source: func(string) (string, bool) { return secretsYAML, true }}
	for n := 1; n <= len(lines); n++ {
		x := newExcerpts(run)
		f := bartizan.Finding{Evidence: []bartizan.Evidence{{Origin: bartizan.Origin{File: "x", Line: n}}}}
		i, ok := x.of(f)
		if !ok {
			if n != len(lines) {
				t.Errorf("line %d has no excerpt", n)
			}
			continue
		}
		for j, text := range x.list[i].Lines {
			source := lines[x.list[i].Start+j-1]
			if strings.Contains(text, "SECRET") {
				t.Errorf("the excerpt at line %d shows %q", n, text)
			}
			if strings.Contains(source, "SHOWN") && !strings.Contains(source, "SECRET") && text != source {
				t.Errorf("the excerpt at line %d hides %q", n, source)
			}
		}
	}
}

func TestExcerptOfARedactingRule(t *testing.T) {
	run := sampleRun(t)
	text := "a: 1\nzone: eu-1\nb: 2\n"
	run.Source = func(string) (string, bool) { return text, true }
	f := sampleFindings()[14] // of the rule that redacts
	f.Evidence[0].Origin = bartizan.Origin{File: "x", Line: 2}
	f.Evidence[0].Value = "eu-1"
	other := sampleFindings()[15]
	other.Evidence[0].Origin = bartizan.Origin{File: "x", Line: 1}
	page := write(t, "html", run, []bartizan.Finding{other, f})
	if strings.Contains(page, "eu-1") {
		t.Error("the page shows the value that a rule with redact found")
	}
	if !strings.Contains(page, `"zone: ••••••"`) {
		t.Error("the page has no excerpt with the value hidden")
	}
}

func TestNoSecretInAnyFormat(t *testing.T) {
	for _, format := range Formats() {
		run := sampleRun(t)
		if format == "oscal" {
			withFramework(run)
		}
		if strings.Contains(write(t, format, run, sampleFindings()), "hunter2") {
			t.Errorf("%s shows the password", format)
		}
	}
}
