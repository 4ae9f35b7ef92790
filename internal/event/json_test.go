package event

import (
	"encoding/json"
	"strconv"
	"testing"
)

func FuzzParseValue(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2,"x\u00e9",null,true]}`, ` 17 `, `-0`, `1e3`, `{} {}`, `[`, ``, `"\ud800"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseValue(text)
		if valid := json.Valid([]byte(text)); valid != (err == nil) && len(text) < 5000 {
			t.Fatalf("%q: encoding/json says valid=%v, this says %v", text, valid, err)
		}
		if err != nil {
			return
		}
		n, ok := v.Int()
		if want, err := strconv.ParseInt(v.Raw(), 10, 64); v.Kind() == Number && len(v.Raw()) < 18 && ((err == nil) != ok || ok && n != want) {
			t.Fatalf("%q is %d, %v; want %d, %v", v.Raw(), n, ok, want, err)
		}
	})
}
