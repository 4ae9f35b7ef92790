package suggest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func hubbleLine(verdict, source, destination, l4 string, extra string) string {
	return fmt.Sprintf(`{"flow":{"time":"2026-11-02T10:00:00.123456789Z","verdict":%q,"IP":{"source":"10.0.1.5","destination":"10.0.2.9","ipVersion":"IPv4"},"l4":%s,"source":%s,"destination":%s%s},"node_name":"n1"}`,
		verdict, l4, source, destination, extra)
}

const (
	web       = `{"identity":7,"namespace":"shop","labels":["k8s:app=web"],"pod_name":"web-6d4b75cb6d-x2x4z","workloads":[{"name":"web","kind":"Deployment"}]}`
	db        = `{"namespace":"shop","pod_name":"db-0"}`
	beyondAll = `{"identity":2,"labels":["reserved:world"]}`
	host      = `{"identity":1,"labels":["reserved:host"]}`
)

func tcp(source, destination int, flags string) string {
	return fmt.Sprintf(`{"TCP":{"source_port":%d,"destination_port":%d,"flags":{%s}}}`, source, destination, flags)
}

// TestRead gives single records: what becomes of each.
func TestRead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"ours", `{"from":"shop/web","to":"shop/db","port":5432,"protocol":"tcp","count":7}`, "shop/web -> shop/db TCP/5432 7"},
		{"no protocol", `{"from":"shop/web","to":"shop/db","port":5432}`, "shop/web -> shop/db TCP/5432 1"},
		{"an address", `{"from":"::ffff:198.51.100.7","to":"shop/db","port":53,"protocol":"UDP"}`, "198.51.100.7 -> shop/db UDP/53 1"},
		{"SCTP", `{"from":"a/b","to":"c/d","port":9,"protocol":"SCTP"}`, "a/b -> c/d SCTP/9 1"},
		{"ICMP", `{"from":"a/b","to":"c/d","protocol":"ICMPv4"}`, "ignored"},
		{"port 0", `{"from":"a/b","to":"c/d","port":0,"protocol":"TCP"}`, "port 0 is none of 1 to 65535"},
		{"port too large", `{"from":"a/b","to":"c/d","port":65536,"protocol":"TCP"}`, "port 65536 is none of 1 to 65535"},
		{"a name alone", `{"from":"web","to":"c/d","port":1,"protocol":"TCP"}`, "from: write NAMESPACE/NAME, NAMESPACE/KIND/NAME or an address"},
		{"count 0", `{"from":"a/b","to":"c/d","port":1,"protocol":"TCP","count":0}`, "count is less than 1"},
		{"huge count", `{"from":"a/b","to":"c/d","port":1,"protocol":"TCP","count":9000000000000000000}`, fmt.Sprintf("a/b -> c/d TCP/1 %d", maxCount)},
		{"no time", `{"from":"a/b","to":"c/d","port":1,"protocol":"TCP","first":"yesterday"}`, "first: not a time such as 2026-01-02T15:04:05Z"},
		{"no flow", `{"a":1}`, `no flow: "from" and "to", or Hubble's "flow", are missing`},
		{"no JSON", `from: a/b`, "not a flow in JSON"},
		{"hubble", hubbleLine("FORWARDED", web, db, tcp(40000, 5432, `"SYN":true`), `,"is_reply":false`), "shop/web-6d4b75cb6d-x2x4z -> shop/db-0 TCP/5432 1"},
		{"hubble, opening", hubbleLine("FORWARDED", web, db, tcp(40000, 5432, `"SYN":true`), ""), "shop/web-6d4b75cb6d-x2x4z -> shop/db-0 TCP/5432 1"},
		{"hubble, answer", hubbleLine("FORWARDED", db, web, tcp(5432, 40000, `"SYN":true,"ACK":true`), ""), "ignored"},
		{"hubble, reply", hubbleLine("FORWARDED", db, web, tcp(5432, 40000, `"ACK":true`), `,"is_reply":true`), "ignored"},
		{"hubble, dropped", hubbleLine("DROPPED", web, db, tcp(40000, 5432, `"SYN":true`), `,"is_reply":false`), "ignored"},
		{"hubble, UDP reply", hubbleLine("FORWARDED", db, web, `{"UDP":{"source_port":53,"destination_port":40000}}`, ""), "ignored"},
		{"hubble, UDP", hubbleLine("FORWARDED", web, db, `{"UDP":{"source_port":40000,"destination_port":53}}`, ""), "shop/web-6d4b75cb6d-x2x4z -> shop/db-0 UDP/53 1"},
		{"hubble, from the world", hubbleLine("FORWARDED", beyondAll, web, tcp(40000, 8080, `"SYN":true`), ""), "10.0.1.5 -> shop/web-6d4b75cb6d-x2x4z TCP/8080 1"},
		{"hubble, from the node", hubbleLine("FORWARDED", host, web, tcp(40000, 8080, `"SYN":true`), ""), "10.0.1.5 (local) -> shop/web-6d4b75cb6d-x2x4z TCP/8080 1"},
		{"hubble, ICMP", hubbleLine("FORWARDED", web, db, `{"ICMPv4":{"type":8}}`, ""), "ignored"},
		{"ICMP", `{"from":"shop/web","to":"shop/db","protocol":"ICMPv6"}`, "ignored"},
		{"another protocol", `{"from":"shop/web","to":"shop/db","port":1,"protocol":"tpc"}`, "protocol is none of TCP, UDP and SCTP, nor ICMP"},
		{"hubble, lost", `{"lost_events":{"source":"HUBBLE_RING_BUFFER","num_events_lost":"5"}}`, "flows are missing here: Hubble lost 5; record again with a larger buffer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := Read(strings.NewReader(c.text+"\n"), "flows.jsonl")
			var got string
			switch {
			case len(log.Gaps) == 1 && len(log.Flows) == 0:
				got = log.Gaps[0].Reason
			case log.Ignored == 1 && len(log.Flows)+len(log.Gaps) == 0:
				got = "ignored"
			case len(log.Flows) == 1 && len(log.Gaps) == 0:
				f := log.Flows[0]
				local := ""
				if f.From.Local {
					local = " (local)"
				}
				got = fmt.Sprintf("%s%s -> %s %s/%d %d", f.From, local, f.To, f.Port.Protocol, f.Port.Number, f.Count)
			default:
				got = fmt.Sprintf("%+v", log)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestBothEnds: a connection that both ends report is one connection.
func TestBothEnds(t *testing.T) {
	var b strings.Builder
	for range 5 {
		for _, direction := range []string{"EGRESS", "INGRESS"} {
			b.WriteString(hubbleLine("FORWARDED", web, db, tcp(40000, 5432, `"SYN":true`), fmt.Sprintf(`,"traffic_direction":%q`, direction)) + "\n")
		}
	}
	log := Read(strings.NewReader(b.String()), "flows")
	if len(log.Flows) != 1 || log.Flows[0].Count != 5 {
		t.Errorf("got %+v, want one flow of 5 connections", log.Flows)
	}
}

func TestLongLine(t *testing.T) {
	text := `{"from":"a/b","to":"c/d","port":1,"protocol":"TCP"}` + "\n" + strings.Repeat("x", maxLine+10) + "\n" + `{"from":"a/b","to":"c/d","port":2,"protocol":"TCP"}`
	log := Read(strings.NewReader(text), "flows")
	if len(log.Flows) != 2 || len(log.Gaps) != 1 || log.Gaps[0].Origin.Line != 2 {
		t.Errorf("got %d flows and gaps %v", len(log.Flows), log.Gaps)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"from":"shop/web","to":"shop/db","port":5432,"protocol":"tcp","count":7}`)
	f.Add(hubbleLine("FORWARDED", web, db, tcp(40000, 5432, `"SYN":true`), `,"is_reply":false`))
	f.Add("{\"lost_events\":{\"num_events_lost\":\"5\"}}\n\n[]")
	f.Fuzz(func(t *testing.T, text string) {
		log := Read(strings.NewReader(text), "flows")
		lines := 0
		for _, l := range strings.Split(text, "\n") {
			if strings.TrimSpace(l) != "" {
				lines++
			}
		}
		if log.Records+log.Ignored > lines || lines > 0 && log.Records+log.Ignored+len(log.Gaps) == 0 {
			t.Errorf("%d lines became %d records, %d ignored, %d gaps", lines, log.Records, log.Ignored, len(log.Gaps))
		}
		for _, x := range log.Flows {
			if x.Port.Number == 0 || x.Count < 1 || x.From.Name == "" && !x.From.Address.IsValid() && !x.From.Local {
				t.Errorf("half a flow: %+v", x)
			}
		}
	})
}

// BenchmarkRead counts a record of each format; the plain way decodes the same line into a map.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"ours", `{"from":"shop/web-6d4b75cb6d-x2x4z","to":"shop/db-0","port":5432,"protocol":"TCP","count":7,"first":"2026-11-01T00:00:00Z","last":"2026-11-20T00:00:00Z"}` + "\n"},
		{"hubble", hubbleLine("FORWARDED", web, db, tcp(40000, 5432, `"SYN":true`), `,"is_reply":false,"traffic_direction":"EGRESS"`) + "\n"},
	} {
		text := strings.Repeat(c.line, 1000)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if log := Read(strings.NewReader(text), "flows"); log.Records != 1000 {
					b.Fatal(log.Gaps)
				}
			}
		})
		b.Run(c.name+"/map", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				for _, l := range strings.Split(text, "\n") {
					var m map[string]any
					_ = json.Unmarshal([]byte(l), &m)
				}
			}
		})
	}
}

// TestCounted: what no policy can be written for is counted, not dropped in silence.
func TestCounted(t *testing.T) {
	log := Read(strings.NewReader(hubbleLine("FORWARDED", web, db, `{"ICMPv4":{"type":8}}`, "")+"\n"+
		hubbleLine("DROPPED", web, db, `{"ICMPv4":{"type":8}}`, "")+"\n"+
		`{"from":"shop/web","to":"shop/db","protocol":"icmp"}`+"\n"+
		`{"from":"shop/web","to":"192.0.2.1","port":443,"names":["pay.example.com","not a name","*.example.com"]}`+"\n"), "flows")
	if log.ICMP != 2 || log.Ignored != 3 || log.WrongNames != 2 || log.WrongLine != 4 || len(log.Flows) != 1 || len(log.Flows[0].Names) != 1 {
		t.Errorf("%+v", log)
	}
}
