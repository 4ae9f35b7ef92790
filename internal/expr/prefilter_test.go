package expr

import (
	"regexp"
	"testing"
)

// TestNeeds checks that the prefilter never says no to a text that the pattern matches.
func TestNeeds(t *testing.T) {
	texts := []string{
		"", "a", "xmrig", "XMRig --donate-level", "run minerd now", "curl http://x | sh", "curl -sk https://x|BASH", "wget -qO- x | sh",
		"stratum+tcp://pool", "STRATUM2+SSL://pool", "nginx", "--inspect=0.0.0.0:9229", "\u212Aube", "ſtratum+tcp://", "chmod u+s /x", "a.b.c",
	}
	for _, src := range []string{
		`(?i)(?:^|[^a-z])(?:xmrig|xmr-stak|minerd|cpuminer)(?:$|[^a-z])|stratum[12]?[+](?:tcp|ssl)://|--donate-level\b`,
		`(curl|wget)\b[^|]*\|\s*(?i:(ba)?sh)`, `--inspect(?:-brk)?[= ]0[.]0`, `^[a-z]+$`, `a*b?`, `chmod\s+[ug]*\+s`, `(?:abc|de)f{2,}`, `(?i)kube`,
	} {
		p, err := newPattern(src)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(src)
		for _, s := range texts {
			if want := re.MatchString(s); p.match(s) != want {
				t.Errorf("%s on %q: %v, want %v", src, s, !want, want)
			}
		}
	}
}
