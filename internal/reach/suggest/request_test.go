package suggest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct{ name, seen, want string }{
		{"as seen", "GET /api/items;POST /api/items", `GET /api/items;POST /api/items`},
		{"one thing among many", "GET /orders/17;GET /orders/18/lines", `GET /orders/[^/?]+;GET /orders/[^/?]+/lines`},
		{"uuid", "GET /u/0f8fad5b-d9cb-469f-a165-70867728950e", `GET /u/[^/?]+`},
		{"with a query", "GET /find?q=a;GET /find", `GET /find(\?.*)?`},
		{"address", "GET http://api.shop:8080/v1.0/x?y", `GET /v1\.0/x(\?.*)?`},
		{"no path", "GET http://api.shop:8080", `GET /`},
		{"marks", "GET /a+b/(c)", `GET /a\+b/\(c\)`},
		{"small method", "get /", `GET /`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var list []Request
			for _, s := range strings.Split(c.seen, ";") {
				method, url, _ := strings.Cut(s, " ")
				r, ok := requestOf(method, url)
				if !ok {
					t.Fatalf("%s is no request", s)
				}
				list = append(list, r)
			}
			rules := patterns(list)
			var got []string
			for _, p := range rules {
				got = append(got, p.method+" "+p.path)
			}
			if s := strings.Join(got, ";"); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
			for _, r := range list {
				if !allow(compiled(rules), r) {
					t.Errorf("%+v is not let through by its own rules", r)
				}
			}
		})
	}
	if _, ok := requestOf("GET\n", "/"); ok {
		t.Error("a method with a line break was taken")
	}
}

func FuzzPatterns(f *testing.F) {
	f.Add("GET", "/a/17?x", "POST", "/b")
	f.Fuzz(func(t *testing.T, m1, u1, m2, u2 string) {
		var list []Request
		for _, x := range [][2]string{{m1, u1}, {m2, u2}} {
			if r, ok := requestOf(x[0], x[1]); ok {
				list = append(list, r)
			}
		}
		rules := patterns(list)
		for _, r := range list {
			if !allow(compiled(rules), r) {
				t.Fatalf("%+v is not let through by %+v", r, rules)
			}
		}
		for _, p := range rules {
			if _, err := regexp.Compile(p.path); err != nil || strings.ContainsAny(fmt.Sprintf("%q", p.method), "\n") {
				t.Fatalf("%+v: %v", p, err)
			}
		}
	})
}
