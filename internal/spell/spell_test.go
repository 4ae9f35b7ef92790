package spell

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"rule", "kind", "namespace", "name", "identity", "address"}
	for word, want := range map[string]string{
		"idenity": "identity", "Identity": "identity", "rul": "rule", "adress": "address", "nam": "name", "namespaces": "namespace",
		"colour": "", "x": "", "": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q resembles %q, want %q", word, got, want)
		}
	}
	if got := DidYouMean("idenity", known); got != " (did you mean identity?)" {
		t.Error(got)
	}
	if got := DidYouMean("colour", known); got != "" {
		t.Error(got)
	}
}

// TestDistance checks the bound against the plain definition.
func TestDistance(t *testing.T) {
	words := []string{"", "a", "ab", "ba", "abc", "acb", "kitten", "sitting", "identity", "idenity"}
	for _, a := range words {
		for _, b := range words {
			want := plainDistance(a, b)
			for limit := range 9 {
				if got := distance(a, b, limit); got != min(want, limit) {
					t.Errorf("%q %q up to %d: %d, want %d", a, b, limit, got, min(want, limit))
				}
			}
		}
	}
}

func plainDistance(a, b string) int {
	if a == "" || b == "" {
		return len(a) + len(b)
	}
	change := 1
	if a[0] == b[0] {
		change = 0
	}
	return min(plainDistance(a[1:], b[1:])+change, plainDistance(a[1:], b)+1, plainDistance(a, b[1:])+1)
}
