package alert

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/triage"
)

func TestExceptionMatches(t *testing.T) {
	base := func() *detect.Alert {
		a := alertAt(0, "Create/Modify Configmap [x]", "https://issuer.example.org#alice", bartizan.Ref{Kind: "secrets", Namespace: "shop", Name: "db"}, "1", "203.0.113.9", "::ffff:10.0.0.7")
		a.Fields = []falco.OutputField{
			{Name: "image", Value: []string{"nginx:1", "nginx:2"}}, {Name: "none", Value: nil}, {Name: "empty", Value: []string{}},
			{Name: "code", Value: uint64(200)}, {Name: "ok", Value: true},
		}
		return a
	}
	for _, c := range []struct {
		yaml string
		want bool
	}{
		{"rule: Create/Modify Configmap [x]", true},
		{"rule: Create/*", true},
		{"rule: Create", false},
		{"rule: '*'\n  identity: https://issuer.example.org#*", true},
		{"rule: '*'\n  identity: '*#alice'", true},
		{"rule: '*'\n  identity: '*#bob'", false},
		{"rule: '*'\n  identity: alice", false},
		{"rule: '*'\n  kind: Secret", true},
		{"rule: '*'\n  kind: secrets", true},
		{"rule: '*'\n  kind: Pod", false},
		{"rule: '*'\n  namespace: shop\n  name: d?", true},
		{"rule: '*'\n  namespace: shop\n  name: e?", false},
		{"rule: '*'\n  address: [203.0.113.0/24, 10.0.0.0/8]", true},
		{"rule: '*'\n  address: 203.0.113.9", false},
		{"rule: '*'\n  address: 0.0.0.0/0", true},
		{"rule: '*'\n  address: '::/0'", false},
		{"rule: '*'\n  fields: {image: 'nginx:*'}", true},
		{"rule: '*'\n  fields: {image: 'nginx:1'}", false},
		{"rule: '*'\n  fields: {image: 'nginx:*', code: '2??'}", true},
		{"rule: '*'\n  fields: {image: 'nginx:*', code: '4??'}", false},
		{"rule: '*'\n  fields: {none: '*'}", false},
		{"rule: '*'\n  fields: {empty: '*'}", false},
		{"rule: '*'\n  fields: {missing: '*'}", false},
		{"rule: '*'\n  fields: {ok: true}", true},
	} {
		x, err := ReadExceptions("x.yaml", "exceptions:\n- "+c.yaml+"\n  reason: r\n")
		if err != nil {
			t.Errorf("%s: %v", c.yaml, err)
			continue
		}
		if got := x[0].Matches(base()); got != c.want {
			t.Errorf("%s: %v", c.yaml, got)
		}
	}
}

func TestExceptionErrors(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"exceptions: {}", "x.yaml: it must hold a list named exceptions"},
		{"other: []", "x.yaml: it must hold a list named exceptions"},
		{"exceptions:\n- rule: r\n", "x.yaml:2: exception for r gives no reason"},
		{"exceptions:\n- reason: r\n", "x.yaml:2: rule is missing"},
		{"exceptions:\n- rule: r\n  reason: y\n  idenity: z\n", `x.yaml:4: unknown field "idenity" (did you mean identity?)`},
		{"exceptions:\n- rule: r\n  reason: y\n  until: 31.12.2026\n", `x.yaml:4: until is "31.12.2026", which is not a date`},
		{"exceptions:\n- rule: r\n  reason: y\n  address: [10.0.0.1, host]\n", `x.yaml:4: address is "host"`},
		{"exceptions:\n- rule: r\n  reason: y\n  address: []\n", "x.yaml:4: address is an empty list"},
		{"exceptions:\n- rule: r\n  reason: y\n  fields: {}\n", "x.yaml:4: fields must be a map"},
		{"exceptions:\n- rule: r\n  reason: y\n  fields: {a: [b]}\n", "x.yaml:4: the condition on a must be a text"},
		{"exceptions:\n- rule: [r]\n  reason: y\n", "x.yaml:2: rule must be a text"},
		{"exceptions:\n- r\n", "x.yaml:2: an exception is a map"},
		{"exceptions: [", "x.yaml"},
	} {
		_, err := ReadExceptions("x.yaml", c.yaml)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.yaml, err, c.want)
		}
	}
}

// TestSameFormat checks that whatever scan reads as exceptions is read here as the same, for alerts as for findings.
func TestSameFormat(t *testing.T) {
	text := "exceptions:\n- {rule: a-*, kind: Pod, namespace: shop, name: 'web-?', reason: because, until: 2027-01-31}\n- {rule: b, reason: y}\n---\nexceptions:\n- {rule: c, file: '**/x.yaml', reason: z}\n"
	want, err := triage.FromFile("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadExceptions("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != 3 || len(got) != 2 {
		t.Fatalf("%d, %d", len(want), len(got))
	}
	for i := range got {
		if fmt.Sprint(got[i].Exception) != fmt.Sprint(want[i]) {
			t.Errorf("%+v, want %+v", got[i].Exception, want[i])
		}
	}
}

// TestPropose checks that what is proposed reads back and covers the alert, and the narrow one little else.
func TestPropose(t *testing.T) {
	for _, identity := range []string{"", "alice", "system:serviceaccount:a:b", `we*ird[1]?\ "x" # y`, "no", "\x1b[31m\u202e", "é" + string(rune(0x1F600)) + "\U000E0001"} {
		for _, subject := range []bartizan.Ref{{}, secret("db"), {Kind: "pods", Namespace: "shop", Name: "web-7c9d8f5b6d-x2x4z"}, {Kind: "Node", Name: "a*[b]"}, {Kind: "Secret", Namespace: "shop"}} {
			for _, addresses := range [][]string{nil, {"10.0.0.1"}, {"2001:db8::1", "10.0.0.1"}, {"10.0.0.1", "rubbish"}} {
				for _, broad := range []bool{false, true} {
					a := alertAt(0, "Rule: with/[odd] * characters", identity, subject, "1", addresses...)
					x, notes := Propose(a, broad)
					x.Reason, x.Who = "because: #1", "me"
					back, err := ReadExceptions("x.yaml", x.YAML())
					if err != nil || len(back) != 1 || !back[0].Matches(a) {
						t.Fatalf("%q %v %v %v: %v\n%s", identity, subject, addresses, broad, err, x.YAML())
					}
					if strings.ContainsAny(x.YAML(), "\x1b\u202e") {
						t.Fatalf("not escaped: %q", x.YAML())
					}
					if (identity == "" || subject.Name == "" || broad) && len(notes) == 0 {
						t.Errorf("nothing is said of how much it covers:\n%s", x.YAML())
					}
					for _, other := range []*detect.Alert{
						alertAt(0, "other", identity, subject, "1", addresses...), alertAt(0, a.Rule, identity+"x", subject, "1", addresses...),
						alertAt(0, a.Rule, identity, bartizan.Ref{Kind: subject.Kind, Namespace: subject.Namespace, Name: subject.Name + "x"}, "1", addresses...),
						alertAt(0, a.Rule, identity, subject, "1", "192.0.2.1"),
					} {
						said := other.Rule == a.Rule && (identity == "" && other.Identity != "" || other.Subject != subject && (broad || subject.Name == "") ||
							!slices.Equal(other.Addresses, addresses) && (broad || len(addresses) == 0 || slices.Contains(addresses, "rubbish")))
						if back[0].Matches(other) && !said {
							t.Errorf("it covers %+v as well:\n%s", other, x.YAML())
						}
					}
				}
			}
		}
	}
}

// TestRead reads alerts in every form.
func TestRead(t *testing.T) {
	text := `{"schema":"bartizan.dev/v1","type":"alert","id":"aa","time":"2026-11-21T09:00:00Z","rule":"r","severity":"high","priority":"Error","identity":"alice","subject":{"kind":"Secret","namespace":"shop","name":"db"},"message":"m","fields":{"x":1},"folded":3}
{"schema":"bartizan.dev/v1","type":"incident","id":"bb"}
{"uuid":"cc","output":"09:00:00: Notice x","priority":"Notice","rule":"Attach/Exec Pod","time":"2026-11-21T09:00:00.000000001Z","output_fields":{"ka.user.name":"bob","ka.target.resource":"pods","ka.target.namespace":"shop","ka.target.name":"web","ka.sourceips":"(10.0.0.1,10.0.0.2)","ka.x":null},"source":"k8s_audit","tags":["k8s"],"hostname":"h"}
{"schema":"bartizan.dev/v1","findings":[{"rule":"pss-privileged","severity":"critical","subject":{"kind":"Pod","namespace":"","name":"web"},"fingerprint":"dd","evidence":[{"file":"web.yaml","line":3}]}],"gaps":[],"summary":{}}
{"type":"finding","rule":"x","severity":"low","fingerprint":"ee"} {"type":"gap"}
{"schema":"bartizan.dev/v1","type":"summary","failed":1}
`
	all, err := Read("x", strings.NewReader("\ufeff"+strings.ReplaceAll(text, "\n", "\r\n"))) // as a file of Windows
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range all {
		got = append(got, fmt.Sprint(w.ID, " ", w.Count, " ", w.Alert.Rule, " ", w.Alert.Severity, " ", w.Alert.Identity, " ", w.Alert.Subject, " ", w.Alert.Addresses))
	}
	want := []string{
		"aa 4 r high alice Secret shop/db []", "cc 1 Attach/Exec Pod low bob Pod shop/web [10.0.0.1 10.0.0.2]",
		"dd 1 pss-privileged critical  Pod web []", "ee 1 x low    []",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	for _, bad := range []string{"{", "[]", "1", `{"a":1}`, `{"type":"finding"}`, `{"schema":"bartizan.dev/v1","type":"alert","severity":"bad"}`, `{"rule":"r","output":"o","priority":"none"}`, `{"schema":"bartizan.dev/v1","type":"summary","rule":"r","severity":"low"}`} {
		if _, err := Read("x", strings.NewReader(bad)); err == nil || !strings.HasPrefix(err.Error(), "read alerts from x: document 1") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	if seed, err := os.ReadFile(filepath.Join("..", "sink", "notify", "testdata", "alerts.jsonl")); err == nil {
		for line := range strings.Lines(string(seed)) {
			f.Add(line)
		}
	}
	f.Add(`{"output":"x","priority":"Notice","rule":"r","time":"","output_fields":{"a":[1,null,{"b":2}],"c":18446744073709551615,"d":-1,"e":1e3}}`)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Read("x", strings.NewReader(text))
		if err != nil {
			return
		}
		for i := range all {
			a := &all[i].Alert
			x, _ := Propose(a, false)
			x.Reason = "r"
			back, err := ReadExceptions("x.yaml", x.YAML())
			if err != nil {
				if a.Rule == "" {
					continue
				}
				t.Fatalf("%v\n%s", err, x.YAML())
			}
			if !back[0].Matches(a) {
				t.Fatalf("it does not cover its alert:\n%s\n%+v", x.YAML(), a)
			}
			d := NewDesk(Options{})
			d.Take(a)
			d.Close()
		}
	})
}

func FuzzExceptions(f *testing.F) {
	f.Add("exceptions:\n- {rule: r, reason: x, until: 2027-01-01, address: [10.0.0.0/8], fields: {a: b}, who: me}\n")
	a := alertAt(0, "r", "alice", secret("x"), "1", "10.0.0.1")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ReadExceptions("x.yaml", text)
		if err != nil {
			return
		}
		for i := range all {
			if all[i].Reason == "" || all[i].Rule == "" {
				t.Fatalf("%+v", all[i])
			}
			all[i].Matches(a)
			if _, err := ReadExceptions("y.yaml", all[i].YAML()); err != nil {
				t.Fatalf("%v\n%s", err, all[i].YAML())
			}
		}
	})
}

func FuzzRestore(f *testing.F) {
	d := NewDesk(Options{})
	for i := range 40 {
		d.Take(alertAt(0, fmt.Sprint("r", i%3), "u", secret(fmt.Sprint(i%4)), fmt.Sprint(i), "10.0.0.1"))
	}
	saved, err := d.Save()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(saved))
	f.Fuzz(func(t *testing.T, text string) {
		d := NewDesk(Options{})
		if d.Restore([]byte(text)) != nil {
			return
		}
		d.Take(alertAt(0, "r0", "u", secret("1"), "x", "10.0.0.1"))
		d.Advance(morning.AddDate(1, 0, 0))
		d.Close()
		if _, err := d.Save(); err != nil {
			if _, isJSON := err.(*json.UnsupportedValueError); !isJSON && !strings.Contains(err.Error(), "year outside") {
				t.Fatal(err)
			}
		}
	})
}
