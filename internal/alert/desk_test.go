package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/triage"
)

var morning = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// alertAt makes an alert; its record is unique unless named.
func alertAt(after time.Duration, rule, identity string, subject bartizan.Ref, record string, addresses ...string) *detect.Alert {
	return &detect.Alert{
		Rule: rule, Title: "Title of " + rule, Source: "k8s_audit", Severity: bartizan.Medium, Priority: falco.PriorityWarning,
		Time: morning.Add(after), Identity: identity, Subject: subject, Addresses: addresses, Output: identity + " did " + rule,
		Evidence: []bartizan.Evidence{{Value: record, Origin: bartizan.Origin{File: "audit.log", Line: 1}}},
	}
}

func secret(name string) bartizan.Ref {
	return bartizan.Ref{Kind: "Secret", Namespace: "shop", Name: name}
}

// crowd makes alerts of a few rules, identities and subjects, in the order of time.
func crowd(r *rand.Rand, n int, gap time.Duration) []*detect.Alert {
	var all []*detect.Alert
	at := time.Duration(0)
	for i := range n {
		at += time.Duration(r.Int64N(int64(gap)))
		record := fmt.Sprint(i)
		if i > 0 && r.IntN(20) == 0 { // read twice
			again := *all[r.IntN(i)]
			again.Time = morning.Add(at)
			all = append(all, &again)
			continue
		}
		a := alertAt(at, fmt.Sprintf("rule-%d", r.IntN(4)), fmt.Sprintf("user-%d", r.IntN(6)), secret(fmt.Sprint(r.IntN(5))), record,
			fmt.Sprintf("10.0.0.%d", r.IntN(9)))
		a.Severity = bartizan.Severity(r.IntN(5))
		a.Tags = [][]string{nil, {"T1613"}, {"T1552.007", "mitre_credential_access"}, {"MS-TA9019"}}[r.IntN(4)]
		all = append(all, a)
	}
	return all
}

// TestNothingIsLost checks that every alert taken is shown, counted as folded in something shown, excepted or a duplicate.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		o := Options{Exceptions: []Exception{{triage.Exception{Identity: "user-1"}}}}
		o.Exceptions[0].Rule = "rule-1"
		o.Limits = Limits{
			Rule: Limit{1 + r.IntN(5), time.Minute}, Key: Limit{1 + r.IntN(3), 5 * time.Minute}, Newcomer: Limit{r.IntN(3), time.Minute},
			Summary: time.Duration(1+r.IntN(600)) * time.Second,
		}
		d := NewDesk(o)
		alerts := crowd(r, 600, time.Duration(1+r.IntN(60))*time.Second)
		var out []Shown
		taken := 0
		for i, a := range alerts {
			out = append(out, d.Take(a)...)
			if taken++; i%10 == 0 { // its record is read again, as after a crash
				out = append(out, d.Take(a)...)
				taken++
			}
		}
		out = append(out, d.Close()...)
		shown, told := 0, 0
		for _, s := range out {
			if s.Kind == KindAlert {
				shown++
			}
			if s.Kind != KindIncident {
				told += s.Alert.Folded
			}
		}
		st := d.Stats()
		if st.Taken != taken || st.Shown != shown || st.Folded != told || st.Shown+st.Folded+st.Excepted+st.Duplicates != st.Taken {
			t.Fatalf("seed %d: %d alerts, %d shown, %d told of as folded, stats %+v", seed, len(alerts), shown, told, st)
		}
		if st.Folded == 0 || st.Excepted == 0 || st.Duplicates == 0 {
			t.Fatalf("seed %d proves nothing: %+v", seed, st)
		}
	}
}

// TestFloodHidesNobody checks that one rule's flood leaves other rules alone, and that a second identity gets through it.
func TestFloodHidesNobody(t *testing.T) {
	d := NewDesk(Options{})
	shown := map[string]int{}
	for i := range 5000 {
		for _, s := range d.Take(alertAt(time.Duration(i)*10*time.Millisecond, "noisy", "noise", secret(fmt.Sprint(i)), fmt.Sprint(i))) {
			shown[s.Alert.Identity]++
		}
		if i == 4000 {
			for _, s := range d.Take(alertAt(40*time.Second, "noisy", "thief", secret("x"), "thief")) {
				shown[s.Alert.Identity]++
			}
			for _, s := range d.Take(alertAt(40*time.Second, "quiet", "noise", secret("x"), "quiet")) {
				if s.Kind == KindAlert {
					shown[s.Alert.Rule]++
				}
			}
		}
	}
	if shown["noise"] > 60 || shown["noise"] < 30 || shown["thief"] != 1 || shown["quiet"] != 1 {
		t.Errorf("shown: %v", shown)
	}
	var sum *Shown
	for _, s := range d.Close() {
		if s.Kind == KindSummary {
			sum = &s
		}
	}
	if sum == nil || sum.Alert.Rule != "noisy" || sum.Summary.Folded < 4900 || !strings.Contains(sum.Alert.Output, "of noise, on Secret shop/") {
		t.Errorf("summary: %+v", sum)
	}
}

// TestSummaryComesDue checks that what is held back is told of after a while, without a further alert.
func TestSummaryComesDue(t *testing.T) {
	d := NewDesk(Options{})
	for i := range 10 {
		d.Take(alertAt(time.Duration(i)*time.Second, "r", "u", secret("a"), fmt.Sprint(i)))
	}
	if out := d.Advance(morning.Add(4 * time.Minute)); len(out) != 0 {
		t.Errorf("too early: %+v", out)
	}
	out := d.Advance(morning.Add(6 * time.Minute))
	if len(out) != 1 || out[0].Alert.Output != "7 more alerts of this rule were held back within 6 s, of u, on Secret shop/a" || out[0].Alert.Folded != 7 {
		t.Errorf("summary: %+v", out)
	}
	if out := d.Close(); len(out) != 0 {
		t.Errorf("told twice: %+v", out)
	}
}

// TestClockAhead checks that one record from the future stops nothing for long, and that one late log does not lift limits.
func TestClockAhead(t *testing.T) {
	d := NewDesk(Options{})
	n := 0
	take := func(at time.Duration, who string) (shown int) {
		n++
		for _, s := range d.Take(alertAt(at, "r", who, secret("a"), fmt.Sprint(n))) {
			if s.Kind == KindAlert {
				shown++
			}
		}
		return shown
	}
	for i := range 40 {
		take(time.Duration(i)*time.Second, "u")
	}
	take(70*365*24*time.Hour, "clock")
	for i := range 40 {
		take(time.Minute+time.Duration(i)*time.Second, "u")
	}
	if d.now.After(morning.Add(time.Hour)) {
		t.Fatalf("it is %s", d.now)
	}
	if out := d.Advance(morning.Add(10 * time.Minute)); len(out) == 0 || out[0].Kind != KindSummary {
		t.Errorf("what was held back is not told of: %+v", out)
	}
	if take(time.Hour/2, "u") != 1 {
		t.Error("the bucket does not fill any more")
	}
	shown := 0
	for i := range 200 { // a log of yesterday is read beside that of today
		shown += take(time.Hour+time.Duration(i)*time.Second, "v")
		shown += take(-24*time.Hour+time.Duration(i)*time.Second, "v")
	}
	if shown > 10 {
		t.Errorf("%d alerts are shown", shown)
	}
}

type standings map[bartizan.Ref]Standing

func (s standings) Standing(r bartizan.Ref) (Standing, bool) { at, ok := s[r]; return at, ok }

// TestRaise checks that what stands on an attack path weighs more, and says why.
func TestRaise(t *testing.T) {
	robot := bartizan.Ref{Kind: "ServiceAccount", Namespace: "ci", Name: "robot"}
	d := NewDesk(Options{Context: standings{
		robot:       {Target: "cluster-admin", To: "do everything in the cluster"},
		secret("a"): {Target: "secrets", To: "read the Secrets of every namespace"},
	}})
	for _, c := range []struct {
		identity      string
		subject       bartizan.Ref
		from, to      bartizan.Severity
		thing         bartizan.Ref
		priorityAfter falco.Priority
	}{
		{"system:serviceaccount:ci:robot", secret("b"), bartizan.Low, bartizan.High, robot, falco.PriorityError},
		{"system:serviceaccount:ci:robot", secret("a"), bartizan.High, bartizan.Critical, robot, falco.PriorityCritical},
		{"alice", secret("a"), bartizan.Low, bartizan.Medium, secret("a"), falco.PriorityWarning},
		{"alice", secret("b"), bartizan.Low, bartizan.Low, bartizan.Ref{}, falco.PriorityWarning},
	} {
		a := alertAt(0, fmt.Sprint(c), c.identity, c.subject, "1")
		a.Severity = c.from
		out := d.Take(a)
		if len(out) == 0 {
			t.Fatal("nothing is shown")
		}
		s := out[0]
		if s.Severity() != c.to || (s.Raised != nil) != (c.from != c.to) || s.Raised != nil && (s.Raised.Thing != c.thing || s.Raised.From != c.from) || s.Alert.Priority != c.priorityAfter {
			t.Errorf("%v: %v %+v %v", c, s.Severity(), s.Raised, s.Alert.Priority)
		}
		if a.Severity != c.from {
			t.Error("the alert taken was changed")
		}
	}
}

// TestSaveRestore checks that a desk that was saved and restored anywhere gives what it would have given.
func TestSaveRestore(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 2))
		alerts := crowd(r, 300, 20*time.Second)
		options := Options{Exceptions: []Exception{{triage.Exception{Identity: "user-2"}}}}
		options.Exceptions[0].Rule = "*"
		straight, broken := NewDesk(options), NewDesk(options)
		for i, a := range alerts {
			want := straight.Take(a)
			if r.IntN(30) == 0 {
				saved, err := broken.Save()
				if err != nil {
					t.Fatal(err)
				}
				broken = NewDesk(options)
				if err := broken.Restore(saved); err != nil {
					t.Fatal(err)
				}
				if again, _ := broken.Save(); !bytes.Equal(saved, again) {
					t.Fatalf("seed %d: saved twice, differs:\n%s\n%s", seed, saved, again)
				}
			}
			if got := broken.Take(a); !bytes.Equal(lines(t, got), lines(t, want)) {
				t.Fatalf("seed %d, alert %d:\n got %s\nwant %s", seed, i, lines(t, got), lines(t, want))
			}
		}
		if got, want := lines(t, broken.Close()), lines(t, straight.Close()); !bytes.Equal(got, want) {
			t.Fatalf("seed %d, at the end:\n got %s\nwant %s", seed, got, want)
		}
		if got, want := broken.Stats(), straight.Stats(); got != want {
			t.Fatalf("seed %d: %+v, want %+v", seed, got, want)
		}
	}
}

func lines(t *testing.T, all []Shown) []byte {
	t.Helper()
	var b bytes.Buffer
	for i := range all {
		line, err := json.Marshal(&all[i])
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

// TestJSONRoundTrip checks that what is written is read again as it was.
func TestJSONRoundTrip(t *testing.T) {
	d := NewDesk(Options{Context: standings{secret("1"): {Target: "secrets"}}})
	var out []Shown
	for _, a := range crowd(rand.New(rand.NewPCG(3, 3)), 400, 20*time.Second) {
		a.Fields = []falco.OutputField{{Name: "a", Value: nil}, {Name: "b", Value: "x\x1b\u202e"}, {Name: "c", Value: uint64(7)}, {Name: "d", Value: int64(-7)}, {Name: "e", Value: true}, {Name: "f", Value: []string{"x", "y"}}}
		out = append(out, d.Take(a)...)
	}
	out = append(out, d.Close()...)
	kinds := map[Kind]int{}
	for i := range out {
		kinds[out[i].Kind]++
		text, err := json.Marshal(&out[i])
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(text, "\x1b\u202e\n") {
			t.Fatalf("not escaped: %s", text)
		}
		var back Shown
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		again, _ := json.Marshal(&back)
		if !bytes.Equal(text, again) {
			t.Fatalf("read again:\n%s\n%s", text, again)
		}
		if out[i].Kind == KindAlert && !reflect.DeepEqual(back.Alert.Fields, out[i].Alert.Fields) {
			t.Fatalf("fields: %#v", back.Alert.Fields)
		}
	}
	if kinds[KindAlert] == 0 || kinds[KindSummary] == 0 || kinds[KindIncident] == 0 {
		t.Fatalf("kinds: %v", kinds)
	}
}

// TestBoundedMemory floods a desk with ever new names.
func TestBoundedMemory(t *testing.T) {
	d := NewDesk(Options{Incidents: Grouping{Open: 50}})
	for i := range 60_000 {
		a := alertAt(time.Duration(i)*time.Millisecond, fmt.Sprintf("rule-%d", i%7), fmt.Sprintf("user-%d", i), secret(fmt.Sprint(i)), fmt.Sprint(i), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
		d.Take(a)
	}
	if d.folds.keys > maxKeys || len(d.known.young)+len(d.known.old) > 2*generation || len(d.groups.open) > 50 || len(d.groups.links) > 200 {
		t.Errorf("keys %d, known %d, open %d, links %d", d.folds.keys, len(d.known.young)+len(d.known.old), len(d.groups.open), len(d.groups.links))
	}
	for _, r := range d.folds.rules {
		if len(r.Identities) > maxIdentities {
			t.Errorf("identities: %d", len(r.Identities))
		}
	}
	if s := d.Stats(); s.Forced == 0 {
		t.Errorf("%+v", s)
	}
}

// TestOneIncident checks that an incident never outgrows its bounds, whatever joins it.
func TestOneIncident(t *testing.T) {
	d := NewDesk(Options{})
	var last Shown
	for i := range 20_000 {
		a := alertAt(time.Duration(i)*time.Second, fmt.Sprintf("rule-%d", i%3), "thief", secret(fmt.Sprint(i)), fmt.Sprint(i), fmt.Sprintf("10.0.%d.%d", i>>8&255, i&255))
		d.Take(a)
	}
	for _, s := range d.Close() {
		if s.Kind == KindIncident {
			last = s
		}
	}
	in := last.Incident
	if in == nil || in.Alerts != 20_000 || len(in.Steps) > 100 || len(in.Subjects) > maxNames || len(in.Addresses) > maxNames || in.More == 0 || in.MoreAlerts+steps(in) != in.Alerts {
		t.Errorf("%+v", in)
	}
	for _, o := range d.groups.open {
		if len(o.Links) > maxLinks {
			t.Errorf("links: %d", len(o.Links))
		}
	}
}

func steps(in *Incident) (n int) {
	for _, s := range in.Steps {
		n += s.Count
	}
	return n
}

func TestNotesAndExpiry(t *testing.T) {
	exceptions, err := ReadExceptions("x.yaml", `exceptions:
- {rule: r, identity: a, reason: known, until: 2026-11-21}
- {rule: r, identity: b, reason: known, until: 2026-11-20}
- {rule: r, identity: c, reason: known, until: 2026-11-01}
- {rule: r, identity: d, reason: known}
- {rule: other, identity: d, reason: of a rule that does not run}
- {rule: ohter, reason: misspelt}
- {rule: r, file: x.yaml, reason: about findings}
`)
	if err != nil {
		t.Fatal(err)
	}
	d := NewDesk(Options{Exceptions: exceptions, Rules: triage.Rules{Ran: []string{"r"}, Known: []string{"r", "other"}}})
	if out := d.Take(alertAt(14*time.Hour, "r", "a", secret("x"), "1")); len(out) != 0 {
		t.Errorf("the last day counts: %+v", out)
	}
	if out := d.Take(alertAt(14*time.Hour, "r", "b", secret("x"), "2")); len(out) != 1 || !strings.Contains(out[0].Expired, "x.yaml:3 expired on 2026-11-20") {
		t.Errorf("expired: %+v", out)
	}
	want := []string{
		"x.yaml:3: exception for r expired on 2026-11-20 and no longer covers 1 alert: mend what it tells of, or set a new date",
		"x.yaml:4: exception for r expired on 2026-11-01: remove it, or set a new date",
		"x.yaml:5: exception for r covers nothing: remove it",
		`x.yaml:7: exception for ohter covers nothing: there is no such rule (did you mean other?)`,
	}
	if got := d.Notes(); !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if out := d.Take(alertAt(15*time.Hour, "r", "a", secret("x"), "3")); len(out) == 0 {
		t.Error("the day after counts no more")
	}
}

// TestReusedAuditID: clients choose the audit id, so that a second deed under the id of the first is told as well.
func TestReusedAuditID(t *testing.T) {
	d := NewDesk(Options{})
	for i := range 3 {
		shown := d.Take(alertAt(time.Duration(i)*time.Hour, "audit-exec", "mallory", secret("x"), "fixed"))
		if len(shown) == 0 || shown[0].Kind != KindAlert {
			t.Errorf("deed %d under the same audit id was not told: %+v", i, shown)
		}
	}
}
