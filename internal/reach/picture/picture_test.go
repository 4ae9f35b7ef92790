package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

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
		b.Reset()
		if err := Dot(&b, list); err != nil || !strings.HasSuffix(b.String(), "}\n") {
			t.Errorf("%s: dot: %v", name, err)
		}
	}
}
