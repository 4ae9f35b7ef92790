package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

func workloads(n int, name string) (g reach.Group) {
	for i := range n {
		g.Workloads = append(g.Workloads, bartizan.Ref{Kind: "Deployment", Namespace: fmt.Sprintf("ns%d", i%3), Name: fmt.Sprintf(name, i)})
	}
	return g
}

// TestSVGIsWellFormed draws small, hostile and large inputs, and reads them back as XML.
func TestSVGIsWellFormed(t *testing.T) {
	for name, list := range map[string][]reach.Connection{
		"empty":   nil,
		"hostile": {{From: workloads(2, `a<script>"&%d`), To: workloads(2, "\x1b[31m\x00%d"), Ports: []reach.Port{{Number: 80}}, Verdict: reach.Allowed}},
		"turned":  {{From: workloads(1, "a\u202Egnp\u2066\u200B\u0301\u061C\uFEFF\u2028%d"), To: workloads(1, "b\xff\u202E\"\\%d"), Verdict: reach.Allowed}},
		"large":   {{From: workloads(300, "w%d"), To: workloads(300, "w%d"), Verdict: reach.Allowed}},
		"outside": {{From: reach.Group{Internet: true}, To: workloads(1, "w%d"), Verdict: reach.Unknown}},
	} {
		var b bytes.Buffer
		if err := SVG(&b, list); err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, b.String())
			}
		}
		if strings.Contains(b.String(), "<script>") || strings.ContainsRune(b.String(), '\x1b') {
			t.Errorf("%s: a name of the input is not escaped", name)
		}
		var again bytes.Buffer
		_ = SVG(&again, list)
		if !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("%s: two pictures of the same input differ", name)
		}
		checkVisible(t, name, b.String())
		b.Reset()
		if err := Dot(&b, list); err != nil || !strings.HasSuffix(b.String(), "}\n") {
			t.Errorf("%s: dot: %v", name, err)
		}
		checkVisible(t, name, b.String())
	}
}

// checkVisible demands that nothing of the input controls how a text is shown.
func checkVisible(t *testing.T, name, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && (!unicode.IsPrint(r) || unicode.Is(unicode.M, r) || r == unicode.ReplacementChar) {
			t.Errorf("%s: %U stands in the picture", name, r)
		}
	}
	if name == "turned" && !strings.Contains(text, "u202e") {
		t.Errorf("%s: what stood in the name cannot be seen", name)
	}
}
