package alert

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
)

// components groups alerts by definition: two belong together if they have a link key in common and lie no more than
// idle apart, or both belong together with a third.
func components(alerts []*detect.Alert, idle time.Duration) [][]string {
	parent := make([]int, len(alerts))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	keys := make([][]string, len(alerts))
	for i, a := range alerts {
		keys[i] = linkKeys(&Shown{Alert: *a})
	}
	for i, a := range alerts {
		for j, b := range alerts[:i] {
			if a.Time.Sub(b.Time).Abs() <= idle && slices.ContainsFunc(keys[i], func(k string) bool { return slices.Contains(keys[j], k) }) {
				parent[find(i)] = find(j)
			}
		}
	}
	groups := map[int][]string{}
	for i, a := range alerts {
		groups[find(i)] = append(groups[find(i)], a.Evidence[0].Value)
	}
	return sortedGroups(groups)
}

func sortedGroups[K comparable](groups map[K][]string) (out [][]string) {
	for _, g := range groups {
		slices.Sort(g)
		out = append(out, g)
	}
	slices.SortFunc(out, slices.Compare[[]string])
	return out
}

// TestIncidentsAreComponents compares the incidents of random alerts, delivered out of order within the slack, with their
// definition. The incident of an alert is the one that it was put into, or the one that this was joined to.
func TestIncidentsAreComponents(t *testing.T) {
	const slack = time.Minute
	biggest, most := 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 4))
		idle := time.Duration(1+r.IntN(10)) * time.Minute
		var alerts []*detect.Alert
		at := time.Duration(0)
		for i := range 120 {
			at += time.Duration(r.Int64N(int64(90 * time.Second)))
			a := alertAt(at, fmt.Sprintf("rule-%d", r.IntN(4)), fmt.Sprintf("user-%d", r.IntN(30)), secret(fmt.Sprint(r.IntN(40))), fmt.Sprint(i))
			for range r.IntN(3) {
				a.Addresses = append(a.Addresses, fmt.Sprintf("10.0.0.%d", r.IntN(40)))
			}
			switch r.IntN(8) {
			case 0:
				a.Subject = bartizan.Ref{Kind: "serviceaccounts", Namespace: "shop", Name: fmt.Sprint(r.IntN(5))}
			case 1:
				a.Identity = fmt.Sprintf("system:serviceaccount:shop:%d", r.IntN(5))
			case 2:
				a.Identity, a.Subject, a.Addresses = "", bartizan.Ref{}, nil
			}
			alerts = append(alerts, a)
		}
		want := components(alerts, idle)
		g := newGroups(Grouping{Idle: idle, Slack: slack, Open: 1000, Steps: 100, Shared: 1000})
		members := map[string][]string{}
		of := map[string]string{} // the incident of an alert
		for _, a := range shuffled(r, alerts, slack) {
			g.advance(a.Time)
			before := slices.Sorted(maps.Keys(g.open))
			id, _ := g.take(&Shown{ID: digest([]byte(a.Evidence[0].Value)), Alert: *a})
			of[a.Evidence[0].Value] = id
			for _, gone := range before {
				if g.open[gone] == nil { // joined
					for alert, in := range of {
						if in == gone {
							of[alert] = id
						}
					}
				}
			}
		}
		for alert, id := range of {
			members[id] = append(members[id], alert)
		}
		if got := sortedGroups(members); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d, idle %s:\n got %v\nwant %v", seed, idle, got, want)
		}
		most = max(most, len(want))
		for _, w := range want {
			biggest = max(biggest, len(w))
		}
	}
	if biggest < 20 || most < 20 {
		t.Errorf("the alerts prove nothing: at most %d incidents, at most %d in one", most, biggest)
	}
}

// shuffled delivers alerts out of order, none later than slack after a later one.
func shuffled(r *rand.Rand, alerts []*detect.Alert, slack time.Duration) []*detect.Alert {
	delay := map[*detect.Alert]time.Time{}
	for _, a := range alerts {
		delay[a] = a.Time.Add(time.Duration(r.Int64N(int64(slack))))
	}
	out := slices.Clone(alerts)
	slices.SortStableFunc(out, func(a, b *detect.Alert) int { return delay[a].Compare(delay[b]) })
	return out
}

// TestIncidentStory plays an attack and reads what is told of it.
func TestIncidentStory(t *testing.T) {
	d := NewDesk(Options{Context: standings{
		{Kind: "ServiceAccount", Namespace: "shop", Name: "web"}: {Target: "cluster-admin", To: "do everything in the cluster"},
	}})
	pod := bartizan.Ref{Kind: "pods", Namespace: "shop", Name: "web-0"}
	var out []Shown
	take := func(after time.Duration, severity bartizan.Severity, a *detect.Alert, tags ...string) {
		a.Severity, a.Tags, a.Time = severity, tags, morning.Add(after)
		out = append(out, d.Take(a)...)
	}
	take(0, bartizan.Medium, alertAt(0, "exec", "mallory", pod, "1", "203.0.113.9"), "T1609", "MS-TA9006")
	take(2*time.Minute, bartizan.Low, alertAt(0, "review", "system:serviceaccount:shop:web", bartizan.Ref{}, "2", "10.1.0.7"), "T1613")
	take(3*time.Minute, bartizan.Medium, alertAt(0, "token", "mallory", bartizan.Ref{Kind: "serviceaccounts", Namespace: "shop", Name: "web"}, "3", "203.0.113.9"), "T1528")
	take(9*time.Minute, bartizan.High, alertAt(0, "binding", "system:serviceaccount:shop:web", bartizan.Ref{Kind: "ClusterRoleBinding", Name: "x"}, "4", "203.0.113.9"), "T1098.006")
	out = append(out, d.Advance(morning.Add(2*time.Hour))...)
	var told []string
	var last *Incident
	for _, s := range out {
		if s.Incident != nil {
			last = s.Incident
			told = append(told, fmt.Sprint(last.State, " ", last.Severity, " ", last.Alerts, " ", last.Tactics))
		}
	}
	want := []string{
		"opened high 3 [execution credential-access discovery]",
		"grown critical 4 [execution persistence credential-access discovery]",
		"ended critical 4 [execution persistence credential-access discovery]",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told:\n%s", strings.Join(told, "\n"))
	}
	text := `4 alerts of 4 rules within 9 min by mallory and system:serviceaccount:shop:web from 10.1.0.7 and 203.0.113.9. As attacks go: execution, then persistence, then credential access, then discovery. It began with "Title of exec"; the gravest is "Title of binding" (critical) on ClusterRoleBinding x. ServiceAccount shop/web stands on an attack path to cluster-admin: do everything in the cluster.`
	if last == nil || last.Text != text || len(last.Steps) != 4 || last.Steps[0].Rule != "exec" {
		t.Errorf("%+v", last)
	}
	if len(d.groups.links) != 0 || len(d.groups.open) != 0 {
		t.Errorf("left: %d links, %d incidents", len(d.groups.links), len(d.groups.open))
	}
}

// TestSharedAddress checks that an address that many identities come from joins nobody.
func TestSharedAddress(t *testing.T) {
	d := NewDesk(Options{})
	for i := range 100 {
		d.Take(alertAt(time.Duration(i)*time.Second, "r", fmt.Sprintf("user-%d", i), secret(fmt.Sprint(i)), fmt.Sprint(i), "10.0.0.1"))
	}
	if n := len(d.groups.open); n != 92 {
		t.Errorf("%d incidents, want one for the first nine identities and one for each of the rest", n)
	}
}

func TestTactics(t *testing.T) {
	for _, c := range []struct{ tags, tactics, techniques string }{
		{"T1613 T1552.007 x k8s", "credential-access discovery", "T1613 T1552.007"},
		{"mitre_persistence mitre_initial_access T1613", "initial-access persistence", "T1613"},
		{"MS-TA9001 MS-TA9005 MS-TA9019 MS-TA9040 MS-TA9041", "initial-access privilege-escalation collection impact", "MS-TA9001 MS-TA9005 MS-TA9019 MS-TA9040 MS-TA9041"},
		{"TA0001 T16 T1613.1 NIST_800-53_AC-6", "", ""},
		{"t1611", "privilege-escalation", "T1611"},
	} {
		tags := strings.Fields(c.tags)
		if got := strings.Join(Tactics(tags), " "); got != c.tactics {
			t.Errorf("tactics of %s: %s", c.tags, got)
		}
		if got := strings.Join(Techniques(tags), " "); got != c.techniques {
			t.Errorf("techniques of %s: %s", c.tags, got)
		}
	}
}
