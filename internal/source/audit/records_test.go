package audit

import (
	"fmt"
	"strings"
	"testing"
)

// TestListWithLongHead: a list whose items begin far behind its beginning is read like any other, by both readers.
func TestListWithLongHead(t *testing.T) {
	text := fmt.Sprintf(`{"kind":"EventList","metadata":{"note":"%s"},"items":[%s,%s]}`, strings.Repeat("x", 4000), record(1), record(2)) + "\n" + record(3) + "\n" +
		`{"kind":"EventList","metadata":{},"items":[]}` + "\n"
	out, gaps := ids(t, 1, []byte(text), "-")
	if strings.Join(out, " ") != "id-1 id-2 id-3" || len(gaps) > 0 {
		t.Errorf("in no order: %q, gaps %q", out, gaps)
	}
	b := &Batch{}
	takeLines(b, text, 0, 0)
	if len(b.Records) != 3 || len(b.Gaps) > 0 || b.Records[1].skip != 1 || b.Records[2].line != 1 {
		t.Errorf("in order: %d records, gaps %v", len(b.Records), b.Gaps)
	}
}
