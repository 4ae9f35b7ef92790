package hunt

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// names is a resolver of two names.
type names map[string][]netip.Addr

// LookupNetIP looks into the map.
func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if found := n[host]; found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("no such host")
}

func TestParseTargets(t *testing.T) {
	look := names{"node-1": {netip.MustParseAddr("2001:db8::7"), netip.MustParseAddr("192.0.2.7")}}
	for text, want := range map[string]string{
		"192.0.2.7":                 "192.0.2.7 0 ",
		"192.0.2.7:10250":           "192.0.2.7 10250 ",
		"kubelet=192.0.2.7":         "192.0.2.7 10250 Kubelet",
		"KubeletReadOnly=192.0.2.7": "192.0.2.7 10255 KubeletReadOnly",
		"scheduler=192.0.2.7":       "192.0.2.7 10259 Scheduler",
		"etcd=[2001:db8::1]:2379":   "2001:db8::1 2379 Etcd",
		"2001:db8::1":               "2001:db8::1 0 ",
		"[fe80::1%eth0]:10250":      "fe80::1%eth0 10250 ",
		"fe80::1%eth0":              "fe80::1%eth0 0 ",
		"::ffff:192.0.2.9":          "192.0.2.9 0 ",
		"node-1:6443":               "192.0.2.7 6443 ,2001:db8::7 6443 ",
		"192.0.2.0/30":              "192.0.2.1 0 ,192.0.2.2 0 ",
		"192.0.2.7/32":              "192.0.2.7 0 ",
		"2001:db8::/126":            "2001:db8:: 0 ,2001:db8::1 0 ,2001:db8::2 0 ,2001:db8::3 0 ",
		"10.0.0.0/19":               "error: 4096",
		"2001:db8::/64":             "error: 4096",
		"0.0.0.0/0":                 "error: 4096",
		"https://192.0.2.7":         "error: scheme",
		"fe80::1":                   "error: interface",
		"192.0.2.7:0":               "error: port",
		"192.0.2.7:99999":           "error: port",
		"nobody":                    "error: no such host",
		"ssh=192.0.2.7":             "error: no such service",
		"a b":                       "error: neither",
		"-":                         "error: no such host",
		"":                          "error: neither",
		"ba\x1bd":                   "error: neither",
	} {
		targets, err := ParseTargets(t.Context(), look, []string{text})
		if fault, bad := strings.CutPrefix(want, "error: "); bad {
			if err == nil || !strings.Contains(err.Error(), fault) {
				t.Errorf("%q: error %v, want one with %q", text, err, fault)
			}
			continue
		}
		var got []string
		for _, x := range targets {
			got = append(got, fmt.Sprintf("%s %d %s", x.Addr, x.Port, x.Service))
		}
		if err != nil || strings.Join(got, ",") != want {
			t.Errorf("%q: %q, %v; want %q", text, strings.Join(got, ","), err, want)
		}
	}
	if _, err := ParseTargets(t.Context(), look, []string{"10.0.0.0/20", "10.1.0.0/20"}); err == nil {
		t.Error("two networks together may be larger than the bound")
	}
	twice, err := ParseTargets(t.Context(), look, []string{"192.0.2.7", "192.0.2.6/31"})
	if err != nil || len(twice) != 2 {
		t.Errorf("an address named twice: %v, %v", twice, err)
	}
}

func TestParseAsk(t *testing.T) {
	for text, ok := range map[string]bool{
		"GET /pods": true, "GET /": true, "HEAD /x": true, "OPTIONS /x": true, "POST /v3/kv/range": true, "POST {webhook}": true,
		"POST /run/bartizan-hunt/no-such-pod/no-such-container?cmd=true":              true,
		"GET /exec/bartizan-hunt/no-such-pod/no-such-container?command=true&output=1": true,
		"POST /api/v1/pods": false, "DELETE /api/v1/pods": false, "PUT /x": false, "PATCH /x": false, "get /x": false,
		"POST /v3/kv/put": false, "POST /run/default/web/c?cmd=true": false, "GET /exec/default/web/c?command=sh": false,
		"GET /debug/pprof/profile": false, "GET /debug/pprof/trace?seconds=60": false, "GET //other/x": false, "GET http://other/": false,
		"GET /x\r\nHost: y": false, "GET /a b": false, "GET": false, "": false, "GET /run/../exec/default/web/c": false,
		"GET /%65xec/default/web/c": false, "GET /api/v1/nodes/n/proxy/run/x": false, "GET /attach/default/web/c": false,
		"POST /v3/kv/range?x=1": false,
	} {
		if _, err := parseAsk(text); (err == nil) != ok {
			t.Errorf("%q: %v, want ok %v", text, err, ok)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		service, version, want string
	}{
		{APIServer, "v1.12.2", "CVE-2018-1002105"}, {APIServer, "v1.36.3", ""},
		{APIServer, "1.18.5-gke.1", "CVE-2020-8559"}, {Kubelet, "v1.22.1", "CVE-2021-25741"}, {Kubelet, "v1.22.2", "CVE-2024-10220"},
		{"Kubectl", "v1.13.4", "CVE-2019-1002101"}, {APIServer, "", ""}, {APIServer, "latest", ""}, {Etcd, "3.2.0", ""},
	} {
		var ids []string
		for _, f := range faultsOf(test.service, test.version) {
			ids = append(ids, f.ID)
		}
		if test.want == "" && len(ids) > 0 || test.want != "" && !slices.Contains(ids, test.want) {
			t.Errorf("%s %s: %v, want %s", test.service, test.version, ids, test.want)
		}
	}
}

// TestMasked sees that no secret of an answer is kept.
func TestMasked(t *testing.T) {
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
	for _, body := range []string{
		`{"kind":"Secret","data":{"a":"XXSECRET"}}`, `{"kind":"SecretList","items":[{"metadata":{"name":"n","annotations":{"x":"XXSECRET"}},"data":{"a":"XXSECRET"}}]}`,
		`{"kind":"List","items":[{"kind":"Secret","stringData":{"a":"XXSECRET"}}]}`, `{"env":[{"name":"DB_PASSWORD","value":"XXSECRET"}]}`,
		`{"password":"XXSECRET"}`, `{"x":"postgres://u:XXSECRET@h/db"}`, `{"args":["--token=XXSECRET"]}`, `{"args":["--api-key XXSECRET"]}`,
		"kubelet --token=XXSECRET --v=2", "password: XXSECRET",
		`{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":\"XXSECRET\"}"}}}`,
		strings.ReplaceAll(`{"x":"Bearer XX"}`, "XX", jwt), "line with " + jwt,
	} {
		resp := &http.Response{StatusCode: 200, Header: http.Header{}}
		w := newAnswer(ask{key: "GET /x"}, resp, []byte(body), false)
		text, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "XXSECRET") || strings.Contains(string(text), jwt) {
			t.Errorf("%s: kept %s", body, text)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"kind":"PodList","items":[{"metadata":{"name":"a"}}]}`), "application/json")
	f.Add([]byte("# HELP x\nkubernetes_build_info{git_version=\"v1.2.3\"} 1"), "text/plain")
	f.Add([]byte("\x1f\x8b\x00"), "x\x1b")
	f.Fuzz(func(t *testing.T, body []byte, media string) {
		resp := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {media}, "Location": {media}}}
		w := newAnswer(ask{key: "GET /x"}, resp, body, len(body)%2 == 0)
		for _, text := range []string{w.Text, w.Type, w.Location, w.Proof} {
			if text != plainText(text, len(text)) {
				t.Errorf("%q is not plain", text)
			}
		}
		if len(w.Proof) > 200 || len(w.Text) > textBytes+8 {
			t.Errorf("proof of %d bytes, text of %d", len(w.Proof), len(w.Text))
		}
		if _, err := item(&seen{APIVersion: apiVersion, Kind: Kubelet, Metadata: map[string]string{"name": "x"}, Answers: map[string]*Answer{"GET /x": w}}); err != nil {
			t.Errorf("%v", err)
		}
	})
}

func FuzzTargets(f *testing.F) {
	for _, s := range []string{"192.0.2.0/24", "[fe80::1%eth0]:1", "kubelet=a", "::/0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all, err := ParseTargets(t.Context(), names{}, []string{s})
		if err == nil && (len(all) == 0 || len(all) > MaxAddresses) {
			t.Errorf("%q gives %d targets", s, len(all))
		}
	})
}

func FuzzScope(f *testing.F) {
	f.Add("authorisedBy: a\nexpires: 2026-12-01T00:00:00Z\ntargets: [192.0.2.0/24]\nactions: [etcd-key]\n")
	f.Fuzz(func(t *testing.T, s string) {
		now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
		if scope, err := ParseScope("scope.yaml", s, now); err == nil && (len(scope.places) == 0 || len(scope.Actions) == 0 || !now.Before(scope.Expires)) {
			t.Errorf("%q is a scope: %+v", s, scope)
		}
	})
}

func FuzzPod(f *testing.F) {
	f.Add("CapEff:\t000001ffffffffff\nUid:\t0\t0\t0\t0\n", "1 2 8:1 /var/log /host/log rw - ext4 /dev/sda1 rw\n")
	f.Fuzz(func(_ *testing.T, status, mounts string) {
		readProcess(status)
		hostMounts(mounts)
	})
}
