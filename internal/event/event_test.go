package event

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// plain turns a value into what encoding/json makes of it, with numbers as written.
func plain(t *Text, v Value) any {
	switch v.Kind() {
	case String:
		return t.Of(v)
	case Number:
		return json.Number(v.Raw())
	case Bool:
		return v.Raw() == "true"
	case Object:
		m := map[string]any{}
		for k := range v.Members() {
			m[k] = plain(t, v.Get(k))
		}
		return m
	case Array:
		l := []any{}
		for x := range v.Items() {
			l = append(l, plain(t, x))
		}
		return l
	}
	return nil
}

// same fails unless Decode agrees with encoding/json on a text: accepted or not, and every value.
func same(t *testing.T, text string) {
	t.Helper()
	var a Audit
	var words Text
	err := a.Decode(text)
	trimmed := strings.TrimLeft(text, " \t\r\n")
	if valid := json.Valid([]byte(text)) && strings.HasPrefix(trimmed, "{"); valid != (err == nil) {
		t.Fatalf("encoding/json says valid=%v, Decode says %v\n%.300q", valid, err, text)
	}
	if err != nil {
		return
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var want map[string]any
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if got := plain(&words, a.Root()); !reflect.DeepEqual(got, any(want)) {
		t.Fatalf("values differ\n got %.500v\nwant %.500v\nfrom %.500q", got, want, text)
	}
	for k, path := range paths {
		var x any = want
		for p := range strings.SplitSeq(path, ".") {
			m, _ := x.(map[string]any)
			if x = m[p]; m == nil {
				break
			}
		}
		if got := plain(&words, a.Get(k)); !reflect.DeepEqual(got, x) {
			t.Fatalf("%s: got %v, want %v in %.500q", path, got, x, text)
		}
	}
	same := words.Of(a.Root())
	var again any
	d = json.NewDecoder(strings.NewReader(same))
	d.UseNumber()
	if err := d.Decode(&again); err != nil || !reflect.DeepEqual(again, any(want)) {
		t.Fatalf("compact text %q of %q means something else: %v", same, text, err)
	}
}

var paths = map[Key]string{RequestSpec: "requestObject.spec", RequestRules: "requestObject.rules", RequestSubjects: "requestObject.subjects",
	ResponseCode: "responseStatus.code", ResponseReason: "responseStatus.reason", RequestRoleRef: "requestObject.roleRef", RequestData: "requestObject.data", Level: "level", AuditID: "auditID", Stage: "stage", RequestURI: "requestURI", Verb: "verb", User: "user",
	UserName: "user.username", UserGroups: "user.groups", Resource: "objectRef.resource", Namespace: "objectRef.namespace", Name: "objectRef.name",
	Subresource: "objectRef.subresource", APIGroup: "objectRef.apiGroup", RequestObject: "requestObject", Annotations: "annotations",
	SourceIPs: "sourceIPs", UserAgent: "userAgent", ObjectRef: "objectRef", ResponseStatus: "responseStatus", ResponseObject: "responseObject",
	ImpersonatedUser: "impersonatedUser", RequestReceived: "requestReceivedTimestamp", StageTimestamp: "stageTimestamp"}

func texts() []string {
	all := []string{
		`{}`, ` { } `, `[]`, `null`, ``, ` `, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":1}}`, `{"a":1}x`, `{,}`, `{"a" 1}`, `{a:1}`,
		`{"user":{"username":"x","groups":["a","b"]},"verb":"get"}`, `{"user":{"username":"x"},"user":{"groups":["a"]}}`,
		`{"user":{"username":"x"},"user":5}`, `{"user":5,"user":{"username":"y"}}`, `{"user":{"username":"x","username":"y"}}`,
		`{"requestObject":{"spec":1,"rules":[],"subjects":null,"roleRef":{},"data":"x"}}`, `{"requestObject":{"spec":{"a":1}},"requestObject":{"data":2}}`, `{"requestObject":{"spec":1},"requestObject":[]}`,
		`{"responseStatus":{"code":403,"reason":"Forbidden","metadata":{}},"responseStatus":{"code":200}}`, `{"responseStatus":{"code":1},"responseStatus":"x"}`,
		`{"verb":"a","level":"b","stage":"c","kind":"d","level":"e"}`, `{"verbs":1,"ver":2,"verb" :3,"verb"	:	4}`, "{\"verb\":\n5 ,\r\n\"user\" : { \"username\" :\t6 } }",
		`{"verb":1,"verb"}`, `{"verb"`, `{"verb":`, `{"v`, `{"verb"x:1}`, `{"user":{"username":"a","groups"`, `{"user":{"username":"a",}}`, `{"user":{"extra":{"username":"no"},"username":"yes"}}`,
		`{"objectRef":{"resource":"pods"},"objectRef":null}`, `{"objectRef":[{"resource":"pods"}]}`, `{"verb":"get","verb":"list"}`,
		`{"verb":"\u0067et"}`, `{"\u0076erb":"get"}`, `{"verb":"get","\u0076erb":"list"}`, `{"verb":"g\ud83d\ude00t"}`, `{"verb":"g\ud83dt"}`, `{"verb":"\ude00\ud83d"}`,
		`{"verb":"\ud83d\u0041"}`, `{"verb":"\"\\\/\b\f\n\r\t"}`, `{"verb":"\x"}`, `{"verb":"\u12"}`, `{"verb":"\u12g4"}`, "{\"verb\":\"a\nb\"}", "{\"verb\":\"\x01\"}",
		"{\"verb\":\"\xff\"}", "{\"verb\":\"a\xc3\"}", "{\"verb\":\"\xed\xa0\x80\"}", "{\"\xff\":1,\"\xfe\":2}", `{"verb":"é"}`, `{"é":{"ü":[1,2,{"ö":null}]}}`,
		`{"a":[]}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 2]}`, `{"a":[1}`, `{"a":{"b":1]}`, `{"a":[[[[]]],{}]}`, `{"a":{"b":{"c":{}}}}`,
		`{"a":tru}`, `{"a":true}`, `{"a":false }`, `{"a":nul}`, `{"a":nulll}`, `{"a":-}`, `{"a":01}`, `{"a":-0}`, `{"a":1.}`, `{"a":1.5e+10}`, `{"a":1e}`, `{"a":.5}`, `{"a":+1}`, `{"a":1E-2,"b":0.0}`,
		`{"requestObject":{"spec":{"containers":[{"name":"a\\b","image":"x"}]}},"annotations":{"a/b":"c","a~b":"d"}}`, `{"a\\b":1,"a\"":2}`,
	}
	for _, n := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33} { // strings that end at and across the borders of words
		for _, c := range []string{"a", `\n`, "é", `\u0000`, "\x7f", "\x80"} {
			all = append(all, fmt.Sprintf(`{"verb":"%s%s","stage":"%s"}`, strings.Repeat("x", n), c, strings.Repeat(c, n)))
		}
	}
	for _, n := range []int{MaxDepth - 2, MaxDepth - 1, MaxDepth, MaxDepth + 1} {
		all = append(all, `{"a":`+strings.Repeat("[", n)+strings.Repeat("]", n)+`}`)
	}
	return all
}

func TestDecode(t *testing.T) {
	for _, text := range texts() {
		if len(text) > MaxDepth { // plain would be quadratic: only validity is compared
			var a Audit
			if got, want := a.Decode(text) == nil, json.Valid([]byte(text)); got != want {
				t.Errorf("depth %d: Decode says %v, encoding/json %v", strings.Count(text, "["), got, want)
			}
			continue
		}
		same(t, text)
	}
}

func TestDecodeRecorded(t *testing.T) {
	for _, file := range []string{"attacks.jsonl", "benign.jsonl"} {
		data, err := os.ReadFile("/work/shared/data/audit/" + file)
		if err != nil {
			t.Skip("there are no recorded audit events here")
		}
		n := 0
		for line := range strings.Lines(string(data)) {
			same(t, line)
			n++
			if n%200 == 0 { // a record cut short anywhere is refused
				for cut := 0; cut < len(line)-1; cut += 7 {
					var a Audit
					if a.Decode(line[:cut]) == nil {
						t.Fatalf("%s:%d cut to %d bytes is accepted", file, n, cut)
					}
				}
			}
		}
	}
}

func TestDecodeLimits(t *testing.T) {
	var a Audit
	big := `{"requestObject":"` + strings.Repeat("x", 3<<19) + `"}` // 1.5 MiB
	if err := a.Decode(big); err != nil {
		t.Errorf("a record of 1.5 MiB: %v", err)
	}
	if err := a.Decode(`{"a":"` + strings.Repeat("x", MaxBytes) + `"}`); err == nil {
		t.Error("a record over the limit is accepted")
	}
	if a.Get(RequestObject).Exists() || a.Root().Exists() {
		t.Error("after an error the values of the record before are still there")
	}
}

// TestTextStays checks that a string stays as it was when the Text that gave it goes on.
func TestTextStays(t *testing.T) {
	var a Audit
	var words Text
	var texts []string
	for i := range 5000 {
		if err := a.Decode(fmt.Sprintf(`{"verb":"\u0041-%d\n"}`, i)); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, words.Of(a.Get(Verb)))
	}
	for i, s := range texts {
		if want := fmt.Sprintf("A-%d\n", i); s != want {
			t.Fatalf("text %d became %q, it was %q", i, s, want)
		}
	}
}

func TestLookup(t *testing.T) {
	var a Audit
	if err := a.Decode(`{"a":[{"b":1},{"b":"two"}],"c":{"0":"zero"}}`); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"a/1/b": "two", "a/0/b": "1", "c/0": "zero", "a/2/b": "", "a/x": "", "a/01": "", "a/-1": "", "c": `{"0":"zero"}`} {
		if got := new(Text).Of(a.Root().Lookup(strings.Split(path, "/"))); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestRecords(t *testing.T) {
	count := func(text string) (n int, failed bool) {
		for one, err := range Records(text) {
			if failed = err != nil; !failed {
				var a Audit
				if a.Decode(one) == nil {
					n++
				}
			}
		}
		return n, failed
	}
	for text, want := range map[string]int{`{"verb":"get"}`: 1, `{"kind":"EventList","items":[{"verb":"a"},{"verb":"b"}]}`: 2, `{"items":[]}`: 0} {
		if n, failed := count(text); n != want || failed {
			t.Errorf("%s: %d records, want %d", text, n, want)
		}
	}
	if _, failed := count(`{"items":[`); !failed {
		t.Error("faulty text gives no error")
	}
}

func TestAllocations(t *testing.T) {
	text := `{"level":"Metadata","stage":"ResponseComplete","requestURI":"/api?a=1\u0026b=2","user":{"username":"jane","groups":["a"]},"objectRef":{"resource":"pods"},"requestObject":{"spec":{"x":[1,2,{"y":"z"}]}}}`
	var a Audit
	var words Text
	if n := testing.AllocsPerRun(1000, func() {
		if a.Decode(text) != nil || words.Of(a.Get(RequestURI)) != "/api?a=1&b=2" || a.Spec().Get("x").Index(1).Raw() != "2" {
			t.Fatal("wrong")
		}
	}); n != 0 {
		t.Errorf("%v allocations per record, want none", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range texts() {
		if len(text) < 1000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) { same(t, text) })
}

func BenchmarkDecode(b *testing.B) {
	data, err := os.ReadFile("/work/shared/data/audit/benign.jsonl")
	if err != nil {
		b.Skip("there are no recorded audit events here")
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		lines = append(lines, line)
	}
	var a Audit
	b.SetBytes(int64(len(data) / len(lines)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := a.Decode(lines[i%len(lines)]); err != nil {
			b.Fatal(err)
		}
	}
}

// TestHostileRecords checks that no record of the largest size takes long to decode and to look into.
func TestHostileRecords(t *testing.T) {
	n := 3 << 19
	for name, text := range map[string]string{
		"arrays":       `{"requestObject":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
		"objects":      `{"requestObject":` + strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000) + `}`,
		"keys":         `{"requestObject":{` + strings.Repeat(`"a":1,`, n/6) + `"a":2}}`,
		"escaped keys": `{"requestObject":{` + strings.Repeat(`"\u0061":1,`, n/11) + `"a":2}}`,
		"users":        `{` + strings.Repeat(`"user":{"username":"x"},`, n/24) + `"verb":"get"}`,
		"escapes":      `{"verb":"` + strings.Repeat(`\u0041`, n/6) + `"}`,
		"bad bytes":    `{"verb":"` + strings.Repeat("\xff", n) + `"}`,
		"backslashes":  `{"verb":"` + strings.Repeat(`\\`, n/2) + `"}`,
		"containers":   `{"requestObject":{"spec":{"containers":[` + strings.Repeat(`{},`, n/3) + `{}]}}}`,
	} {
		start := time.Now()
		var a Audit
		if err := a.Decode(text); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		new(Text).Of(a.Root())
		new(Text).Of(a.Get(Verb))
		a.Root().Lookup([]string{"requestObject", "a", "a", "a"})
		for range a.Spec().Get("containers").Items() {
		}
		if d := time.Since(start); d > 20*time.Second { // a hang, not a slow machine
			t.Errorf("%s: %v for %d bytes", name, d, len(text))
		}
	}
}
