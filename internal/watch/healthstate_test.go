package watch

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
)

// TestSilentOverRestart: an API server that stopped recording while nobody watched is told of, by its heartbeat or by its
// silence, once over any number of restarts; and one whose log is not followed any more is not.
func TestSilentOverRestart(t *testing.T) {
	start := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	var told []string
	tell := func(a *detect.Alert) { told = append(told, a.Subject.Name+" "+a.Rule) }
	h := newHealth(true, time.Minute)
	for _, name := range []string{"beating", "plain", "gone"} {
		h.of(name).input = "file /" + name
	}
	for i := range 8 {
		at := start.Add(time.Duration(i) * 10 * time.Second).Format(time.RFC3339)
		h.of("beating").observe(decoded(t, fmt.Sprintf(`{"auditID":"%d","stage":"ResponseComplete","verb":"update","user":{"username":"system:apiserver"},"objectRef":{"resource":"leases","namespace":"kube-system","name":"apiserver-x"},`+
			`"requestObject":{"spec":{"holderIdentity":"x"}},"stageTimestamp":"%s"}`, i, at)), bartizan.Origin{}, tell)
		h.of("plain").observe(decoded(t, fmt.Sprintf(`{"auditID":"p%d","stage":"ResponseComplete","stageTimestamp":"%s"}`, i, at)), bartizan.Origin{}, tell)
	}
	h.of("gone").observe(decoded(t, `{"auditID":"g","stage":"ResponseComplete","stageTimestamp":"2026-11-21T10:00:00Z"}`), bartizan.Origin{}, tell)
	now := start.Add(time.Hour)
	for restart := range 3 {
		text, err := json.Marshal(kept{Version: stateVersion, Streams: h.save()})
		if err != nil {
			t.Fatal(err)
		}
		k, err := parseState(text)
		if err != nil {
			t.Fatal(err)
		}
		h = newHealth(true, time.Minute)
		h.restore(k.Streams, []Input{{Key: "file /beating"}, {Key: "file /plain"}}, now.UnixNano())
		for range 100 {
			now = now.Add(time.Second)
			h.pass(now, true, tell)
		}
		want := "beating " + RuleSilent + ", plain " + RuleSilent
		if got := strings.Join(told, ", "); got != want {
			t.Fatalf("after restart %d: told %s, want %s", restart+1, got, want)
		}
	}
}
