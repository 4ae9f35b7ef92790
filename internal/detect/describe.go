package detect

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// Describe says in words when a rule about several events alerts.
func Describe(o *rule.Over) string {
	var b strings.Builder
	switch {
	case o.Count > 0:
		fmt.Fprintf(&b, "at least %d such events within %s", o.Count, span(o.Within))
	case o.Distinct != "":
		fmt.Fprintf(&b, "with at least %d different values of %s within %s", o.AtLeast, o.Distinct, span(o.Within))
	case o.First != "":
		fmt.Fprintf(&b, "with a value of %s", o.First)
		if o.UpTo != "" {
			fmt.Fprintf(&b, " (up to %q)", o.UpTo)
		}
		fmt.Fprintf(&b, " never seen before, after %s of learning", span(o.Learn))
	case o.Absent != nil:
		fmt.Fprintf(&b, "which this does not follow within %s:\n  %s\n", span(o.Within), o.Absent.Find)
	default:
		order := "in this order"
		if o.AnyOrder {
			order = "in any order"
		}
		fmt.Fprintf(&b, "and, %s and all within %s:\n", order, span(o.Within))
		for _, s := range o.Then {
			fmt.Fprintf(&b, "  %s\n", s.Find)
		}
		if o.Gap > 0 {
			fmt.Fprintf(&b, "with at most %s from one to the next\n", span(o.Gap))
		}
	}
	if len(o.By) > 0 {
		fmt.Fprintf(&b, "\nfor the same %s", strings.Join(o.By, ", "))
	}
	return strings.ReplaceAll(b.String(), "\n\n", "\n")
}
