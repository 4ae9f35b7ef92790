package credential

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// made makes a token of a format: letters of its alphabet at random, without manuals' patterns.
func made(f format, r *rand.Rand) string {
	var from []byte
	for c := range 256 {
		if f.letters[c] && (alnum[c] || f.letters == digits) {
			from = append(from, byte(c))
		}
	}
	n := max(f.min, 12)
	if f.max < n {
		n = f.max
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = from[r.IntN(len(from))]
	}
	switch f.what {
	case "SendGrid API key":
		b[22] = '.'
	case "Discord bot token":
		b[22], b[29] = '.', '.'
	}
	return f.prefix + string(b)
}

// TestFormats makes tokens of every format and finds each of them in the texts that they stand in.
func TestFormats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range formats {
		found := 0
		for range 20 {
			token := made(f, r)
			for _, text := range []string{token, "a " + token + " b", "x=" + token + "\n", `{"x":"` + token + `"}`} {
				Find(text, Prose, func(g Found) bool {
					if g.Class == Token && g.What == f.what {
						found++
					}
					return true
				})
			}
		}
		if found < 70 { // a verify function may refuse some by chance
			t.Errorf("%s (%s): %d of 80 tokens were found", f.what, f.prefix, found)
		}
	}
	if len(formats)+len(hashes) < 100 {
		t.Errorf("there are %d formats", len(formats)+len(hashes))
	}
}

// TestFind names, for each text, the classes that must be found in it, in order.
func TestFind(t *testing.T) {
	for _, c := range []struct {
		name, text string
		syntax     Syntax
		want       []Class
	}{
		{"env file", "A=b\nDB_PASSWORD=kX9-brasse\n", Settings, []Class{Named}},
		{"export", `export API_TOKEN='3f9c1d77a2e84b06'`, Settings, []Class{Named}},
		{"JSON on one line", `{"a":{"password":"kX9-brasse","token":null,"secretKey":"aB3dE5fG7hI9"}}`, Settings, []Class{Named, Named}},
		{"JSON in JSON", `{"a":"{\"password\":\"kX9-brasse\"}"}`, Settings, []Class{Named}},
		{"connection string", "Server=a;Password=kX9-brasse;User=b", Settings, []Class{Named}},
		{"TOML", "[db]\npassword = \"kX9-brasse\" # no comment\n", Settings, []Class{Named}},
		{"flag", "run --password kX9-brasse --verbose", Shell, []Class{Named}},
		{"flag in settings", "run --password kX9-brasse --verbose", Settings, nil},
		{"weak", "password: admin123\n", Settings, []Class{Weak}},
		{"placeholder", "password: changeme\n", Settings, []Class{Placeholder}},
		{"comment", "# password: kX9-brasse\n// token=3f9c1d77a2e84b06\n", Settings, nil},
		{"sentence", "password: ask the operator for it\n", Settings, nil},
		{"quoted in code", `const password = "kX9vbrQ44sse1"`, Code, []Class{Named}},
		{"code", `password = getPassword(); token = req.token; o.apiKey=t.apiKey2`, Code, nil},
		{"template", `password: {{ .Values.password }}` + "\ntoken: ${TOKEN}\nsecret: <secret>\nkey: $(KEY)\napi_key: %API_KEY%\n", Settings, nil},
		{"store", "password: vault:secret/data/db#pw\ntoken: ref+awsssm://x\napiKey: ENC[AES256,abc]\n", Settings, nil},
		{"path", "password: /run/secrets/db\ntoken: ./token.txt\n", Settings, nil},
		{"about", "passwordFile: kX9-brasse\ntokenTTL: 3600\nsecretName: a1B2c3D4e5\npassword_policy: kX9-brasse\npublicKey: aB3dE5fG7hI9kL\n", Settings, nil},
		{"checksum", "checksum/secret: 5f2c1e0a9b8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e\n", Settings, nil},
		{"version", `"parse-passwd": "^1.0.0"`, Settings, nil},
		{"camel case", "token: someServiceAccountToken\n", Settings, nil},
		{"url", "a postgres://u:kX9brasse@h/d", Settings, []Class{URL}},
		{"digest", "docker://nginx:1.2@sha256:00", Settings, nil},
		{"long line of nothing", strings.Repeat("key pass secret token ", 1000), Settings, nil},
		{"made-up token", "glpat-" + strings.Repeat("x", 20) + " AKIA" + "IOSFODNN7EXAMPLE ghp_" + strings.Repeat("0123456789", 4), Settings, nil},
		{"inside a word", "notAKIA" + "QX7TZ3MN8XR2SW6Y", Settings, nil},
	} {
		var got []Class
		Find(c.text, c.syntax, func(f Found) bool {
			got = append(got, f.Class)
			return true
		})
		if len(got) != len(c.want) {
			t.Errorf("%s: found %v, want %v", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: found %v, want %v", c.name, got, c.want)
			}
		}
	}
}

// TestNeverTheValue checks that no part of a find holds the credential.
func TestNeverTheValue(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, f := range formats {
		token := made(f, r)
		Find("PASSWORD="+token+" x", Settings, func(g Found) bool {
			if strings.Contains(g.What+g.Name, token[len(f.prefix):]) {
				t.Errorf("%s: the find shows the token", f.what)
			}
			return true
		})
	}
}

func FuzzFind(f *testing.F) {
	f.Add(`{"password":"a","auths":{"x":{"auth":"d2ViOng="}}}`, uint8(0))
	f.Add("a://b:c@d -----BEGIN PRIVATE KEY----- eyJ.eyJ. Basic d2Vi bearer :AA Q~ .atlasv1.", uint8(1))
	f.Add("<password>x<", uint8(2))
	f.Fuzz(func(t *testing.T, text string, syntax uint8) {
		n := 0
		Find(text, Syntax(syntax%4), func(g Found) bool {
			if g.Class == 0 || g.What == "" || g.Offset < 0 || g.Offset >= len(text) {
				t.Fatalf("bad find %+v", g)
			}
			n++
			return n < 100
		})
		Pair(text, text)
	})
}

func BenchmarkFind(b *testing.B) {
	text := strings.Repeat("log_level: info\nlisten: 0.0.0.0:8080\nupstream: https://service-12.example.org/v1\ntimeout: 30s # seconds\n", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Find(text, Settings, func(Found) bool { return true })
	}
}
